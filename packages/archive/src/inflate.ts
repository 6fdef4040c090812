import { constants, createInflateRaw } from 'node:zlib';
import type { ByteReader } from './byte-reader.ts';

/** Unpacked bytes handed on at a time. */
const chunkSize = 64 * 1024;

/** How a deflate stream ended. `consumed` counts packed bytes. */
export type InflateEnd = { consumed: number; failure?: 'truncated' | 'corrupt'; detail?: string };

/**
 * Unpacks one raw deflate stream and leaves the reader at the first byte after it.
 *
 * *Shape:* yields unpacked chunks, each with the number of packed bytes consumed so far, so that the caller can stop a
 * bomb before the next chunk; fills `end` when it ends. A damaged stream is an end, not an error: what came before counts.
 * With `cutOff: 'accept'` a stream that stops early ends like any other, and its last bytes are there; the caller then
 * finds out by what should follow.
 */
export async function* inflate(
  reader: ByteReader,
  end: InflateEnd,
  cutOff: 'accept' | 'report',
): AsyncGenerator<{ bytes: Uint8Array; consumed: number }> {
  const finishFlush = cutOff === 'accept' ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
  const inflater = createInflateRaw({ chunkSize, finishFlush });
  let fed = 0;
  let last: Uint8Array = new Uint8Array(0);
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    const settle = () => {
      isOver = true;
      resolve();
    };
    inflater.once('end', settle).once('close', settle).once('error', settle);
  });
  const feed = async () => {
    while (!isOver) {
      const chunk = await reader.next();
      if (chunk === undefined) break;
      last = chunk;
      fed += chunk.length;
      await Promise.race([new Promise<void>((resolve) => inflater.write(chunk, () => resolve())), over]);
      // Only at the end of its stream does zlib leave input unused; its end event comes later.
      if (inflater.bytesWritten < fed) return;
    }
    if (!isOver) inflater.end();
  };
  const feeding = feed();
  feeding.catch((error: unknown) => inflater.destroy(error as Error));

  try {
    for await (const bytes of inflater) yield { bytes: bytes as Uint8Array, consumed: inflater.bytesWritten };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'Z_DATA_ERROR' && code !== 'Z_BUF_ERROR' && code !== 'Z_NEED_DICT') throw error;
    end.failure = code === 'Z_BUF_ERROR' ? 'truncated' : 'corrupt';
    end.detail = (error as Error).message;
  } finally {
    inflater.destroy();
  }
  await feeding;
  end.consumed = inflater.bytesWritten;
  reader.pushBack(last.subarray(Math.max(0, last.length - (fed - end.consumed))));
}
