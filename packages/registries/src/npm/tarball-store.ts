import { KernelError, type Sha256 } from '@assay/kernel';
import type { BlobCache } from '../cache/blobs.ts';
import type { RecordCache } from '../cache/records.ts';
import { Coalescer } from './coalesce.ts';
import type { NpmConfig } from './config.ts';
import { allowanceUsedUp, versionNotFound } from './errors.ts';
import { integrityCheck } from './integrity.ts';
import type { NpmLimits } from './limits.ts';
import type { Dist } from './packument.ts';
import type { Allowance, Served } from './packument-store.ts';
import { askRegistry, collect, NoAnswer, type RegistryResponse } from './request.ts';
import { tarballAddress } from './tarball-address.ts';

export type StoredTarball = {
  /** In the cache: read it, never write it. */
  path: string;
  sha256: Sha256;
  sizeBytes: number;
  /** Algorithm of the registry's digest that the bytes were checked against. */
  verifiedBy: string;
};

export type TarballStoreOptions = {
  config: NpmConfig;
  records: RecordCache;
  blobs: BlobCache;
  limits: NpmLimits;
  signal: AbortSignal;
  clock: { now(): number };
};

type Head = { sha256: Sha256; verifiedBy: string };

/** Tarballs by what the registry announced of them; bytes that differ from it are never stored. */
export class TarballStore {
  readonly #options: TarballStoreOptions;
  readonly #loading = new Coalescer<Served<StoredTarball>>();

  constructor(options: TarballStoreOptions) {
    this.#options = options;
  }

  /** *Errors:* `DIGEST_MISMATCH`, `ARCHIVE_TOO_LARGE`, `VERSION_NOT_FOUND`, `REGISTRY_UNREACHABLE`, `INTERRUPTED`. */
  async get(packageName: string, version: string, dist: Dist, allowance?: Allowance): Promise<Served<StoredTarball>> {
    const url = tarballAddress(dist.tarball, packageName, this.#options.config);
    // Whose credentials were sent is no part of the key: the digest names the bytes whoever fetched them.
    const key = ['npm-tarball/1', url, dist.integrity ?? '', dist.integrity === undefined ? (dist.shasum ?? '') : ''];
    return await this.#loading.run(JSON.stringify(key), async () => {
      const head = (await this.#options.records.read(key))?.head as Head | undefined;
      const found = head && (await this.#options.blobs.find(head.sha256));
      if (found !== undefined) return { value: { ...head, ...found } as StoredTarball, from: 'disk' };
      if (allowance?.take() === false) throw allowanceUsedUp(packageName);
      return { value: await this.#download(packageName, version, { ...dist, tarball: url }, key), from: 'registry' };
    });
  }

  async settled(): Promise<void> {
    await this.#loading.settled();
  }

  async #download(packageName: string, version: string, dist: Dist, key: string[]): Promise<StoredTarball> {
    const { blobs, records, limits, clock } = this.#options;
    const subject = `${packageName}@${version}`;
    const request = { url: dist.tarball, packageName, timeoutMs: limits.tarballTimeoutMs };
    const head = await askRegistry(this.#options, request, async (response): Promise<Head> => {
      if (response.status === 404) throw versionNotFound(packageName, version, 'its tarball is gone');
      await refusePage(response);
      const check = integrityCheck(dist, subject);
      const { sha256 } = await blobs.write(bounded(response.body, limits.maxTarballBytes, subject), check);
      return { sha256, verifiedBy: check.algorithm };
    });
    await records.write(key, head, Buffer.alloc(0), clock.now());
    const found = await blobs.find(head.sha256);
    if (found === undefined) throw new Error(`${subject} left the cache while it was being stored`);
    return { ...head, ...found };
  }
}

/** A page in place of a tarball is a captive portal or an error, not a wrong artifact. */
async function refusePage(response: RegistryResponse): Promise<void> {
  const contentType = response.header('content-type') ?? '';
  if (!contentType.startsWith('text/html')) return;
  await collect(response.body, 65_536);
  throw new NoAnswer('it answered with text/html instead of a tarball', true);
}

async function* bounded(body: AsyncIterable<Uint8Array>, maxBytes: number, subject: string) {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new KernelError('ARCHIVE_TOO_LARGE', `${subject} is larger than ${maxBytes} bytes`, { subject, maxBytes });
    }
    yield chunk;
  }
}
