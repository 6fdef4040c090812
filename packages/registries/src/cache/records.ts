import { readFile, rm, stat, utimes } from 'node:fs/promises';
import { type Clock, type Sha256, sha256 } from '@assay/kernel';
import type { CacheBudget } from './budget.ts';
import { folders, orAbsent, shardedPath, writeAtomically } from './files.ts';

export type StoredRecord = {
  /** When it was fetched or last confirmed, in milliseconds since the epoch. */
  fetchedAt: number;
  head: unknown;
  body: Buffer;
};

/**
 * Registry answers by key: a JSON head and a body, under a digest of both.
 *
 * The key is an array of strings; everything an answer depends on must be in it (registry, credentials, name, variant).
 */
export class RecordCache {
  readonly #root: string;
  readonly #budget: CacheBudget;
  readonly #clock: Clock;

  constructor(root: string, budget: CacheBudget, clock: Clock) {
    this.#root = root;
    this.#budget = budget;
    this.#clock = clock;
  }

  async read(key: readonly string[]): Promise<StoredRecord | undefined> {
    const path = this.#pathOf(key);
    const found = await orAbsent(Promise.all([readFile(path), stat(path)]));
    if (found === undefined) return undefined;
    const [bytes, { mtime, mtimeMs }] = found;
    const parsed = parseRecord(bytes);
    if (parsed === undefined) {
      await rm(path, { force: true });
      return undefined;
    }
    await orAbsent(utimes(path, new Date(this.#clock.now()), mtime));
    return { ...parsed, fetchedAt: mtimeMs };
  }

  async write(key: readonly string[], head: unknown, body: Uint8Array, fetchedAt: number): Promise<void> {
    const path = this.#pathOf(key);
    const headLine = Buffer.from(`${JSON.stringify(head)}\n`);
    const content = Buffer.concat([headLine, body]);
    await writeAtomically(this.#root, [Buffer.from(`${sha256(content)}\n`), content], () => path);
    await this.confirm(key, fetchedAt);
    this.#budget.wrote(content.length);
  }

  /** The registry says that the record is still right at `fetchedAt`. */
  async confirm(key: readonly string[], fetchedAt: number): Promise<void> {
    await orAbsent(utimes(this.#pathOf(key), new Date(this.#clock.now()), new Date(fetchedAt)));
  }

  #pathOf(key: readonly string[]): string {
    return shardedPath(this.#root, folders.records, sha256(JSON.stringify(key)));
  }
}

const digestLength = 64;

function parseRecord(bytes: Buffer): Pick<StoredRecord, 'head' | 'body'> | undefined {
  const content = bytes.subarray(digestLength + 1);
  if (bytes.toString('latin1', 0, digestLength) !== (sha256(content) as Sha256)) return undefined;
  const newline = content.indexOf('\n');
  return { head: JSON.parse(content.toString('utf8', 0, newline)), body: content.subarray(newline + 1) };
}
