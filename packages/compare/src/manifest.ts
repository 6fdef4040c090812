type Manifest = Readonly<Record<string, unknown>>;

/** One member in which the published manifest differs from the source's. `grave`: it can change what runs. */
export type ManifestChange = { key: string; kind: 'added' | 'changed' | 'removed'; grave: boolean };

export type ManifestComparison =
  | { kind: 'verified'; rewrites: string[] }
  | { kind: 'changed'; changes: ManifestChange[] };

const dependencyKeys = [
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'bundledDependencies',
  'bundleDependencies',
];
/** Members that decide what is installed or run: dropping or changing one is no rewrite that any tool makes. */
const actedUpon = new Set([
  ...dependencyKeys,
  'main',
  'module',
  'browser',
  'exports',
  'imports',
  'bin',
  'man',
  'type',
  'gypfile',
]);
/** Members that pnpm, yarn and lerna leave out when they publish. Dropping scripts cannot add behaviour. */
const mayBeDropped = (key: string): boolean => !actedUpon.has(key) && key !== 'name' && key !== 'version';
/** Matches `^1.2.3`, `>=1 <2`, `1.2.x || 2`, `*`; no address, no path and no other package (`npm:other@1`). */
const plainRange = /^[\w\s.^~<>=|*+-]+$/;

/**
 * Compares the published `package.json` with the one at the anchor, member by member, and accepts only what publishing tools
 * are known to rewrite: a stamped `version`, `gitHead`, `workspace:` and `catalog:` ranges made real, members of `publishConfig`
 * moved up, members dropped that nothing acts upon.
 *
 * *Shape:* both parsed; `version` the version published, `commit` the anchor.
 */
export function compareManifests(
  published: Manifest,
  source: Manifest,
  { version, commit }: { version: string; commit: string },
): ManifestComparison {
  const rewrites = new Set<string>();
  const changes: ManifestChange[] = [];
  const publishConfig = isRecord(source.publishConfig) ? source.publishConfig : {};
  for (const key of new Set([...Object.keys(source), ...Object.keys(published)])) {
    const is = Object.hasOwn(published, key) ? published[key] : undefined;
    const was = Object.hasOwn(source, key) ? source[key] : undefined;
    if (same(is, was, key)) continue;
    if (key === 'version' && is === version) rewrites.add('version stamped');
    else if (key === 'gitHead' && is === commit) rewrites.add('gitHead added');
    else if (is !== undefined && Object.hasOwn(publishConfig, key) && same(is, publishConfig[key], key))
      rewrites.add('publishConfig applied');
    else if (is === undefined && mayBeDropped(key)) rewrites.add(`${key} dropped`);
    else if (key === 'scripts' && isSubset(is, was)) rewrites.add('scripts dropped');
    else if ((dependencyKeys.includes(key) || key === 'devDependencies') && areResolved(is, was))
      rewrites.add('workspace ranges resolved');
    else changes.push(...differences(key, is, was));
  }
  return changes.length === 0 ? { kind: 'verified', rewrites: [...rewrites].sort() } : { kind: 'changed', changes };
}

/** Members of objects are named one by one: `dependencies.left-pad` says more than `dependencies`. */
function differences(key: string, is: unknown, was: unknown): ManifestChange[] {
  const inner = isRecord(is) && (isRecord(was) || was === undefined) ? [is, isRecord(was) ? was : {}] : undefined;
  if (inner === undefined || inner[0] === undefined || !['scripts', 'bin', ...dependencyKeys].includes(key))
    return [changeOf(key, is, was)];
  const [after, before] = inner as [Manifest, Manifest];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  // A script that is dropped is run by nobody.
  const isDropped = (name: string): boolean => key === 'scripts' && after[name] === undefined;
  return names
    .filter((name) => !isDropped(name))
    .filter((name) => !same(after[name], before[name]) && !isResolved(after[name], before[name]))
    .map((name) => changeOf(`${key}.${name}`, after[name], before[name]));
}

function changeOf(key: string, is: unknown, was: unknown): ManifestChange {
  const kind = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
  // Without `main` another file is loaded; without a dependency nothing more is installed.
  return { key, kind, grave: kind !== 'removed' || (actedUpon.has(key) && !dependencyKeys.includes(key)) };
}

function areResolved(is: unknown, was: unknown): boolean {
  if (!isRecord(is) || !isRecord(was)) return false;
  const names = new Set([...Object.keys(is), ...Object.keys(was)]);
  return [...names].every((name) => same(is[name], was[name]) || isResolved(is[name], was[name]));
}

/** `workspace:^` became `^1.2.3`. */
function isResolved(is: unknown, was: unknown): boolean {
  if (typeof is !== 'string' || typeof was !== 'string' || !/^(?:workspace|catalog):/.test(was)) return false;
  if (!plainRange.test(is)) return false;
  const wanted = was.slice(was.indexOf(':') + 1);
  if (was.startsWith('catalog:') || wanted === '*') return true;
  return /^[~^]$/.test(wanted) ? is.startsWith(wanted) : is === wanted || is.endsWith(wanted);
}

function isSubset(is: unknown, was: unknown): boolean {
  return isRecord(is) && isRecord(was) && Object.entries(is).every(([name, value]) => same(value, was[name]));
}

/** Equal in any order of members, except below `exports` and `imports`, where the order of conditions decides. */
function same(a: unknown, b: unknown, key = ''): boolean {
  const isOrdered = key === 'exports' || key === 'imports';
  return (
    JSON.stringify(a, isOrdered ? undefined : sortMembers) === JSON.stringify(b, isOrdered ? undefined : sortMembers)
  );
}

function sortMembers(_key: string, value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
