import { AppError, KernelError } from '@assay/kernel';

/**
 * `REPOSITORY_NOT_FOUND` the host says there is none (or none for us) · `REPOSITORY_UNREACHABLE` no usable answer ·
 * `REF_NOT_FOUND` the repository has no such ref or commit · `QUOTA_EXCEEDED` a limit on bytes or counts ended it ·
 * `DEADLINE_EXCEEDED` a limit on time did · `ADDRESS_REFUSED` the host, or one it redirects to, is not a public address
 * or not an allowed host · `PROTOCOL_REFUSED` the address has a scheme or parts that are not allowed ·
 * `REPOSITORY_INVALID` what answered is not a sound repository.
 */
export type VcsErrorCode =
  | 'REPOSITORY_NOT_FOUND'
  | 'REPOSITORY_UNREACHABLE'
  | 'REF_NOT_FOUND'
  | 'QUOTA_EXCEEDED'
  | 'DEADLINE_EXCEEDED'
  | 'ADDRESS_REFUSED'
  | 'PROTOCOL_REFUSED'
  | 'REPOSITORY_INVALID';

/** `facts` may hold `said`: up to 300 characters of a hostile server's or of git's own words, escaped. */
export class VcsError extends AppError<VcsErrorCode> {}

/** A stranger's text made fit for a message or a log: escaped, at most 300 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 300)).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** *Errors:* `INTERRUPTED` when `signal` has aborted. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new KernelError('INTERRUPTED', 'interrupted', {}, { cause: signal.reason });
}
