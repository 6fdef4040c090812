import type { FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

/** Bytes with random access. `read` returns exactly `length` bytes, or fewer at the end of the source. */
export type ZipSource = { readonly size: number; read(offset: number, length: number): Promise<Buffer> };

export function zipSourceOfBytes(bytes: Uint8Array): ZipSource {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { size: bytes.length, read: (offset, length) => Promise.resolve(buffer.subarray(offset, offset + length)) };
}

/** Read ahead, so that the many small reads of headers do not each become a system call. */
const windowBytes = 64 * 1024;

/** *Shape:* `size` is the file's size when it was opened; a file that shrinks meanwhile reads short. */
export function zipSourceOfFile(file: FileHandle, size: number): ZipSource {
  let window: Buffer = Buffer.alloc(0);
  let windowStart = 0;
  const fill = async (offset: number, length: number): Promise<Buffer> => {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  };
  return {
    size,
    async read(offset, wanted) {
      const length = Math.max(0, Math.min(wanted, size - offset));
      if (length > windowBytes) return fill(offset, length);
      if (offset < windowStart || offset + length > windowStart + window.length) {
        window = await fill(offset, Math.min(windowBytes, size - offset));
        windowStart = offset;
      }
      return window.subarray(offset - windowStart, offset - windowStart + length);
    },
  };
}

/** Bytes between two pauses in which timers and signals get their turn: memory alone never waits for anything. */
const bytesPerPause = 4 * 1024 * 1024;

/** The source in pieces, from `start` to `end`. */
export async function* piecesOf(source: ZipSource, start: number, end: number): AsyncGenerator<Buffer> {
  let untilPause = bytesPerPause;
  for (let at = start; at < end; ) {
    if (untilPause <= 0) {
      await setImmediate();
      untilPause = bytesPerPause;
    }
    const piece = await source.read(at, Math.min(windowBytes, end - at));
    if (piece.length === 0) return;
    at += piece.length;
    untilPause -= piece.length;
    yield piece;
  }
}
