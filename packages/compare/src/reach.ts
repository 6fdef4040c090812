import { posix } from 'node:path';

/** How a file of an npm package comes to run. */
export type ReachedFrom = 'install' | 'import' | 'bin';

type Manifest = Readonly<Record<string, unknown>>;
type Contents = ReadonlyMap<string, Buffer | undefined>;

const installHooks = ['preinstall', 'install', 'postinstall', 'prepare'];
const importSuffixes = [
  '',
  '.js',
  '.cjs',
  '.mjs',
  '.json',
  '.node',
  '/index.js',
  '/index.cjs',
  '/index.mjs',
  '/index.node',
];
/** Matches `require('./x')`, `import y from "../x"`, `export * from './x'`, `import('./x')`; not `from 'x'`. */
const relativeImport =
  /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|\brequire\.resolve\s*\(\s*)(['"`])(\.{1,2}(?:\/[^'"`\n]{0,300})?)\1/g;
/** Bytes of one file that are searched for imports. */
const maxSearchedBytes = 4 * 1024 * 1024;

/**
 * Files that run when a package is installed, imported or started, each with how: what the manifest names, and from there what
 * is imported by a relative literal. It errs on the side of reaching: text that looks like an import counts as one.
 *
 * *Shape:* `files` path → bytes where they were kept; `manifest` is the artifact's own `package.json`.
 */
export function reachableFiles(manifest: Manifest, files: Contents): Map<string, ReachedFrom[]> {
  const found = new Map<string, ReachedFrom[]>();
  for (const from of ['install', 'import', 'bin'] as const) {
    const queue = entriesOf(from, manifest, files);
    const seen = new Set<string>();
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      found.set(path, [...(found.get(path) ?? []), from]);
      const text = files.get(path)?.toString('latin1', 0, maxSearchedBytes) ?? '';
      for (const [, , target = ''] of text.matchAll(relativeImport)) {
        queue.push(...resolve(posix.join(posix.dirname(path), target), files));
      }
    }
  }
  return found;
}

/** Style sheets are what many packages are about: as `main` they are for bundlers. */
const styleSheet = /\.(?:css|scss|sass|less|styl)$/i;

/**
 * Files that the manifest itself hands to an interpreter: what a hook's command line names, `bin`, and `main`.
 *
 * *Shape:* as `reachableFiles`. What `exports` offers is not among them: packages export pictures and style sheets, too.
 */
export function namedAsCode(manifest: Manifest, files: Contents): Set<string> {
  const main =
    typeof manifest.main === 'string' && !styleSheet.test(manifest.main) ? resolve(manifest.main, files) : [];
  return new Set([...installEntries(manifest, files), ...entriesOf('bin', manifest, files), ...main]);
}

function entriesOf(from: ReachedFrom, manifest: Manifest, files: Contents): string[] {
  if (from === 'install') return installEntries(manifest, files);
  if (from === 'bin') return leavesOf(manifest.bin).flatMap((path) => resolve(path, files));
  const named = [manifest.main, manifest.module, manifest.browser, manifest.exports, manifest.imports].flatMap(
    leavesOf,
  );
  const all = typeof manifest.main === 'string' || manifest.exports !== undefined ? named : [...named, 'index.js'];
  return all.flatMap((path) => (path.includes('*') ? matching(path, files) : resolve(path, files)));
}

/** Every file whose path a hook's command line names, and what node-gyp builds by itself. */
function installEntries(manifest: Manifest, files: Contents): string[] {
  const scripts = isRecord(manifest.scripts) ? manifest.scripts : {};
  const words = installHooks.flatMap((hook) =>
    typeof scripts[hook] === 'string' ? scripts[hook].split(/[\s;&|"'=()]+/) : [],
  );
  const named = words.flatMap((word) => (word === '' ? [] : resolve(word, files)));
  return files.has('binding.gyp') ? [...named, 'binding.gyp'] : named;
}

function resolve(path: string, files: Contents): string[] {
  const clean = posix.normalize(path).replace(/^\/+|\/+$/g, '');
  const base = clean === '.' ? '' : clean;
  const tried = importSuffixes.map((suffix) => (base === '' ? suffix.replace(/^\//, '') : base + suffix));
  const hit = tried.find((candidate) => candidate !== '' && files.has(candidate));
  return hit === undefined ? [] : [hit];
}

/** `./dist/*.js` in `exports`: everything below the part before the star. */
function matching(pattern: string, files: Contents): string[] {
  const [before = '', after = ''] = posix.normalize(pattern).split('*');
  return [...files.keys()].filter((path) => path.startsWith(before) && path.endsWith(after));
}

/** All strings in a value such as `exports`, whatever its conditions, but for those about types. */
function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (/^types(?:@|$)/.test(key) ? [] : leavesOf(inner)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
