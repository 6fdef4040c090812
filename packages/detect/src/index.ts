/**
 * Static reading of an artifact's files. Promises: pure functions of bytes, bounded, never run anything. A signal is what
 * stands there; a claim is made only where several signals together leave little room.
 */
export * from './hosts.ts';
export * from './javascript/detect.ts';
export * from './manifest.ts';
export * from './prose.ts';
export * from './reading.ts';
export * from './unicode.ts';
