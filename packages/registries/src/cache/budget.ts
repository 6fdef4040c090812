import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@assay/kernel';
import { folders, orAbsent } from './files.ts';

export type CacheBudgetOptions = {
  root: string;
  /** Bytes that the cache may hold on disk. */
  maxBytes: number;
};

/** Another process measured the cache within this time: what we wrote since is too little to matter. */
const remeasureAfterMs = 3_600_000;
/** A temporary file this old belongs to a process that died. */
const abandonedAfterMs = 3_600_000;
/** Room made beyond the limit, so that not every write trims. */
const keptShare = 0.9;

/**
 * Keeps the cache below its size by removing what was used longest ago, behind the back of whoever writes. Goes by the
 * system's clock whatever clock its users have: that is the one the file system stamps files with.
 */
export class CacheBudget {
  readonly #options: CacheBudgetOptions;
  #unmeasuredBytes = 0;
  #hasLooked = false;
  #trimming: Promise<void> = Promise.resolve();

  constructor(options: CacheBudgetOptions) {
    this.#options = options;
  }

  /** Tells that `bytes` were added. Trims in the background when it is time. */
  wrote(bytes: number): void {
    this.#unmeasuredBytes += bytes;
    const isMuch = this.#unmeasuredBytes > this.#options.maxBytes / 100;
    if (this.#hasLooked && !isMuch) return;
    this.#hasLooked = true;
    this.#unmeasuredBytes = 0;
    this.#trimming = this.#trimming.then(async () => {
      // Trimming is housekeeping: when it fails (a vanished folder, a full disk), the cache still answers rightly.
      await this.#trimIfDue(isMuch).catch(() => undefined);
    });
  }

  /** Resolves when no trimming is under way. */
  async settled(): Promise<void> {
    await this.#trimming;
  }

  async #trimIfDue(isMuch: boolean): Promise<void> {
    const { root } = this.#options;
    const stamp = join(root, 'measured');
    const last = await orAbsent(stat(stamp));
    const age = systemClock.now() - (last?.mtimeMs ?? 0);
    if (!isMuch && age >= 0 && age < remeasureAfterMs) return;
    await mkdir(root, { recursive: true, mode: 0o700 });
    await writeFile(stamp, '', { mode: 0o600 });
    await trimCache(this.#options);
  }
}

/** Removes the least recently used files until the cache holds at most `maxBytes`; returns the bytes that are left. */
export async function trimCache({ root, maxBytes }: CacheBudgetOptions): Promise<number> {
  await removeAbandoned(join(root, folders.temporary));
  const files = [...(await listShards(join(root, folders.blobs))), ...(await listShards(join(root, folders.records)))];
  let total = files.reduce((sum, { size }) => sum + size, 0);
  if (total <= maxBytes) return total;
  files.sort((a, b) => a.usedAt - b.usedAt);
  for (const { path, size } of files) {
    if (total <= maxBytes * keptShare) break;
    await rm(path, { force: true });
    total -= size;
  }
  return total;
}

async function listShards(folder: string): Promise<{ path: string; size: number; usedAt: number }[]> {
  const files: { path: string; size: number; usedAt: number }[] = [];
  for (const shard of (await orAbsent(readdir(folder))) ?? []) {
    for (const name of (await orAbsent(readdir(join(folder, shard)))) ?? []) {
      const path = join(folder, shard, name);
      const found = await orAbsent(stat(path));
      if (found?.isFile()) files.push({ path, size: found.size, usedAt: Math.max(found.atimeMs, found.mtimeMs) });
    }
  }
  return files;
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of (await orAbsent(readdir(folder))) ?? []) {
    const path = join(folder, name);
    const found = await orAbsent(stat(path));
    if (found !== undefined && systemClock.now() - found.mtimeMs > abandonedAfterMs) await rm(path, { force: true });
  }
}
