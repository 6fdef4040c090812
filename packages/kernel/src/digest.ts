import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** 64 lower-case hex digits. */
export type Sha256 = string & { readonly __brand: 'Sha256' };

export function sha256(bytes: Uint8Array | string): Sha256 {
  return createHash('sha256').update(bytes).digest('hex') as Sha256;
}

export function isSha256(text: string): text is Sha256 {
  return /^[0-9a-f]{64}$/.test(text);
}

/** Digest of a JSON value in canonical form (RFC 8785): key order and spacing do not count. */
export function jsonDigest(value: unknown): `sha256:${string}` {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return `sha256:${sha256(text)}`;
}
