import { type Clock, sha256 } from '@assay/kernel';
import type { RecordCache, StoredRecord } from '../cache/records.ts';
import { Coalescer } from './coalesce.ts';
import type { NpmConfig } from './config.ts';
import { allowanceUsedUp, packageNotFound } from './errors.ts';
import type { NpmLimits } from './limits.ts';
import { type Dist, distOf, type Packument, parsePackument } from './packument.ts';
import { PackumentMemory } from './packument-memory.ts';
import { packumentPath, tarballPath } from './paths.ts';
import { askRegistry, collect, type RegistryResponse } from './request.ts';

/** `abbreviated` is what an installation needs; `full` also has times, maintainers and whole manifests. */
export type PackumentVariant = 'full' | 'abbreviated';

export type StoredPackument = {
  packageName: string;
  /** Ready to serve: every tarball is below the base address. */
  body: Buffer;
  contentType: string;
  etag: string;
  fetchedAt: number;
  /** Where each version's tarball really is. Parsed on first use. */
  dists(): Readonly<Record<string, Dist>>;
};

/** Says whether the registry may be asked once more; each `true` is one question. */
export type Allowance = { take(): boolean };

export type Served<T> = { value: T; from: 'memory' | 'disk' | 'registry' };

type Head = { etag: string; contentType: string; bodyBytes: number; upstream: { etag?: string; modified?: string } };

const accepts: Record<PackumentVariant, string> = {
  full: 'application/json',
  abbreviated: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8',
};

export type PackumentStoreOptions = {
  config: NpmConfig;
  records: RecordCache;
  /** Address below which tarballs are served, with a trailing slash. */
  baseUrl: string;
  clock: Clock;
  limits: NpmLimits;
  signal: AbortSignal;
};

/** Packuments from memory, disk or the registry: fresh for `limits.freshMs`, then confirmed by their entity tag. */
export class PackumentStore {
  readonly #options: PackumentStoreOptions;
  readonly #memory: PackumentMemory<StoredPackument>;
  readonly #absentUntil = new Map<string, number>();
  readonly #loading = new Coalescer<Served<StoredPackument>>();

  constructor(options: PackumentStoreOptions) {
    this.#options = options;
    this.#memory = new PackumentMemory(options.limits.memoryBytes);
  }

