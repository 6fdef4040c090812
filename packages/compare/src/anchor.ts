import type { Reach, RemoteRefs, TreeEntry } from '@assay/vcs';
import { isTrivial } from './code-kind.ts';
import type { SubjectFile } from './subject.ts';

export type AnchorMethod = 'attested' | 'git_head' | 'tag' | 'best_match';

/** A commit the artifact may have been made from. `ref` is a full ref name. */
export type AnchorCandidate = { commit: string; method: AnchorMethod; ref?: string };

/** What the tree of a candidate shows. */
export type CandidateEvidence = AnchorCandidate & {
  subdir: string;
  overlap: Overlap;
  /** The `package.json` there: of this package and version, of this package, of another, or none. */
  manifest: 'same-version' | 'same-name' | 'other' | 'absent';
  /** Whether a ref of the repository leads to the commit; absent while history was not looked at. */
  reach?: Reach;
};

export type Overlap = {
  /** Files of the artifact whose bytes are in the tree. */
  matched: number;
  /** Files of the artifact that prove something. */
  total: number;
};

/** The report's `anchor` without the repository. *Units:* `confidence` 0–1. */
export type Anchor =
  | {
      status: 'anchored' | 'ambiguous';
      chosen: CandidateEvidence;
      confidence: number;
      candidates: CandidateEvidence[];
      reason?: string;
    }
  | { status: 'unanchored'; candidates: CandidateEvidence[]; reason: string };

/**
 * Tags that mark a version, likeliest first.
 *
 * *Shape:* `tags` without `refs/tags/`; name and version are package text and compared literally.
 */
export function tagsOfVersion(tags: Iterable<string>, name: string, version: string): string[] {
  const bare = name.slice(name.indexOf('/') + 1);
  const named = [name, bare].flatMap((of) => [
    `${of}@${version}`,
    `${of}@v${version}`,
    `${of}-v${version}`,
    `${of}-${version}`,
    `${of}/v${version}`,
    `${of}/${version}`,
    `${of}_v${version}`,
  ]);
  // In a monorepo `v1.2.3` may be the version of another package: a tag that carries the name says more.
  const patterns = [
    ...named,
    `v${version}`,
    version,
    `V${version}`,
    `v.${version}`,
    `release-${version}`,
    `release/${version}`,
    `release-v${version}`,
    `release/v${version}`,
  ];
  const there = new Set(tags);
  return [...new Set(patterns)].filter((tag) => there.has(tag));
}

/** Commits to look at, in the order of what is to be believed (package-analysis contract §4.2, L3), each once. */
export function anchorCandidates(
  refs: Pick<RemoteRefs, 'tags'>,
  {
    name,
    version,
    attested,
    gitHead,
  }: { name: string; version: string; attested?: string | undefined; gitHead?: string | undefined },
): AnchorCandidate[] {
  const candidates: AnchorCandidate[] = [];
  const add = (candidate: AnchorCandidate): void => {
    if (!candidates.some(({ commit }) => commit === candidate.commit)) candidates.push(candidate);
  };
  if (attested !== undefined) add({ commit: attested, method: 'attested' });
  if (gitHead !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(gitHead))
    add({ commit: gitHead, method: 'git_head' });
  for (const tag of tagsOfVersion(refs.tags.keys(), name, version)) {
    const commit = refs.tags.get(tag)?.commit;
    if (commit !== undefined) add({ commit, method: 'tag', ref: `refs/tags/${tag}` });
  }
  return candidates;
}

/** How much of the artifact is in a tree, anywhere in it. Trivial files are not counted. */
export function overlapOf(files: readonly SubjectFile[], tree: readonly TreeEntry[]): Overlap {
  const there = new Set(tree.filter(({ kind }) => kind !== 'submodule').map(({ blob }) => blob));
  const telling = files.filter(({ bytes, sizeBytes }) => !isTrivial(bytes, sizeBytes));
  return { matched: telling.filter(({ blob }) => blob !== null && there.has(blob)).length, total: telling.length };
}

/**
 * The folder of the repository that is the package's root: the one the manifest declares if it is there, else the one under
 * which most files have their own paths.
 *
 * *Shape:* without slashes at its ends; `''` is the repository's root.
 */
