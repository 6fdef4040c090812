import type { ResolvedNpm } from './resolve.ts';
import type { NpmSource } from './source.ts';
import type { StoredTarball } from './tarball-store.ts';

export type FetchedNpm = StoredTarball & {
  /** As the registry protocol names it: `name-1.0.0.tgz`. */
  fileName: string;
  /** Whether the bytes came from the registry just now or were kept from before. */
  isCached: boolean;
};

/**
 * Brings the tarball of a resolved version into the cache, verified against what the registry announced of it.
 *
 * *Errors:* `DIGEST_MISMATCH`, `ARCHIVE_TOO_LARGE`, `VERSION_NOT_FOUND` (the tarball is gone), `REGISTRY_UNREACHABLE`,
 * `INTERRUPTED`.
 */
export async function fetchNpm(
  source: NpmSource,
  { packageName, version, dist }: Pick<ResolvedNpm, 'packageName' | 'version' | 'dist'>,
  signal?: AbortSignal,
): Promise<FetchedNpm> {
  const { value, from } = await source.tarball(packageName, version, dist, signal === undefined ? {} : { signal });
  const fileName = `${packageName.slice(packageName.indexOf('/') + 1)}-${version}.tgz`;
  return { ...value, fileName, isCached: from !== 'registry' };
}
