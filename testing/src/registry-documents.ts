import { createHash } from 'node:crypto';
import { type ArchiveFile, packPackage } from './archives.ts';

/** One version as data. Whatever is left out is made up rightly: manifest, tarball, digests, time. */
export type PublishedVersion = {
  manifest?: Record<string, unknown>;
  /** Files beside `package.json`, packed deterministically. */
  files?: Readonly<Record<string, ArchiveFile>>;
  /** The tarball itself, instead of `files`. */
  tarball?: Uint8Array;
  /** Time of publication; `null` leaves it out of the packument. */
  time?: string | null;
  /** Digests to announce instead of the right ones; `null` leaves the member out. */
  integrity?: string | null;
  shasum?: string | null;
  /** Address to announce instead of the usual one. */
  tarballUrl?: string;
  /** Members to add to `dist`, e.g. `attestations`. */
  dist?: Readonly<Record<string, unknown>>;
};

export type PublishedPackage = {
  versions: Readonly<Record<string, PublishedVersion>>;
  /** Absent: `latest` is the version named last. */
  distTags?: Readonly<Record<string, string>>;
  maintainers?: readonly { name: string; email?: string }[];
  /** Members to add to or replace in the packument. */
  packument?: Readonly<Record<string, unknown>>;
};

export const tarballPath = (name: string, version: string) =>
  `/${name}/-/${name.replace(/^@[^/]+\//, '')}-${version}.tgz`;

export function tarballOf(name: string, version: string, published: PublishedVersion): Uint8Array {
  return published.tarball ?? packPackage({ name, version, ...published.manifest }, published.files);
}

/** The full packument. *Source:* npm's "Package Metadata" page. */
export function packumentOf(name: string, published: PublishedPackage, origin: string): Record<string, unknown> {
  const versions = Object.entries(published.versions);
  const times = versions.map(([version, { time }], index) => {
    return [version, time === undefined ? new Date(Date.UTC(2020, 0, 1 + index)).toISOString() : time] as const;
  });
  return {
    _id: name,
    name,
    'dist-tags': published.distTags ?? { latest: versions.at(-1)?.[0] },
    versions: Object.fromEntries(versions.map(([v, data]) => [v, versionOf(name, v, data, published, origin)])),
    time: Object.fromEntries(times.filter(([, time]) => time !== null)),
    maintainers: published.maintainers ?? [{ name: 'tester' }],
    readme: `# ${name}`,
    ...published.packument,
  };
}

function versionOf(name: string, version: string, data: PublishedVersion, all: PublishedPackage, origin: string) {
  const bytes = tarballOf(name, version, data);
  const scripts = data.manifest?.scripts as Record<string, string> | undefined;
  const hasInstallScript = ['preinstall', 'install', 'postinstall'].some((hook) => scripts?.[hook] !== undefined);
  const { integrity, shasum } = data;
  return {
    name,
    version,
    ...data.manifest,
    _id: `${name}@${version}`,
    maintainers: all.maintainers ?? [{ name: 'tester' }],
    ...(hasInstallScript ? { hasInstallScript } : {}),
    dist: {
      ...data.dist,
      ...(integrity === null ? {} : { integrity: integrity ?? `sha512-${digest('sha512', bytes).toString('base64')}` }),
      ...(shasum === null ? {} : { shasum: shasum ?? digest('sha1', bytes).toString('hex') }),
      tarball: data.tarballUrl ?? `${origin}${tarballPath(name, version)}`,
    },
  };
}

const abbreviatedMembers = (
  'name version deprecated dependencies optionalDependencies devDependencies bundleDependencies peerDependencies ' +
  'peerDependenciesMeta bin directories dist engines cpu os libc funding hasInstallScript _hasShrinkwrap'
).split(' ');

/** What `application/vnd.npm.install-v1+json` asks for: only what an installation needs. */
export function abbreviate(packument: Record<string, unknown>): Record<string, unknown> {
  const versions = packument.versions as Record<string, Record<string, unknown>>;
  const keep = (manifest: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(manifest).filter(([key]) => abbreviatedMembers.includes(key)));
  return {
    name: packument.name,
    modified: '2020-01-01T00:00:00.000Z',
    'dist-tags': packument['dist-tags'],
    versions: Object.fromEntries(Object.entries(versions).map(([version, manifest]) => [version, keep(manifest)])),
  };
}

function digest(algorithm: string, bytes: Uint8Array): Buffer {
  return createHash(algorithm).update(bytes).digest();
}
