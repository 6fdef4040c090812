import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Access, parseAddress } from './endpoint.ts';
import { VcsError } from './errors.ts';
import { Git, type SpawnGit } from './git.ts';
import type { VcsLimits } from './limits.ts';
import { takeLock } from './lock.ts';
import { Mirror } from './mirror.ts';

export type MirrorsOptions = {
  /** Absolute folder for mirrors only; made when it is not there. */
  cacheDir: string;
  /** Bytes that all mirrors together may hold on disk; looked at by `trim`, which `use` calls after every fetch. */
  maxCacheBytes: number;
  access: Access;
  limits: VcsLimits;
  spawn?: SpawnGit;
};

/** The mirrors of one cache folder. Any number of processes may share it. */
export class Mirrors {
  readonly #options: MirrorsOptions;
  readonly #git: Git;

  constructor(options: MirrorsOptions) {
    this.#options = options;
    this.#git = new Git(options);
  }

  /**
   * Opens the mirror of a repository, without contacting anybody; it cannot be evicted until it is closed.
   *
   * *Errors:* `PROTOCOL_REFUSED`, `ADDRESS_REFUSED` for what the address alone shows; `INTERRUPTED`.
   */
  async open(url: string, signal?: AbortSignal): Promise<Mirror> {
    const address = parseAddress(url, this.#options.access);
    const key = createHash('sha256').update(address.url).digest('hex').slice(0, 40);
    const { cacheDir } = this.#options;
    const locks = join(cacheDir, 'locks');
    const folder = join(cacheDir, 'mirrors', key);
    await mkdir(locks, { recursive: true, mode: 0o700 });
    const { lockDeadlineMs } = this.#git.limits;
    const use = await takeLock(this.#git, join(locks, `${key}.use`), 'shared', lockDeadlineMs, signal);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await utimes(folder, new Date(), new Date());
    const places = { folder, fetchLock: join(locks, `${key}.fetch`) };
    return new Mirror({ git: this.#git, access: this.#options.access, address, places, use });
  }

  /** Opens, works, closes, and keeps the cache below its size when something was fetched. */
  async use<T>(url: string, work: (mirror: Mirror) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const mirror = await this.open(url, signal);
    try {
      return await work(mirror);
    } finally {
      await mirror.close();
      if (mirror.hasFetched) await this.trim();
    }
  }

  /**
   * Removes the mirrors that were used longest ago until all together hold at most `maxCacheBytes`; those in use stay.
   * Returns the bytes that are left.
   */
  async trim(): Promise<number> {
    const { cacheDir, maxCacheBytes } = this.#options;
    const root = join(cacheDir, 'mirrors');
    const mirrors: { key: string; bytes: number; usedAtMs: number }[] = [];
    for (const key of await readdir(root).catch(() => [])) {
      const folder = join(root, key);
      if (key.startsWith('gone-')) await rm(folder, { recursive: true, force: true });
      else mirrors.push({ key, bytes: await bytesOf(folder), usedAtMs: (await stat(folder)).mtimeMs });
    }
    mirrors.sort((a, b) => a.usedAtMs - b.usedAtMs);
    let total = mirrors.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { key, bytes } of mirrors) {
      if (total <= maxCacheBytes) break;
      if (await this.#evict(root, key)) total -= bytes;
    }
    return total;
  }

  async #evict(root: string, key: string): Promise<boolean> {
    const file = join(this.#options.cacheDir, 'locks', `${key}.use`);
    const lock = await takeLock(this.#git, file, 'exclusive', 0).catch((error: unknown) => {
      // Somebody uses it: it is not what was used longest ago after all.
      if (error instanceof VcsError && error.code === 'DEADLINE_EXCEEDED') return undefined;
      throw error;
    });
    if (lock === undefined) return false;
    const gone = join(root, `gone-${key}-${process.pid}`);
    try {
      await rename(join(root, key), gone);
    } finally {
      await lock.release();
    }
    await rm(gone, { recursive: true, force: true });
    return true;
  }
}

async function bytesOf(folder: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // A temporary file may have been renamed meanwhile.
    total += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return total;
}
