import { AppError, exitCodeOf, type KernelErrorCode } from '@assay/kernel/errors';

/** Exit codes that every command shares (shared/seams.md §8). */
export const exitCode = { done: 0, found: 1, usage: 2, failed: 3, interrupted: 130 } as const;

/** Codes of rooms that have their own union; everything else is our failure. */
const usageCodes = /^(PURL_|USAGE|ARCHIVE_)/;

export function exitCodeFor(error: unknown): number {
  if (!(error instanceof AppError)) return exitCode.failed;
  if (error.code in exitCodeOf) return exitCodeOf[error.code as KernelErrorCode];
  return usageCodes.test(error.code) ? exitCode.usage : exitCode.failed;
}
