import { type BlobOrigin, type PathAttributes, parseLfsPointer, type TreeEntry } from '@assay/vcs';
import { type CodeSign, codeSigns, isBinary, isTrivial, liesAboutItself, magicOf } from './code-kind.ts';
import { compareManifests, type ManifestChange } from './manifest.ts';
import { canonicalText, textForms } from './normalise.ts';
import { namedAsCode, type ReachedFrom, reachableFiles } from './reach.ts';
import { blobId, type SubjectFile } from './subject.ts';

/** Package-analysis contract §4.1; `generated-verified` is found by the steps after this one. */
export type FileClass =
  | 'exact'
  | 'relocated'
  | 'eol-only'
  | 'metadata-verified'
  | 'history-only'
  | 'side-ref-only'
  | 'modified'
  | 'added'
  | 'unverifiable';

/** Why a file is in its class; every file has one, but those of class `added`. */
export type Proof = {
  rule: string;
  commit?: string;
  path?: string;
  blob?: string;
  sha256?: string;
  text: string;
};

export type ClassifiedFile = {
  file: SubjectFile;
  class: FileClass;
  /** Why it counts as executable; empty when it does not. */
  signs: CodeSign[];
  reachableFrom: ReachedFrom[];
  /** Proves nothing and accuses of nothing. */
  trivial: boolean;
  proof?: Proof;
  /** For the published `package.json` when it is not verified. */
  manifestChanges?: ManifestChange[];
};

/** The source at the anchor. */
export type Source = {
  commit: string;
  objectFormat: 'sha1' | 'sha256';
  /** Folder that is the package's root; `''` for the repository's. */
  subdir: string;
  tree: readonly TreeEntry[];
  attributes?: ReadonlyMap<string, PathAttributes>;
  /** Bytes of a blob at hand. Those of `blobsNeeded` have been fetched; what is missing then can prove nothing. */
  bytesOf: (blob: string) => Buffer | undefined;
  /** Where blobs that are not at the anchor come from; absent when history was not measured. */
  origins?: ReadonlyMap<string, BlobOrigin>;
};

export type PackageFacts = {
  manifest: Readonly<Record<string, unknown>>;
  version: string;
};

/**
 * Puts every file of an artifact into the class that the source at the anchor proves, cheapest rule first.
 *
 * *Laws:* each file once, in the artifact's order; no class of the coherent bucket without a proof; a blob id alone never clears
 * a file that runs: its SHA-256 must agree too (SHA-1 can be forged); what could not be compared is `unverifiable`.
 */
export function classify(files: readonly SubjectFile[], source: Source, facts: PackageFacts): ClassifiedFile[] {
  const byPath = new Map(source.tree.map((entry) => [entry.path, entry]));
  const byBlob = new Map<string, TreeEntry>();
  // The first of several equal files, so that the answer does not depend on chance.
  for (const entry of source.tree) if (isFile(entry) && !byBlob.has(entry.blob)) byBlob.set(entry.blob, entry);
  const contents = new Map(files.map(({ path, bytes }) => [path, bytes]));
  const reachable = reachableFiles(facts.manifest, contents);
  const named = namedAsCode(facts.manifest, contents);
  return files.map((file): ClassifiedFile => {
    const reachableFrom = reachable.get(file.path) ?? [];
    const use = { named: named.has(file.path), reached: reachableFrom.length > 0 };
    const signs = codeSigns(file.path, file.bytes, use);
    const trivial = isTrivial(file.bytes, file.sizeBytes);
    const at = byPath.get(sourcePath(source, file));
    const context: Context = {
      file,
      source,
      facts,
      at: at !== undefined && isFile(at) ? at : undefined,
      byBlob,
      signs,
      trivial,
    };
    return { file, signs, reachableFrom, trivial, ...(firstOf(context) ?? { class: 'added' as const }) };
  });
}

