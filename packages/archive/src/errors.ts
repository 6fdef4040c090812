import { AppError, type ArchiveLimits, type KernelErrorCode } from '@assay/kernel';
import type { AnomalyCode, ArchiveAnomaly } from './anomaly.ts';

/** The kernel's two words for a bad archive, and one for our own failure to write its tree. */
export type ArchiveErrorCode = Extract<KernelErrorCode, 'ARCHIVE_INVALID' | 'ARCHIVE_TOO_LARGE'> | 'UNPACK_FAILED';

/** `facts.anomalies` holds what had been seen when reading stopped. */
export class ArchiveError extends AppError<ArchiveErrorCode> {}

/** What a limit is called among the anomalies, for archives inside archives, where exceeding it is not an error. */
export const anomalyOfLimit = {
  maxArchiveBytes: 'unpacked-too-large',
  maxUnpackedBytes: 'unpacked-too-large',
  maxEntries: 'too-many-entries',
  maxRatio: 'ratio-bomb',
  ratioAfterBytes: 'ratio-bomb',
  maxNesting: 'nesting-too-deep',
  maxMemberScanBytes: 'unpacked-too-large',
  maxPathBytes: 'path-too-long',
} as const satisfies Record<keyof ArchiveLimits, AnomalyCode>;

export function archiveInvalid(
  label: string,
  what: string,
  facts: { anomalies?: readonly ArchiveAnomaly[] } & Record<string, unknown> = {},
  cause?: unknown,
): ArchiveError {
  return new ArchiveError(
    'ARCHIVE_INVALID',
    `reading artifact ${label}: ${what}; the artifact was not unpacked`,
    facts,
    cause === undefined ? {} : { cause },
  );
}

/** *Units:* `allowed` and `seen` in the limit's own unit (bytes, entries, unpacked ÷ packed). */
export function archiveTooLarge(
  label: string,
  limit: keyof ArchiveLimits,
  allowed: number,
  seen: number,
  what: string,
): ArchiveError {
  return new ArchiveError(
    'ARCHIVE_TOO_LARGE',
    `reading artifact ${label}: ${what} (limit ${limit} = ${allowed}); reading stopped and nothing of it is kept`,
    { limit, allowed, seen, anomaly: anomalyOfLimit[limit] },
  );
}
