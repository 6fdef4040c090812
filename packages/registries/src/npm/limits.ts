import { archiveLimits } from '@assay/kernel';

const MiB = 1024 * 1024;

/** Bounds of every exchange with a registry and of what is kept of it. Bytes, milliseconds, counts. */
export const npmLimits = {
  /** A packument after decompression; the largest known ones are near 50 MiB. */
  maxPackumentBytes: 64 * MiB,
  maxTarballBytes: archiveLimits.maxArchiveBytes,
  /** From the request to the last byte of a packument. */
  packumentTimeoutMs: 30_000,
  /** From the request to the last byte of a tarball. */
  tarballTimeoutMs: 120_000,
  /** Silence on a connection after which it is given up. */
  idleTimeoutMs: 15_000,
  attempts: 3,
  /** Wait before the second attempt; doubles with each further one. */
  backoffMs: 250,
  /** A packument is taken from the cache without asking for at most this long (contract §2: 5 minutes). */
  freshMs: 300_000,
  /** A "no such package" is believed for this long. */
  absentMs: 30_000,
  /** Packuments kept in memory, by body size. */
  memoryBytes: 32 * MiB,
  /** The whole cache on disk (shared seams §7). */
  cacheBytes: 10 * 1024 * MiB,
} as const;
export type NpmLimits = { readonly [K in keyof typeof npmLimits]: number };