  /** *Errors:* `PACKAGE_NOT_FOUND`, `REGISTRY_UNREACHABLE` (also when the allowance is used up), `INTERRUPTED`. */
  async get(packageName: string, variant: PackumentVariant, allowance?: Allowance): Promise<Served<StoredPackument>> {
    const key = this.#keyOf(packageName, variant);
    const name = JSON.stringify(key);
    const remembered = this.#memory.get(name);
    if (remembered !== undefined && this.#isFresh(remembered.fetchedAt)) return { value: remembered, from: 'memory' };
    if ((this.#absentUntil.get(name) ?? 0) > this.#options.clock.now()) {
      throw packageNotFound(packageName, this.#options.config.registryFor(packageName));
    }
    return await this.#loading.run(name, async () => {
      const loaded = await this.#load(packageName, variant, key, allowance);
      this.#memory.set(name, loaded.value, loaded.value.body.length);
      return loaded;
    });
  }

  /** A fresh packument of any variant that is at hand without reading or asking. */
  atHand(packageName: string): StoredPackument | undefined {
    const variants: PackumentVariant[] = ['abbreviated', 'full'];
    return variants
      .map((variant) => this.#memory.get(JSON.stringify(this.#keyOf(packageName, variant))))
      .find((packument) => packument !== undefined && this.#isFresh(packument.fetchedAt));
  }

  /** Milliseconds for which a packument may still be served without asking. */
  freshFor({ fetchedAt }: StoredPackument): number {
    return Math.max(0, fetchedAt + this.#options.limits.freshMs - this.#options.clock.now());
  }

  async settled(): Promise<void> {
    await this.#loading.settled();
  }

  async #load(
    packageName: string,
    variant: PackumentVariant,
    key: string[],
    allowance: Allowance | undefined,
  ): Promise<Served<StoredPackument>> {
    const { records, clock, config, limits } = this.#options;
    const record = await records.read(key);
    if (record !== undefined && this.#isFresh(record.fetchedAt)) {
      return { value: fromRecord(packageName, record), from: 'disk' };
    }
    if (allowance?.take() === false) throw allowanceUsedUp(packageName);
    const { etag, modified } = (record?.head as Head | undefined)?.upstream ?? {};
    const request = {
      url: `${config.registryFor(packageName)}${packumentPath(packageName)}`,
      packageName,
      headers: {
        accept: accepts[variant],
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
        ...(modified === undefined ? {} : { 'if-modified-since': modified }),
      },
      timeoutMs: limits.packumentTimeoutMs,
    };
    return await askRegistry(this.#options, request, async (response) => {
      const bytes = await collect(response.body, limits.maxPackumentBytes);
      const fetchedAt = clock.now();
      if (response.status === 404) throw this.#absent(packageName, key, fetchedAt);
      if (response.status === 304 && record !== undefined) {
        await records.confirm(key, fetchedAt);
        return { value: fromRecord(packageName, { ...record, fetchedAt }), from: 'registry' };
      }
      const made = this.#toRecord(packageName, bytes, response, fetchedAt);
      await records.write(key, made.head, made.body, fetchedAt);
      return { value: fromRecord(packageName, made), from: 'registry' };
    });
  }

  #toRecord(packageName: string, bytes: Buffer, response: RegistryResponse, fetchedAt: number): StoredRecord {
    const contentType = response.header('content-type');
    const packument = parsePackument(bytes, packageName, contentType);
    const dists: Record<string, Dist> = Object.create(null);
    for (const [version, manifest] of Object.entries(packument.versions)) {
      const dist = distOf(manifest);
      if (dist !== undefined) dists[version] = dist;
    }
    const body = withTarballsBelow(this.#options.baseUrl, packument, dists) ?? bytes;
    const [etag, modified] = [response.header('etag'), response.header('last-modified')];
    const head: Head = {
      etag: `"${sha256(body).slice(0, 32)}"`,
      contentType: contentType?.startsWith('application/vnd.npm.install-v1+json') ? contentType : 'application/json',
      bodyBytes: body.length,
      upstream: { ...(etag ? { etag } : {}), ...(modified ? { modified } : {}) },
    };
    return { fetchedAt, head, body: Buffer.concat([body, Buffer.from(JSON.stringify(dists))]) };
  }

  #absent(packageName: string, key: string[], now: number) {
    const { limits, config } = this.#options;
    // The oldest go when hostile code asks for endless names.
    const oldest = this.#absentUntil.size >= 1000 ? this.#absentUntil.keys().next().value : undefined;
    if (oldest !== undefined) this.#absentUntil.delete(oldest);
    this.#absentUntil.set(JSON.stringify(key), now + limits.absentMs);
    return packageNotFound(packageName, config.registryFor(packageName));
  }

  #keyOf(packageName: string, variant: PackumentVariant): string[] {
    const { config, baseUrl } = this.#options;
    const registry = config.registryFor(packageName);
    return ['npm-packument/1', registry, config.credentialsFor(packageName), baseUrl, packageName, variant];
  }

  /** A clock that went back makes an answer from the future, which is not fresh. */
  #isFresh(fetchedAt: number): boolean {
    const age = this.#options.clock.now() - fetchedAt;
    return age >= 0 && age < this.#options.limits.freshMs;
  }
}

/** The packument with its tarballs moved, or `undefined` when they are all there already and its own bytes will do. */
function withTarballsBelow(baseUrl: string, packument: Packument, dists: Record<string, Dist>): Buffer | undefined {
  const moved = Object.entries(dists).filter(([version, { tarball }]) => {
    return tarball !== `${baseUrl}${tarballPath(packument.name, version)}`;
  });
  if (moved.length === 0) return undefined;
  for (const [version] of moved) {
    const dist = packument.versions[version]?.dist as { tarball: string };
    dist.tarball = `${baseUrl}${tarballPath(packument.name, version)}`;
  }
  return Buffer.from(JSON.stringify(packument));
}

function fromRecord(packageName: string, { head, body, fetchedAt }: StoredRecord): StoredPackument {
  const { etag, contentType, bodyBytes } = head as Head;
  let dists: Record<string, Dist> | undefined;
  return {
    packageName,
    body: body.subarray(0, bodyBytes),
    contentType,
    etag,
    fetchedAt,
    dists: () => {
      dists ??= Object.assign(Object.create(null), JSON.parse(body.toString('utf8', bodyBytes))) as Record<
        string,
        Dist
      >;
      return dists;
    },
  };
}
