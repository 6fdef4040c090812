import path from 'node:path';
import { openPackageArchive, type PackageArchive } from '@assay/archive';
import { archiveLimits, sha256 } from '@assay/kernel';
import { fetchNpm, type NpmSource, previousVersion, resolveNpm } from '@assay/registries';
import type { TreePackage } from './evidence.ts';
import { keptMembers, readBounded, type Subject } from './npm/subject.ts';
import { dependenciesOf, hooksOf, type InstalledPackage } from './npm/tree.ts';
import type { DynamicAnalysisReport } from './report/index.ts';

export interface Comparison {
  report: DynamicAnalysisReport['baseline'];
  treeFacts: (one: InstalledPackage) => Pick<TreePackage, 'isNew' | 'newHooks'>;
  /** Files of the artifact that are new or have other bytes than before; absent when nothing was compared. */
  changedFiles?: ReadonlySet<string>;
  ms?: number;
}

type Difference = Extract<DynamicAnalysisReport['baseline'], { status: 'compared' }>['new'];

const maxNames = 200;

/**
 * Compares the artifact with the version before it: what it declares, depends on, and ships. The version before comes from a
 * file, or from the registry (highest lower version that was published before).
 *
 * *Shape:* `given` is what {@link readPrevious} read. A registry that does not answer is `not_measured`.
 */
export async function compareWithPrevious(
  given: Previous | undefined,
  subject: Subject,
  tree: readonly InstalledPackage[] | undefined,
  source: NpmSource,
  signal: AbortSignal,
): Promise<Comparison> {
  const nothing = () => ({});
  if (given === undefined && subject.resolved === undefined) {
    return { report: { status: 'not_measured', reason: 'no previous version was given' }, treeFacts: nothing };
  }
  const begun = performance.now();
  const previous = given ?? (await fromRegistry(subject, source, signal));
  if (previous === undefined) return { report: { status: 'no_previous_version' }, treeFacts: nothing };
  if ('reason' in previous) return { report: { status: 'not_measured', reason: previous.reason }, treeFacts: nothing };
  const before = factsOf(previous.archive);
  const now = factsOf(subject.archive);
  const added = difference(now, before);
  const kept = reachable(before.dependencies, tree ?? []);
  return {
    report: {
      status: 'compared',
      previous_version: previous.version,
      previous_sha256: previous.sha256,
      new: added,
      removed: difference(before, now),
      findings_new: [],
    },
    treeFacts: (one) => {
      if (one.name === subject.name) return { newHooks: added.hooks ?? [] };
      return { isNew: !kept.has(one.name) };
    },
    changedFiles: changedFiles(subject.archive, previous.archive),
    ms: Math.round(performance.now() - begun),
  };
}

interface Facts {
  hooks: Set<string>;
  dependencies: Set<string>;
  files: Set<string>;
}

function factsOf({ manifest: { manifest }, files }: PackageArchive): Facts {
  return {
    hooks: new Set(hooksOf(manifest, files.has('binding.gyp'))),
    dependencies: new Set(dependenciesOf(manifest)),
    files: new Set(files.keys()),
  };
}

/**
 * Names that are in the tree because of what the version before asked for, too. Deeper down the tree as it is now stands for
 * the one that was: what its old dependencies have come to need since is their news.
 */
function reachable(names: ReadonlySet<string>, tree: readonly InstalledPackage[]): Set<string> {
  const wanted = new Map<string, Set<string>>();
  for (const { name, dependencies } of tree) wanted.set(name, new Set([...(wanted.get(name) ?? []), ...dependencies]));
  const reached = new Set(names);
  for (const name of reached) for (const next of wanted.get(name) ?? []) reached.add(next);
  return reached;
}

function changedFiles(now: PackageArchive, before: PackageArchive): Set<string> {
  const old = before.kept?.members;
  const changed = [...(now.kept?.members ?? [])].filter(([file, { bytes, truncated }]) => {
    const was = old?.get(file);
    return was === undefined || truncated || was.truncated || !Buffer.from(bytes).equals(was.bytes);
  });
  return new Set(changed.map(([file]) => file));
}

function difference(a: Facts, b: Facts): Difference {
  const of = (key: keyof Facts) =>
    [...a[key]]
      .filter((name) => !b[key].has(name))
      .sort()
      .slice(0, maxNames);
  return { hooks: of('hooks'), dependencies: of('dependencies'), files: of('files') };
}

/** The version before, read. */
export type Previous = { version: string; sha256: string; archive: PackageArchive };

/** Reads a file that was named as the version before. *Errors:* bad input as for the subject itself. */
export async function readPrevious(file: string, signal: AbortSignal): Promise<Previous> {
  const bytes = await readBounded(file);
  const archive = await openPackageArchive(bytes, 'npm', archiveLimits, {
    label: path.basename(file),
    keep: keptMembers,
    signal,
  });
  return { version: archive.manifest.version ?? 'unknown', sha256: sha256(bytes), archive };
}

async function fromRegistry(
  subject: Subject,
  source: NpmSource,
  signal: AbortSignal,
): Promise<Previous | { reason: string } | undefined> {
  const { resolved } = subject;
  const version = resolved === undefined ? undefined : previousVersion(resolved.packument, resolved.version);
  if (resolved === undefined || version === undefined) return undefined;
  try {
    const before = await resolveNpm(source, { packageName: resolved.packageName, version }, signal);
    const fetched = await fetchNpm(source, before, signal);
    const archive = await openPackageArchive(fetched.path, 'npm', archiveLimits, {
      label: fetched.fileName,
      keep: keptMembers,
      signal,
    });
    return { version, sha256: fetched.sha256, archive };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    return { reason: `the previous version ${version} could not be read: ${why}` };
  }
}
