import type { Clock } from '@assay/kernel';
import { BlobCache } from '../cache/blobs.ts';
import { CacheBudget } from '../cache/budget.ts';
import { RecordCache } from '../cache/records.ts';
import { unlessAborted } from './coalesce.ts';
import type { NpmConfig } from './config.ts';
import { versionNotFound } from './errors.ts';
import type { NpmLimits } from './limits.ts';
import type { Dist } from './packument.ts';
import {
  type Allowance,
  PackumentStore,
  type PackumentVariant,
  type Served,
  type StoredPackument,
} from './packument-store.ts';
import { type StoredTarball, TarballStore } from './tarball-store.ts';

export type NpmSourceOptions = {
  config: NpmConfig;
  /** Folder of the cache; may be shared with other processes. */
  cacheDir: string;
  clock: Clock;
  limits: NpmLimits;
  /** Address below which the packuments that are served say tarballs are; absent: the default registry. */
  baseUrl?: string;
};

export type AskOptions = { signal?: AbortSignal; allowance?: Allowance };

/**
 * The npm registries that the user has configured, read through one cache on disk. What resolves and fetches for us and
 * the mirror that sandboxes see use the same one, so that nothing is fetched twice.
 */
export class NpmSource {
  readonly config: NpmConfig;
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly #closing = new AbortController();
  readonly #budget: CacheBudget;
  readonly #packuments: PackumentStore;
  readonly #tarballs: TarballStore;

  constructor({ config, cacheDir: root, clock, limits, baseUrl = config.registry }: NpmSourceOptions) {
    this.config = config;
    this.baseUrl = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
    this.clock = clock;
    this.#budget = new CacheBudget({ root, maxBytes: limits.cacheBytes });
    const records = new RecordCache(root, this.#budget, clock);
    const blobs = new BlobCache(root, this.#budget, clock);
    const common = { config, records, limits, clock, signal: this.#closing.signal };
    this.#packuments = new PackumentStore({ ...common, baseUrl: this.baseUrl });
    this.#tarballs = new TarballStore({ ...common, blobs });
  }

  /** *Errors:* `PACKAGE_NOT_FOUND`, `REGISTRY_UNREACHABLE`, `INTERRUPTED`. */
  async packument(name: string, variant: PackumentVariant, options: AskOptions = {}): Promise<Served<StoredPackument>> {
    return await unlessAborted(this.#packuments.get(name, variant, options.allowance), options.signal);
  }

  /** Milliseconds for which a packument may still be served without asking again. */
  freshFor(packument: StoredPackument): number {
    return this.#packuments.freshFor(packument);
  }

  /**
   * A tarball whose `dist` is known.
   *
   * *Errors:* those of `packument`, `VERSION_NOT_FOUND`, `DIGEST_MISMATCH`, `ARCHIVE_TOO_LARGE`.
   */
  async tarball(name: string, version: string, dist: Dist, options: AskOptions = {}): Promise<Served<StoredTarball>> {
    return await unlessAborted(this.#tarballs.get(name, version, dist, options.allowance), options.signal);
  }

  /** A tarball by name and version, as the registry protocol asks for it. *Errors:* as `tarball`. */
  async tarballOf(name: string, version: string, options: AskOptions = {}): Promise<Served<StoredTarball>> {
    // Both variants have what is needed: whichever the client asked for before is at hand.
    const packument = this.#packuments.atHand(name) ?? (await this.packument(name, 'abbreviated', options)).value;
    const dist = packument.dists()[version];
    if (dist === undefined) throw versionNotFound(name, version, 'the registry does not list it');
    return await this.tarball(name, version, dist, options);
  }

  /** Ends what is under way and waits for it, so that no temporary file is left behind. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#packuments.settled(), this.#tarballs.settled()]);
    await this.#budget.settled();
  }
}
