import {
  type History,
  type Mirror,
  type Reach,
  type RemoteRefs,
  type TreeEntry,
  VcsError,
  type Wait,
} from '@assay/vcs';
import {
  type Anchor,
  type AnchorCandidate,
  anchorCandidates,
  type CandidateEvidence,
  chooseAnchor,
  inferSubdir,
  overlapOf,
} from './anchor.ts';
import { isTrivial } from './code-kind.ts';
import type { SubjectFile } from './subject.ts';

export type AnchorQuestion = {
  name: string;
  version: string;
  attested?: string | undefined;
  gitHead?: string | undefined;
  /** Folder of the package, as the origin of the repository says. */
  directory?: string | undefined;
  files: readonly SubjectFile[];
};

export type FoundAnchor = {
  anchor: Anchor;
  /** Tree of the chosen commit. */
  tree: readonly TreeEntry[];
  /** Candidates that the repository does not have (any more). */
  absent: AnchorCandidate[];
};

export type FindOptions = Wait & {
  /** How old the list of refs may be, in milliseconds. */
  refsMaxAgeMs: number;
  /** Bytes of a `package.json` that are read. */
  maxManifestBytes: number;
};

/** Commits that hold equally many files are looked at up to this number. */
const maxBestMatches = 8;
/** Versions of one `package.json` that are searched for the version published, newest first. */
const maxManifests = 2000;

/**
 * Finds the commit an artifact was made from: named candidates first, and the whole history only when one of them is not at
 * the end of a ref, or none holds what it claims.
 *
 * *Errors:* those of the mirror; a commit that is not there is `absent`, not an error.
 */
export async function findAnchor(mirror: Mirror, question: AnchorQuestion, options: FindOptions): Promise<FoundAnchor> {
  const refs = await mirror.refs(options.refsMaxAgeMs, options.signal);
  const search = new Search(mirror, question, refs, options);
  for (const candidate of anchorCandidates(refs, question)) await search.weigh(candidate);
  const named = chooseAnchor(search.evidence);
  if (named.status !== 'unanchored') return search.answer(named);
  await search.weighBestMatches();
  return search.answer(chooseAnchor(search.evidence));
}

class Search {
  readonly evidence: CandidateEvidence[] = [];
  readonly #mirror: Mirror;
  readonly #question: AnchorQuestion;
  readonly #refs: RemoteRefs;
  readonly #options: FindOptions;
  readonly #trees = new Map<string, readonly TreeEntry[]>();
  readonly #absent: AnchorCandidate[] = [];
  #history: History | undefined;

  constructor(mirror: Mirror, question: AnchorQuestion, refs: RemoteRefs, options: FindOptions) {
    this.#mirror = mirror;
    this.#question = question;
    this.#refs = refs;
    this.#options = options;
  }

