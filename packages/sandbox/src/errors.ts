import { AppError } from '@assay/kernel';

export type SandboxErrorCode =
  /** A wall or a channel is missing on this machine; never replaced by a weaker one. */
  | 'ISOLATION_UNAVAILABLE'
  /** The sandbox died under us (killed from outside, out of memory). */
  | 'SANDBOX_LOST';

export class SandboxError extends AppError<SandboxErrorCode> {}
