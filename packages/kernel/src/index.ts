/**
 * The words and laws that every room shares: purl, digest, outcome, event, signal, finding, verdict, errors, limits, clock.
 * No I/O. Nothing of ours is imported here.
 */
export * from './clock.ts';
export * from './digest.ts';
export * from './ecosystem.ts';
export * from './errors.ts';
export * from './event.ts';
export * from './finding.ts';
export * from './limitation.ts';
export * from './limits.ts';
export * from './outcome.ts';
export * from './purl-error.ts';
export * from './severity.ts';
export * from './signal.ts';
export * from './verdict.ts';