  answer(anchor: Anchor): FoundAnchor {
    const commit = anchor.status === 'unanchored' ? '' : anchor.chosen.commit;
    return { anchor, tree: this.#trees.get(commit) ?? [], absent: this.#absent };
  }

  async weigh(candidate: AnchorCandidate): Promise<void> {
    const { signal, onProgress } = this.#options;
    const ref = candidate.ref === undefined ? {} : { ref: candidate.ref };
    try {
      await this.#mirror.fetchCommit(candidate.commit, { ...ref, signal, onProgress });
    } catch (error) {
      if (!(error instanceof VcsError) || error.code !== 'REF_NOT_FOUND') throw error;
      this.#absent.push(candidate);
      return;
    }
    this.evidence.push(await this.#evidenceOf(candidate));
  }

  /**
   * Commits without a name: those that hold most of the files, and those whose manifest says the version. Of commits that hold
   * the very same files one is enough, best one that says the version.
   */
  async weighBestMatches(): Promise<void> {
    const telling = this.#question.files.filter(({ bytes, sizeBytes }) => !isTrivial(bytes, sizeBytes));
    const blobs = new Set(telling.flatMap(({ blob }) => blob ?? []));
    const best = (await this.#historyNow()).bestOverlap(blobs, maxBestMatches);
    const most = best.filter(({ matched }) => matched === best[0]?.matched).map(({ commit }) => commit);
    const distinct = new Map<string, CandidateEvidence>();
    const weigh = async (commit: string): Promise<void> => {
      const found = await this.#evidenceOf({ commit, method: 'best_match' });
      const held = (this.#trees.get(commit) ?? []).flatMap(({ blob }) => (blobs.has(blob) ? [blob] : []));
      const key = [...new Set(held)].sort().join(' ');
      const known = distinct.get(key);
      if (known === undefined || (known.manifest !== found.manifest && found.manifest === 'same-version')) {
        distinct.set(key, found);
      }
    };
    const seen = new Set(this.evidence.map(({ commit }) => commit));
    // Who wrote the version comes first: until the next release every commit says the same version and holds the same files.
    const writers = await this.#commitsOfVersion(await this.#subdirAt(most[0]));
    for (const commit of new Set([...writers, ...most])) if (!seen.has(commit)) await weigh(commit);
    this.evidence.push(...distinct.values());
  }

  async #subdirAt(commit: string | undefined): Promise<string> {
    const { files, directory } = this.#question;
    if (commit === undefined) return directory ?? '';
    return inferSubdir(files, await this.#mirror.tree(commit, this.#options.signal), directory);
  }

  /** Commits that wrote the version into the manifest, newest first. */
  async #commitsOfVersion(subdir: string): Promise<string[]> {
    const path = subdir === '' ? 'package.json' : `${subdir}/package.json`;
    const versions = (await this.#historyNow()).versionsOf(path, maxManifests);
    const ids = versions.map(({ blob }) => blob);
    const maxBytes = this.#options.maxManifestBytes;
    const limits = { maxBytes, maxTotalBytes: maxBytes * ids.length };
    const blobs = await this.#mirror.blobs(ids, limits, this.#options);
    const { name, version } = this.#question;
    const says = ({ blob }: { blob: string }): boolean => {
      const reading = blobs.get(blob);
      const manifest = reading?.kind === 'read' ? parseObject(reading.bytes) : undefined;
      return manifest?.name === name && manifest.version === version;
    };
    return versions
      .filter(says)
      .map(({ commit }) => commit)
      .slice(0, maxBestMatches);
  }

  async #evidenceOf(candidate: AnchorCandidate): Promise<CandidateEvidence> {
    const { files, directory } = this.#question;
    const tree = await this.#mirror.tree(candidate.commit, this.#options.signal);
    this.#trees.set(candidate.commit, tree);
    const subdir = inferSubdir(files, tree, directory);
    const manifest = await this.#manifestAt(tree, subdir);
    const reach = await this.#reachOf(candidate.commit);
    return { ...candidate, subdir, overlap: overlapOf(files, tree), manifest, reach };
  }

  async #manifestAt(tree: readonly TreeEntry[], subdir: string): Promise<CandidateEvidence['manifest']> {
    const path = subdir === '' ? 'package.json' : `${subdir}/package.json`;
    const entry = tree.find((other) => other.path === path);
    if (entry === undefined || entry.kind === 'submodule' || entry.kind === 'symlink') return 'absent';
    const maxBytes = this.#options.maxManifestBytes;
    const limits = { maxBytes, maxTotalBytes: maxBytes };
    const reading = (await this.#mirror.blobs([entry.blob], limits, this.#options)).get(entry.blob);
    const manifest = reading?.kind === 'read' ? parseObject(reading.bytes) : undefined;
    if (manifest === undefined) return 'absent';
    if (manifest.name !== this.#question.name) return 'other';
    return manifest.version === this.#question.version ? 'same-version' : 'same-name';
  }

  /** From the ends of refs when that is enough: most anchors are tags. */
  async #reachOf(commit: string): Promise<Reach> {
    const { head, tags } = this.#refs;
    if (head?.commit === commit || [...tags.values()].some((tag) => tag.commit === commit)) return 'main';
    return (await this.#historyNow()).reach(commit);
  }

  async #historyNow(): Promise<History> {
    this.#history ??= await this.#mirror.history(this.#options.refsMaxAgeMs, this.#options);
    return this.#history;
  }
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // A manifest that is no JSON says nothing about whose it is.
    return undefined;
  }
}
