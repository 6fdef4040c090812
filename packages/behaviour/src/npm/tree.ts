import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One package as it lies in the installed tree. */
export interface InstalledPackage {
  name: string;
  version: string;
  /** Folder relative to the project, e.g. `node_modules/a/node_modules/b`. */
  location: string;
  /** Life-cycle scripts npm runs for a dependency, `binding.gyp` counted as `install`. */
  hooks: string[];
  integrity?: string;
  /** Names that its manifest asks for at run time, optional ones included. */
  dependencies: string[];
}

const hookNames = ['preinstall', 'install', 'postinstall'] as const;
const maxManifestBytes = 4 * 1024 * 1024;
const maxLockBytes = 64 * 1024 * 1024;
const maxPackages = 20_000;

/**
 * Reads the installed tree from the disk, not from the lock file: what npm runs is what the archives say, whatever the
 * registry's manifest said.
 *
 * *Shape:* `project` is the host path of the consumer's folder. Ordered by location.
 */
export function readInstalledTree(project: string): InstalledPackage[] {
  const integrities = readIntegrities(project);
  const found: InstalledPackage[] = [];
  const visit = (modules: string, location: string) => {
    for (const name of packageFolders(modules)) {
      if (found.length >= maxPackages) return;
      const folder = path.join(modules, name);
      const where = `${location}/${name}`;
      const manifest = readManifest(folder);
      if (manifest !== undefined) {
        const integrity = integrities.get(where);
        found.push({
          name,
          version: text(manifest.version) ?? '0.0.0',
          location: where,
          hooks: hooksOf(manifest, existsSync(path.join(folder, 'binding.gyp'))),
          dependencies: dependenciesOf(manifest),
          ...(integrity === undefined ? {} : { integrity }),
        });
      }
      visit(path.join(folder, 'node_modules'), `${where}/node_modules`);
    }
  };
  visit(path.join(project, 'node_modules'), 'node_modules');
  return found.sort((a, b) => (a.location < b.location ? -1 : 1));
}

/** Life-cycle scripts that npm runs for a dependency; a `binding.gyp` without scripts of its own is built. */
export function hooksOf(manifest: Readonly<Record<string, unknown>>, hasGyp: boolean): string[] {
  const scripts = manifest.scripts;
  const declared =
    typeof scripts === 'object' && scripts !== null
      ? hookNames.filter((name) => typeof (scripts as Record<string, unknown>)[name] === 'string')
      : [];
  const implied =
    hasGyp && manifest.gypfile !== false && !declared.includes('install') && !declared.includes('preinstall');
  return implied ? [...declared, 'install'] : declared;
}

/** Names of what a manifest asks for at run time. */
export function dependenciesOf(manifest: Readonly<Record<string, unknown>>): string[] {
  return ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((field) => {
    const value = manifest[field];
    return typeof value === 'object' && value !== null ? Object.keys(value) : [];
  });
}

function packageFolders(modules: string): string[] {
  const names: string[] = [];
  for (const entry of listFolders(modules)) {
    if (entry.startsWith('.')) continue;
    if (entry.startsWith('@')) names.push(...listFolders(path.join(modules, entry)).map((name) => `${entry}/${name}`));
    else names.push(entry);
  }
  return names;
}

/** Links are not followed, here as below: they could lead out of the tree, to files of whoever started us. */
function listFolders(directory: string): string[] {
  if (!lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** A manifest that is missing, oversized or not an object is not a package here; the archive reader reports it. */
export function readManifest(folder: string): Record<string, unknown> | undefined {
  return readObject(path.join(folder, 'package.json'), maxManifestBytes);
}

function readObject(file: string, maxBytes: number): Record<string, unknown> | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || stat.size > maxBytes) return undefined;
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** From npm's own record of the tree; a package may have put another file in its place. */
function readIntegrities(project: string): Map<string, string> {
  const lock = readObject(path.join(project, 'node_modules', '.package-lock.json'), maxLockBytes);
  const packages = lock?.packages;
  if (typeof packages !== 'object' || packages === null) return new Map();
  const pairs = Object.entries(packages).map(([location, entry]: [string, unknown]) => {
    return [
      location,
      typeof entry === 'object' && entry !== null && 'integrity' in entry ? entry.integrity : undefined,
    ] as const;
  });
  return new Map(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
