import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat, utimes } from 'node:fs/promises';
import { type Clock, isSha256, type Sha256 } from '@assay/kernel';
import type { CacheBudget } from './budget.ts';
import { folders, orAbsent, shardedPath, writeAtomically } from './files.ts';

export type StoredBlob = { sha256: Sha256; sizeBytes: number };

/** Artifacts addressed by their content (shared seams §6: `sha256/<aa>/<hex>`). */
export class BlobCache {
  readonly #root: string;
  readonly #budget: CacheBudget;
  readonly #clock: Clock;
  /** Files whose content was hashed by this process, by what `stat` said then: rereading needs no second hash. */
  readonly #verified = new Map<Sha256, string>();

  constructor(root: string, budget: CacheBudget, clock: Clock) {
    this.#root = root;
    this.#budget = budget;
    this.#clock = clock;
  }

  /**
   * Stores what `chunks` yields. `check` sees each chunk as it passes and may refuse the whole at the end by throwing;
   * then nothing is stored.
   */
  async write(
    chunks: AsyncIterable<Uint8Array>,
    check: { update(chunk: Uint8Array): void; end(): void },
  ): Promise<StoredBlob> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let sha256 = '' as Sha256;
    async function* passing() {
      for await (const chunk of chunks) {
        hash.update(chunk);
        check.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    }
    await writeAtomically(this.#root, passing(), () => {
      check.end();
      sha256 = hash.digest('hex') as Sha256;
      return this.#pathOf(sha256);
    });
    this.#budget.wrote(sizeBytes);
    return { sha256, sizeBytes };
  }

  /** Path of the blob, its content verified; `undefined` when it is missing or damaged (then it is removed). */
  async find(sha256: string): Promise<{ path: string; sizeBytes: number } | undefined> {
    if (!isSha256(sha256)) return undefined;
    const path = this.#pathOf(sha256);
    const found = await orAbsent(stat(path));
    if (found === undefined) return undefined;
    const identity = `${found.ino}:${found.size}:${found.mtimeMs}`;
    if (this.#verified.get(sha256) !== identity) {
      if ((await orAbsent(hashFile(path))) !== sha256) {
        await rm(path, { force: true });
        return undefined;
      }
      this.#verified.set(sha256, identity);
      await orAbsent(utimes(path, new Date(this.#clock.now()), found.mtime));
    }
    return { path, sizeBytes: found.size };
  }

  #pathOf(sha256: Sha256): string {
    return shardedPath(this.#root, folders.blobs, sha256);
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
