import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { boxDirectory, type Mount, SandboxError } from '@assay/sandbox';

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
}

export const npmDirectory = '/usr/local/lib/node_modules/npm';
const globalNpmrc = 'audit=false\nfund=false\nupdate-notifier=false\n';

/**
 * *Errors:* `SandboxError` ISOLATION_UNAVAILABLE when the pinned Node or npm is not installed.
 */
export function findToolchain(writeFile: (name: string, content: string) => string): Toolchain {
  const require = createRequire(import.meta.url);
  const npm = path.dirname(resolvePinned(require, 'npm/package.json'));
  const node = path.join(path.dirname(resolvePinned(require, `node-${process.platform}-${process.arch}/package.json`)), 'bin', 'node');
  const root = installationRoot();
  const npmrc = writeFile('npmrc', globalNpmrc);
  const inBox = (hostFile: string) => path.posix.join(boxDirectory, 'app/root', path.relative(root, hostFile));
  return {
    binds: [
      { host: root, name: 'app/root' },
      { host: npm, name: 'app/npm' },
      { host: node, name: 'app/node' },
      { host: npmrc, name: 'app/npmrc' },
    ],
    mounts: [
      { source: `${boxDirectory}/app/node`, target: '/usr/local/bin/node' },
      { source: `${boxDirectory}/app/npm`, target: npmDirectory },
      { source: `${boxDirectory}/app/npmrc`, target: '/usr/local/etc/npmrc' },
    ],
    nodeInBox: `${boxDirectory}/app/node`,
    versions: { node: versionOf(path.join(path.dirname(node), '../package.json')), npm: versionOf(path.join(npm, 'package.json')) },
    inBox,
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
    if (directory === path.dirname(directory)) throw new SandboxError('ISOLATION_UNAVAILABLE', 'our own installation folder was not found');
  }
}
