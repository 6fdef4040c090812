const KiB = 1024;
const MiB = 1024 * KiB;

/** Limits of one archive, from the analysis surface's table (shared/seams.md §7). Bytes, counts. */
export const archiveLimits = {
  maxArchiveBytes: 512 * MiB,
  maxUnpackedBytes: 2048 * MiB,
  maxEntries: 200_000,
  /** Unpacked ÷ packed, looked at once `ratioAfterBytes` have been unpacked. */
  maxRatio: 200,
  ratioAfterBytes: 16 * MiB,
  maxNesting: 3,
  /** Static reading of one member stops here and says so. */
  maxMemberScanBytes: 64 * MiB,
  maxPathBytes: 4096,
} as const;
export type ArchiveLimits = { readonly [K in keyof typeof archiveLimits]: number };

/** Deadlines of one analysis in milliseconds (package-analysis contract §1.3). */
export const deadlines = { installMs: 120_000, importMs: 60_000, executeMs: 60_000, taskMs: 900_000 } as const;
export type Deadlines = { readonly [K in keyof typeof deadlines]: number };
