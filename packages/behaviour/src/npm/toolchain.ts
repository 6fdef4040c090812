import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '@assay/kernel';
import { boxDirectory, bundleInside, hookSources, type Mount, SandboxError, writeHook } from '@assay/sandbox';

/**
 * The pinned programs that run inside, and where they are seen there. The machine's own Node and npm are never used: npm 12
 * and later would run no install script, and an analysis would look clean for that reason alone.
 */
export interface Toolchain {
  /** Host directories and files to make visible in the box, below {@link boxDirectory}. */
  binds: { host: string; name: string }[];
  /** Mounts of every phase. */
  mounts: Mount[];
  /** Node as a path in the box, for programs of ours that run beside the sandbox. */
  nodeInBox: string;
  versions: { node: string; npm: string };
  /** Path in the box of a file of ours below the installation root. */
  inBox(hostFile: string): string;
  /** Path in the box of the stand-in for npm's install command. */
  installHooks: string;
}

/** Where the runtime hook and the drivers are seen inside. */
export const insideDirectory = '/usr/local/lib/node';
export const npmDirectory = '/usr/local/lib/node_modules/npm';
const globalNpmrc = 'audit=false\nfund=false\nupdate-notifier=false\n';

/**
 * *Errors:* `SandboxError` ISOLATION_UNAVAILABLE when the pinned Node or npm is not installed.
 */
export async function findToolchain(cacheDirectory: string): Promise<Toolchain> {
  const require = createRequire(createRequire(import.meta.url).resolve('@assay/behaviour'));
  const npm = path.dirname(resolvePinned(require, 'npm/package.json'));
  const node = path.join(
    path.dirname(resolvePinned(require, `node-${process.platform}-${process.arch}/package.json`)),
    'bin',
    'node',
  );
  const root = installationRoot();
  const inside = await insideFolder(cacheDirectory, node);
  const npmrc = path.join(inside, 'npmrc');
  const inBox = (hostFile: string) => path.posix.join(boxDirectory, 'app/root', path.relative(root, hostFile));
  return {
    binds: [
      { host: root, name: 'app/root' },
      { host: npm, name: 'app/npm' },
      { host: node, name: 'app/node' },
      { host: npmrc, name: 'app/npmrc' },
      { host: inside, name: 'app/inside' },
    ],
    mounts: [
      { source: `${boxDirectory}/app/node`, target: '/usr/local/bin/node' },
      { source: `${boxDirectory}/app/npm`, target: npmDirectory },
      { source: `${boxDirectory}/app/npmrc`, target: '/usr/local/etc/npmrc' },
      { source: `${boxDirectory}/app/inside`, target: insideDirectory },
    ],
    nodeInBox: `${boxDirectory}/app/node`,
    versions: {
      node: versionOf(path.join(path.dirname(node), '../package.json')),
      npm: versionOf(path.join(npm, 'package.json')),
    },
    inBox,
    installHooks: `${boxDirectory}/app/inside/install-hooks.cjs`,
  };
}

function resolvePinned(require: NodeJS.Require, request: string): string {
  try {
    return require.resolve(request);
  } catch (cause) {
    throw new SandboxError(
      'ISOLATION_UNAVAILABLE',
      `the pinned ${request.split('/')[0]} is not installed; nothing was run. Try: npm ci`,
      { request },
      { cause },
    );
  }
}

function versionOf(manifest: string): string {
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}

/** The folder whose `node_modules` brings our own packages: sources and dependencies are below it. */
function installationRoot(): string {
  for (let directory = path.dirname(fileURLToPath(import.meta.url)); ; directory = path.dirname(directory)) {
    if (existsSync(path.join(directory, 'node_modules', 'zod'))) return directory;
    if (directory === path.dirname(directory))
      throw new SandboxError('ISOLATION_UNAVAILABLE', 'our own installation folder was not found');
  }
}

/**
 * The files of ours that are seen inside, made once per build of ours and kept in the cache: the hook carries a code cache that
 * takes a start of Node to make.
 */
async function insideFolder(cacheDirectory: string, node: string): Promise<string> {
  const drivers = path.join(path.dirname(createRequire(import.meta.url).resolve('@assay/behaviour/npm')), 'inside');
  const parts = [node, ...listFiles(drivers), ...hookSources()].map(
    (file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`,
  );
  const target = path.join(cacheDirectory, 'inside', sha256(parts.join('\n')).slice(0, 24));
  if (existsSync(target)) return target;
  await mkdir(path.dirname(target), { recursive: true });
  const temporary = await mkdtemp(`${target}.`);
  // Made closed to others; the sandbox's user id must be able to read it.
  await chmod(temporary, 0o755);
  await writeHook(temporary, node);
  await bundleInside(drivers, ['install-hooks', 'import', 'execute'], temporary);
  await writeFile(path.join(temporary, 'npmrc'), globalNpmrc);
  try {
    await rename(temporary, target);
  } catch (error) {
    // Another analysis was faster: its files are the same.
    if (!existsSync(target)) throw error;
    await rm(temporary, { recursive: true, force: true });
  }
  return target;
}

function listFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /\.c[tj]s$/.test(name) && !name.endsWith('.d.cts'))
    .map((name) => path.join(directory, name));
}
