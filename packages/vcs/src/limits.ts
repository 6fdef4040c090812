const KiB = 1024;
const MiB = 1024 * KiB;

/** Limits of one repository. Bytes, counts, milliseconds. */
export const vcsLimits = {
  /** One pack as it arrives. */
  maxPackBytes: 1024 * MiB,
  /** Address space of each git process: delta bombs unpack in memory. */
  maxMemoryBytes: 4096 * MiB,
  /** One ls-remote, or one answer to a probe. */
  refsDeadlineMs: 30_000,
  /** One fetch. */
  fetchDeadlineMs: 300_000,
  /** One reading of a tree, a batch of blobs, attributes, or the whole history. */
  readDeadlineMs: 60_000,
  /** Waiting for another process that fetches the same repository. */
  lockDeadlineMs: 320_000,
  /** Everything ls-remote prints. */
  maxRefsBytes: 32 * MiB,
  maxTreeEntries: 500_000,
  maxTreeBytes: 128 * MiB,
  maxCommits: 2_000_000,
  /** Changed paths over the whole history. */
  maxChanges: 20_000_000,
  /** One blob handed out; larger ones are named, not read. */
  maxBlobBytes: 64 * MiB,
  /** All blobs of one call. */
  maxBatchBytes: 512 * MiB,
  /** One `.gitattributes` file; git itself ignores larger ones than 100 MiB. */
  maxAttributesBytes: MiB,
} as const;
export type VcsLimits = { readonly [K in keyof typeof vcsLimits]: number };
