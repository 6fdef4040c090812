import { NoAnswer } from './request.ts';

/** A registry's document about a package, as far as we read it; other members are kept. All of it is hostile text. */
export type Packument = {
  name: string;
  versions: Record<string, Manifest>;
  'dist-tags': Record<string, string>;
  /** RFC 3339 by version; only in full packuments. `created`, `modified` and `unpublished` lie among the versions. */
  time: Record<string, unknown>;
  maintainers: { name: string; email?: string }[];
};

/** A version's manifest as the registry tells it: what npm installs by, not what is in the tarball. */
export type Manifest = {
  name: string;
  version: string;
  deprecated?: unknown;
  dist?: unknown;
  [member: string]: unknown;
};

/** Where a version's tarball is and what it must be. At least one of the digests is needed to accept it. */
export type Dist = { tarball: string; integrity?: string; shasum?: string };

/**
 * Reads a packument from the bytes of an answer.
 *
 * *Errors:* `NoAnswer` when it is not one (HTML, an error page, another package's document): asking again may help.
 */
export function parsePackument(bytes: Buffer, packageName: string, contentType?: string): Packument {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new NoAnswer(`it answered with ${contentType ?? 'something'} that is not JSON`, true, { cause });
  }
  if (!isRecord(value) || value.name !== packageName) {
    throw new NoAnswer(`it answered with JSON that is not the packument of ${packageName}`, true);
  }
  const versions = isRecord(value.versions) ? value.versions : {};
  return {
    ...value,
    name: packageName,
    versions: onlyEntries(versions, isManifest),
    'dist-tags': onlyEntries(isRecord(value['dist-tags']) ? value['dist-tags'] : {}, isString),
    time: isRecord(value.time) ? value.time : {},
    maintainers: Array.isArray(value.maintainers) ? value.maintainers.filter(isMaintainer) : [],
  };
}

/** The `dist` of a manifest, or `undefined` when it names no tarball. */
export function distOf(manifest: Manifest): Dist | undefined {
  const { dist } = manifest;
  if (!isRecord(dist) || typeof dist.tarball !== 'string') return undefined;
  return {
    tarball: dist.tarball,
    ...(typeof dist.integrity === 'string' && dist.integrity !== '' ? { integrity: dist.integrity } : {}),
    ...(typeof dist.shasum === 'string' && dist.shasum !== '' ? { shasum: dist.shasum } : {}),
  };
}

/** When a version was published, in milliseconds since the epoch. */
export function publishedAt(packument: Pick<Packument, 'time'>, version: string): number | undefined {
  const time = Object.hasOwn(packument.time, version) ? packument.time[version] : undefined;
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function onlyEntries<T>(record: Record<string, unknown>, is: (value: unknown) => value is T): Record<string, T> {
  // Without a prototype: a version or tag named `__proto__` or `constructor` is a name like any other.
  const kept = Object.create(null) as Record<string, T>;
  for (const [key, value] of Object.entries(record)) if (is(value)) kept[key] = value;
  return kept;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isManifest(value: unknown): value is Manifest {
  return isRecord(value) && typeof value.name === 'string' && typeof value.version === 'string';
}

function isMaintainer(value: unknown): value is { name: string; email?: string } {
  return isRecord(value) && typeof value.name === 'string' && (value.email === undefined || isString(value.email));
}
