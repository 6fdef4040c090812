import { isUtf8 } from 'node:buffer';
import { quote } from './anomaly.ts';
import { archiveInvalid } from './errors.ts';
import { inspectJson } from './json-keys.ts';

/** Bounds of a manifest. The largest on the registry stay below 1 MiB; a store of JSON refuses deeper ones anyway. */
export const manifestLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 200 } as const;

/** Ways in which two readers of a manifest can see different things. */
export type ManifestNotice = {
  code: 'byte-order-mark' | 'duplicate-key' | 'not-utf8' | 'prototype-key';
  detail: string;
};

/** A package's own manifest. `name` and `version` are null when they are absent or no strings. */
export type PackageManifest = {
  name: string | null;
  version: string | null;
  manifest: Record<string, unknown>;
  notices: ManifestNotice[];
};

/**
 * Parses `package.json` as npm does (byte order mark dropped, last of duplicate keys) and notices what others may read
 * differently.
 *
 * *Errors:* `ArchiveError` `ARCHIVE_INVALID`: not JSON, not an object, or nested too deeply.
 */
export function parseNpmManifest(bytes: Buffer, label: string): PackageManifest {
  const notices: ManifestNotice[] = [];
  if (!isUtf8(bytes)) notices.push({ code: 'not-utf8', detail: 'package.json is not UTF-8' });
  let text = bytes.toString('utf8');
  if (text.startsWith('\ufeff')) {
    text = text.slice(1);
    notices.push({ code: 'byte-order-mark', detail: 'package.json begins with a byte order mark' });
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw archiveInvalid(label, 'its package.json is not JSON', {}, error);
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    throw archiveInvalid(label, 'its package.json is not an object');
  }
  const { duplicateKeys, depth } = inspectJson(text);
  if (depth > manifestLimits.maxDepth) {
    throw archiveInvalid(label, `its package.json nests ${depth} levels deep (limit ${manifestLimits.maxDepth})`);
  }
  for (const key of duplicateKeys) notices.push({ code: 'duplicate-key', detail: `${quote(key)} is there twice` });
  if (Object.hasOwn(manifest, '__proto__')) {
    notices.push({ code: 'prototype-key', detail: 'a member named "__proto__" changes objects it is merged into' });
  }
  const { name, version } = manifest as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : null,
    version: typeof version === 'string' ? version : null,
    manifest: manifest as Record<string, unknown>,
    notices,
  };
}