/** Blobs whose bytes `classify` compares: fetch them all in one request. At most two per file of the artifact. */
export function blobsNeeded(files: readonly SubjectFile[], source: Pick<Source, 'subdir' | 'tree'>): string[] {
  const entries = source.tree.filter(isFile);
  const byPath = new Map(entries.map(({ path, blob }) => [path, blob]));
  const there = new Set(entries.map(({ blob }) => blob));
  const wanted = files.flatMap((file) => {
    const moved = file.blob !== null && there.has(file.blob) ? [file.blob] : [];
    return [...moved, byPath.get(sourcePath(source, file)) ?? []].flat();
  });
  return [...new Set(wanted)];
}

type Context = {
  file: SubjectFile;
  source: Source;
  facts: PackageFacts;
  /** What is at the file's own path. */
  at: TreeEntry | undefined;
  byBlob: ReadonlyMap<string, TreeEntry>;
  signs: readonly CodeSign[];
  trivial: boolean;
};
type Answer = Pick<ClassifiedFile, 'class' | 'proof' | 'manifestChanges'>;

function firstOf(context: Context): Answer | undefined {
  for (const rule of rules) {
    const answer = rule(context);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

const rules: readonly ((context: Context) => Answer | undefined)[] = [
  unreadable,
  sameBlob,
  largeFilePointer,
  sameManifest,
  sameText,
  sameElsewhere,
  fromHistory,
  opaque,
  changed,
];

function unreadable({ file }: Context): Answer | undefined {
  if (file.sha256 !== null && file.blob !== null) return undefined;
  return { class: 'unverifiable', proof: { rule: 'unreadable-member', text: 'the member could not be read in full' } };
}

function sameBlob({ file, source, at, signs }: Context): Answer | undefined {
  if (at === undefined || at.blob !== file.blob) return undefined;
  return held('exact', 'blob-at-anchor', file, source, at, signs, 'same path and bytes');
}

/** The path holds a Git LFS pointer: the bytes it stands for are known by their digest. */
function largeFilePointer({ file, source, at }: Context): Answer | undefined {
  if (at === undefined) return undefined;
  const pointer = parseLfsPointer(source.bytesOf(at.blob) ?? Buffer.alloc(0));
  if (pointer === undefined || pointer.sha256 !== file.sha256) return undefined;
  return {
    class: 'exact',
    proof: proofOf('lfs-pointer', file, source, at, 'the digest is the one of the LFS pointer at this path'),
  };
}

function sameManifest({ file, source, facts, at }: Context): Answer | undefined {
  if (file.path !== 'package.json' || at === undefined) return undefined;
  const was = parseObject(source.bytesOf(at.blob));
  const is = parseObject(file.bytes);
  if (was === undefined || is === undefined) return undefined;
  const comparison = compareManifests(is, was, { version: facts.version, commit: source.commit });
  if (comparison.kind === 'verified') {
    const text = comparison.rewrites.length === 0 ? 'equal but for its layout' : comparison.rewrites.join(', ');
    return { class: 'metadata-verified', proof: proofOf('manifest-rewrites', file, source, at, text) };
  }
  const keys = comparison.changes.map(({ key, kind }) => `${key} ${kind}`).join(', ');
  const proof = proofOf('manifest-differs', file, source, at, keys.slice(0, 200));
  return { class: 'modified', proof, manifestChanges: comparison.changes };
}

function sameText({ file, source, at }: Context): Answer | undefined {
  const { bytes } = file;
  if (at === undefined || bytes === undefined || isBinary(bytes)) return undefined;
  const attributes = source.attributes?.get(at.path);
  const other = source.bytesOf(at.blob);
  // A forged id would have to be of a text that differs in nothing but line ends; still, bytes decide when they are at hand.
  const isSame =
    other === undefined
      ? textForms(bytes).some((form) => blobId(form, source.objectFormat) === at.blob)
      : !isBinary(other) && canonicalText(bytes, attributes).equals(canonicalText(other, attributes));
  if (!isSame) return undefined;
  return {
    class: 'eol-only',
    proof: proofOf('text-form', file, source, at, 'equal but for line ends, byte order mark or $Id$'),
  };
}

function sameElsewhere({ file, source, byBlob, signs, trivial, at }: Context): Answer | undefined {
  const elsewhere = byBlob.get(file.blob ?? '');
  // A trivial file at its own path with other content was changed, whatever else is as empty.
  if (elsewhere === undefined || (trivial && at !== undefined)) return undefined;
  return held('relocated', 'blob-elsewhere', file, source, elsewhere, signs, `same bytes at ${elsewhere.path}`);
}

function fromHistory({ file, source, trivial }: Context): Answer | undefined {
  const origin = trivial ? undefined : source.origins?.get(file.blob ?? '');
  if (origin === undefined || file.blob === null) return undefined;
  const isMain = origin.reach === 'main';
  const text = isMain ? 'these bytes are in another commit only' : 'these bytes are on a ref that was never merged';
  const proof = {
    rule: isMain ? 'blob-in-history' : 'blob-on-side-ref',
    commit: origin.commit,
    path: origin.path,
    blob: file.blob,
    text,
  };
  return { class: isMain ? 'history-only' : 'side-ref-only', proof };
}

/** Compiled code that has a form of its own and no counterpart. Native binaries are not among them: they are just `added`. */
function opaque({ file, at }: Context): Answer | undefined {
  const isWasm = magicOf(file.bytes) === 'WebAssembly' || /\.wasm$/i.test(file.path);
  if (at !== undefined || !isWasm) return undefined;
  return {
    class: 'unverifiable',
    proof: { rule: 'compiled-without-source', text: 'WebAssembly that is not in the repository' },
  };
}

function changed({ file, source, at }: Context): Answer | undefined {
  if (at === undefined) return undefined;
  return { class: 'modified', proof: proofOf('path-at-anchor', file, source, at, 'same path, other content') };
}

/** Clears a file by its blob; one that runs by its SHA-256 as well. */
function held(
  found: 'exact' | 'relocated',
  rule: string,
  file: SubjectFile,
  source: Source,
  at: TreeEntry,
  signs: readonly CodeSign[],
  text: string,
): Answer {
  const proof = proofOf(rule, file, source, at, text);
  if (signs.length === 0 || source.objectFormat === 'sha256') return { class: found, proof };
  const bytes = source.bytesOf(at.blob);
  if (bytes === undefined || file.bytes === undefined) {
    return {
      class: 'unverifiable',
      proof: { ...proof, rule: 'bytes-not-at-hand', text: 'same id; its bytes could not be compared' },
    };
  }
  if (bytes.equals(file.bytes)) return { class: found, proof };
  return {
    class: 'modified',
    proof: { ...proof, rule: 'id-collision', text: 'same SHA-1 id, other bytes: a forged collision' },
  };
}

function proofOf(rule: string, file: SubjectFile, source: Source, at: TreeEntry, text: string): Proof {
  const { commit } = source;
  return { rule, commit, path: at.path, blob: at.blob, ...(file.sha256 === null ? {} : { sha256: file.sha256 }), text };
}

function sourcePath({ subdir }: Pick<Source, 'subdir'>, { path }: SubjectFile): string {
  return subdir === '' ? path : `${subdir}/${path}`;
}

function isFile({ kind }: TreeEntry): boolean {
  return kind === 'file' || kind === 'executable';
}

function parseObject(bytes: Buffer | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes?.toString('utf8').replace(/^\ufeff/, '') ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not JSON: it proves nothing, and the other rules look at its bytes.
    return undefined;
  }
}

/** Whether a name that promises text is contradicted by what the file is (`source.extension-lie`). */
export function isExtensionLie({ file, signs }: Pick<ClassifiedFile, 'file' | 'signs'>): boolean {
  return liesAboutItself(file.path, signs);
}
