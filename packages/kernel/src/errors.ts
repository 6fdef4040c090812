/**
 * The one base of every error this product throws. A verdict is data, the subject's own failure is data;
 * only *our* failure, or bad input, is thrown.
 */
export abstract class AppError<Code extends string = string> extends Error {
  readonly code: Code;
  /** Machine-readable values. Never secrets, never unescaped package text. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: Code, message: string, facts: Record<string, unknown> = {}, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.facts = facts;
  }
}

/** Codes that cross rooms; each surface has its own word for them (shared/seams.md §3). */
export type KernelErrorCode =
  | 'PACKAGE_NOT_FOUND'
  | 'VERSION_NOT_FOUND'
  | 'REGISTRY_UNREACHABLE'
  | 'DIGEST_MISMATCH'
  | 'ARCHIVE_INVALID'
  | 'ARCHIVE_TOO_LARGE'
  | 'ISOLATION_UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'INTERRUPTED'
  | 'USAGE';

export class KernelError extends AppError<KernelErrorCode> {}

/** Command-line exit code of each kernel code: 2 bad input, 3 our failure or something that could not be measured. */
export const exitCodeOf = {
  PACKAGE_NOT_FOUND: 3,
  VERSION_NOT_FOUND: 3,
  REGISTRY_UNREACHABLE: 3,
  DIGEST_MISMATCH: 3,
  ARCHIVE_INVALID: 2,
  ARCHIVE_TOO_LARGE: 2,
  ISOLATION_UNAVAILABLE: 3,
  DEADLINE_EXCEEDED: 3,
  INTERRUPTED: 130,
  USAGE: 2,
} as const satisfies Record<KernelErrorCode, number>;
