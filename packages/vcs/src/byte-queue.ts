import type { Readable } from 'node:stream';
import { VcsError } from './errors.ts';

const maxLineBytes = 4096;

/** Takes a byte stream apart: lines and counted pieces, in order. *Errors:* `REPOSITORY_INVALID` when it ends first. */
export class ByteQueue {
  readonly #chunks: Buffer[] = [];
  #held = 0;
  #isEnded = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#held += chunk.length;
      this.#wake?.();
    });
    stream.once('close', () => {
      this.#isEnded = true;
      this.#wake?.();
    });
  }

  /** Up to the next line feed, without it. */
  async line(): Promise<string> {
    for (;;) {
      const first = this.#chunks[0];
      const end = first?.indexOf(10) ?? -1;
      if (first !== undefined && end !== -1) {
        this.#chunks[0] = first.subarray(end + 1);
        this.#held -= end + 1;
        if (end + 1 === first.length) this.#chunks.shift();
        return first.toString('utf8', 0, end);
      }
      if ((first?.length ?? 0) > maxLineBytes) throw new VcsError('REPOSITORY_INVALID', 'git printed an endless line');
      if (this.#chunks.length > 1) this.#chunks.splice(0, 2, Buffer.concat(this.#chunks.slice(0, 2)));
      else await this.#more();
    }
  }

  /** Exactly `size` bytes, in memory of their own. */
  async take(size: number): Promise<Buffer> {
    while (this.#held < size) await this.#more();
    const bytes = Buffer.allocUnsafe(size);
    let filled = 0;
    while (filled < size) {
      const chunk = this.#chunks[0] ?? Buffer.alloc(0);
      const part = chunk.subarray(0, size - filled);
      part.copy(bytes, filled);
      filled += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#held -= size;
    return bytes;
  }

  async #more(): Promise<void> {
    if (this.#isEnded) throw new VcsError('REPOSITORY_INVALID', 'git cat-file ended early');
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}
