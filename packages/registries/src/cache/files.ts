import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Layout of one cache directory, shared by any number of processes: `sha256/<aa>/<hex>` artifacts by content,
 * `records/<aa>/<hex>` answers by key, `tmp/` what is being written. A file appears under its final name complete or not at
 * all; what is read is verified, so a damaged file is a miss.
 *
 * Access time is the time of last use, modification time the time of fetching: both are set by us, not left to the kernel.
 */
export const folders = { blobs: 'sha256', records: 'records', temporary: 'tmp' } as const;

export function shardedPath(root: string, folder: string, hex: string): string {
  return join(root, folder, hex.slice(0, 2), hex);
}

/** Writes chunks to a temporary file; `nameOf` decides after the last one where the file goes, or throws to drop it. */
export async function writeAtomically(
  root: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  nameOf: () => string,
): Promise<void> {
  const temporary = join(root, folders.temporary, randomUUID());
  await mkdir(dirname(temporary), { recursive: true, mode: 0o700 });
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
    const path = nameOf();
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The value, or `undefined` when there is no such file. */
export async function orAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
