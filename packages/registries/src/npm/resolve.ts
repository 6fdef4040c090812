import { KernelError } from '@assay/kernel';
import { versionNotFound } from './errors.ts';
import { type Dist, distOf, type Manifest, type Packument, parsePackument, publishedAt } from './packument.ts';
import { NoAnswer } from './request.ts';
import type { NpmSource } from './source.ts';

export type NpmTarget = {
  packageName: string;
  /** Exact; absent = `dist-tags.latest`. */
  version?: string;
};

export type ResolvedNpm = {
  packageName: string;
  version: string;
  dist: Dist;
  manifest: Manifest;
  /** Milliseconds since the epoch; absent when the registry does not say. */
  publishedAt?: number;
  /** The reason that the maintainers give. */
  deprecated?: string;
  maintainers: { name: string; email?: string }[];
  /** Every version that can be had, in the registry's order. */
  versions: { version: string; publishedAt?: number; isDeprecated: boolean }[];
  /** The whole document, for comparing with earlier versions. */
  packument: Packument;
  /** Registry that answered, with a trailing slash. */
  registry: string;
  /** Whether credentials for that registry are configured: then the answer may not be public. */
  usedCredentials: boolean;
};

/**
 * Finds the exact version that a target means, and what the registry says of it.
 *
 * *Errors:* `PACKAGE_NOT_FOUND`, `VERSION_NOT_FOUND` (also when it was removed), `REGISTRY_UNREACHABLE`, `INTERRUPTED`.
 * *Source:* package-analysis contract §2, "Resolution".
 */
export async function resolveNpm(source: NpmSource, target: NpmTarget, signal?: AbortSignal): Promise<ResolvedNpm> {
  const { packageName } = target;
  const { value: stored } = await source.packument(packageName, 'full', signal === undefined ? {} : { signal });
  const packument = readStored(stored.body, packageName);
  const version = target.version ?? packument['dist-tags'].latest;
  if (version === undefined) throw versionNotFound(packageName, 'latest', whyAbsent(packument, undefined));
  const manifest = packument.versions[version];
  const dist = stored.dists()[version];
  if (manifest === undefined) throw versionNotFound(packageName, version, whyAbsent(packument, version));
  if (dist === undefined || distOf(manifest) === undefined) {
    throw versionNotFound(packageName, version, 'the registry lists no tarball of it');
  }
  const published = publishedAt(packument, version);
  const deprecated = reasonOf(manifest);
  return {
    packageName,
    version,
    dist,
    manifest: { ...manifest, dist: { ...(manifest.dist as object), tarball: dist.tarball } },
    ...(published === undefined ? {} : { publishedAt: published }),
    ...(deprecated === undefined ? {} : { deprecated }),
    maintainers: packument.maintainers,
    versions: Object.entries(packument.versions).map(([each, { deprecated: mark }]) => {
      const at = publishedAt(packument, each);
      return { version: each, ...(at === undefined ? {} : { publishedAt: at }), isDeprecated: isMarked(mark) };
    }),
    packument,
    registry: source.config.registryFor(packageName),
    usedCredentials: source.config.credentialsFor(packageName) !== 'none',
  };
}

/** The stored body passed `parsePackument` when it was fetched. */
function readStored(body: Buffer, packageName: string): Packument {
  try {
    return parsePackument(body, packageName);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw new KernelError('REGISTRY_UNREACHABLE', error.message, { packageName }, { cause: error });
  }
}

function whyAbsent(packument: Packument, version: string | undefined): string {
  if (packument.time.unpublished !== undefined) return 'the package was unpublished';
  if (version === undefined) return 'the registry names no latest version';
  if (Object.hasOwn(packument.time, version)) return 'it was published once and removed since';
  return 'the registry does not list it';
}

// `deprecated: ""` and `false` take the mark back (npm deprecate).
function isMarked(deprecated: unknown): boolean {
  return deprecated === true || (typeof deprecated === 'string' && deprecated !== '');
}

function reasonOf({ deprecated }: Manifest): string | undefined {
  if (!isMarked(deprecated)) return undefined;
  return typeof deprecated === 'string' ? deprecated : 'deprecated without a reason';
}
