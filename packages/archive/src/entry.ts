import type { Sha256 } from '@assay/kernel';
import type { AnomalyCode, ArchiveAnomaly } from './anomaly.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'fifo' | 'other';
export type ArchiveFormat = 'tar' | 'tar.gz' | 'zip';

/** What is known of a member before its bytes are read. */
export type MemberHead = {
  /** Position among all entries, from 0; two entries may share a path. */
  index: number;
  /**
   * Relative, `/`-separated, without `.` or empty segments. Hostile pieces stay visible as percent escapes
   * (`%2E%2E/x`), so no path made from it leaves the directory it is joined to. Inside a nested archive: `a.zip!/b`.
   */
  path: string;
  /** The name as the archive's usual reader decodes it, cut at `maxPathBytes` characters. Attacker's text. */
  rawPath: string;
  /** False when the name itself must never become a file name (escapes, control characters, backslash …). */
  safe: boolean;
  type: EntryType;
  /** Bytes, as the (central) header declares. */
  declaredSize: number;
  /** Permission bits, at most `0o7777`. */
  mode: number;
  /** Attacker's text: never followed. */
  linkTarget?: string;
  /** Levels of archives around it: 0 for the archive itself. */
  depth: number;
};

/** One member of an archive with its measured bytes. */
export type ArchiveEntry = MemberHead & {
  /** Bytes that were really there. */
  size: number;
  /** Null when the bytes could not be read in full (truncated, encrypted, unknown method) or there are none to read. */
  sha256: Sha256 | null;
  /** Git's SHA-1 of the same bytes as a blob; null also when the declared size is wrong, as the digest begins with it. */
  gitBlobSha1: string | null;
  /** Every byte was read and agreed with its checksum. */
  complete: boolean;
  /** Set when the bytes begin like an archive themselves. */
  nested?: ArchiveFormat;
};

/** Takes one member's bytes as they are read. A chunk may be kept. An entry that fails midway gets no `end`. */
export type MemberSink = {
  write(chunk: Uint8Array): void | Promise<void>;
  end(entry: ArchiveEntry): void | Promise<void>;
};

export type ReadOptions = {
  /** Names the archive in messages: a file name the caller has checked. */
  label: string;
  /** Called for each entry before its bytes; no sink means that they are only hashed. */
  onMember?: ((head: MemberHead) => MemberSink | undefined) | undefined;
  /** Read archives inside archives too, to `maxNesting`, with one further set of the same limits for all of them. */
  expandNested?: boolean | undefined;
  signal?: AbortSignal | undefined;
};

/** What one pass over an archive showed. */
export type ArchiveReading = {
  format: ArchiveFormat;
  /** In archive order; members of a nested archive directly after it. */
  entries: ArchiveEntry[];
  /** At most a hundred per code; `anomalyCounts` has the full numbers. */
  anomalies: ArchiveAnomaly[];
  anomalyCounts: Partial<Record<AnomalyCode, number>>;
  packedBytes: number;
  unpackedBytes: number;
  /** Digest of the archive file itself. */
  sha256: Sha256;
  /** Every outer member was read in full. False is never "clean". */
  complete: boolean;
};