export function inferSubdir(files: readonly SubjectFile[], tree: readonly TreeEntry[], declared?: string): string {
  const paths = new Set(tree.map(({ path }) => path));
  if (declared !== undefined && tree.some(({ path }) => path.startsWith(`${declared}/`))) return declared;
  const votes = new Map<string, number>();
  const blobs = new Map(
    files.flatMap(({ blob, path }) =>
      blob === null ? [] : [[`${blob} ${path.slice(path.lastIndexOf('/') + 1)}`, path]],
    ),
  );
  for (const { path, blob } of tree) {
    const inside = blobs.get(`${blob} ${path.slice(path.lastIndexOf('/') + 1)}`);
    if (inside === undefined || (path !== inside && !path.endsWith(`/${inside}`))) continue;
    const root = path === inside ? '' : path.slice(0, -inside.length - 1);
    votes.set(root, (votes.get(root) ?? 0) + 1);
  }
  // A folder without a manifest of its own is no package: every monorepo has the same LICENSE in its root.
  const isPackage = (root: string): boolean => paths.has(root === '' ? 'package.json' : `${root}/package.json`);
  const ranked = [...votes].sort(
    ([a, m], [b, n]) => Number(isPackage(b)) - Number(isPackage(a)) || n - m || a.length - b.length,
  );
  return ranked[0]?.[0] ?? '';
}

/** How far a method is to be believed when everything agrees. */
const believed = { attested: 0.99, git_head: 0.95, tag: 0.95, best_match: 0.8 } as const satisfies Record<
  AnchorMethod,
  number
>;

/**
 * Chooses the anchor among candidates in their order: the first that holds what it claims.
 *
 * *Laws:* a commit that no ref of the repository leads to is never an anchor (a host hands out commits of every fork); nor is
 * one whose manifest is another package's, or that shares nothing with the artifact, whatever names it.
 */
export function chooseAnchor(candidates: readonly CandidateEvidence[]): Anchor {
  const valid = candidates.filter(isValid);
  const method = valid[0]?.method;
  const peers = valid.filter((candidate) => candidate.method === method).sort(byEvidence);
  const [chosen, rival] = peers;
  if (chosen === undefined) {
    return { status: 'unanchored', candidates: [...candidates], reason: whyNot(candidates[0]) };
  }
  const common = { chosen, confidence: confidenceOf(chosen), candidates: [...candidates] };
  if (isWeak(chosen))
    return { status: 'ambiguous', ...common, reason: 'few files agree and no manifest says the version' };
  if (rival === undefined || byEvidence(chosen, rival) !== 0) return { status: 'anchored', ...common };
  const reason = `${rival.ref ?? rival.commit} fits as well as ${chosen.ref ?? chosen.commit}`;
  return { status: 'ambiguous', ...common, reason };
}

const manifestRank = { 'same-version': 3, 'same-name': 2, absent: 1, other: 0 } as const;

/** Best first; equals keep their order. */
function byEvidence(a: CandidateEvidence, b: CandidateEvidence): number {
  return manifestRank[b.manifest] - manifestRank[a.manifest] || b.overlap.matched - a.overlap.matched;
}

function isValid({ overlap, manifest, reach }: CandidateEvidence): boolean {
  if (reach === 'none') return false;
  if (manifest === 'same-version' || manifest === 'same-name') return true;
  // A manifest that is generated, or renamed when it is published, leaves the files to speak.
  return overlap.matched > 0 && overlap.matched * 2 >= overlap.total;
}

/** A commit that nobody named, that does not say the version, and that holds less than half of the files. */
function isWeak({ method, manifest, overlap }: CandidateEvidence): boolean {
  return method === 'best_match' && manifest !== 'same-version' && overlap.matched * 2 < overlap.total;
}

function confidenceOf({ method, overlap, manifest, reach }: CandidateEvidence): number {
  const share = overlap.total === 0 ? 0 : overlap.matched / overlap.total;
  const byManifest = { 'same-version': 1, 'same-name': 0.95, absent: 0.8, other: 0.6 }[manifest];
  // Built packages share few files with their source: nothing at all in common is what counts against it.
  const isUnnamed = method === 'best_match' && manifest !== 'same-version';
  const byFiles = isUnnamed ? share : overlap.matched === 0 ? 0.6 : 1;
  const byReach = reach === 'side' ? 0.8 : 1;
  return Math.round(believed[method] * byManifest * byFiles * byReach * 100) / 100;
}

function whyNot(candidate: CandidateEvidence | undefined): string {
  if (candidate === undefined) return 'no commit is named and none shares files with the artifact';
  if (candidate.reach === 'none') return `no ref of the repository leads to ${candidate.commit}`;
  if (candidate.manifest === 'other') return `the repository holds another package at ${candidate.commit}`;
  return `too few files of the artifact are at ${candidate.commit}`;
}
