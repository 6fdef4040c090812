/** Chunks of bytes as they come; an array of chunks will do. */
export type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Reads chunks with push-back, so that formats can be parsed one after another from the same stream. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  /** Last in, first out. */
  readonly #pushedBack: Uint8Array[] = [];

  constructor(source: ByteChunks) {
    this.#chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** The next non-empty chunk, or undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    const pushedBack = this.#pushedBack.pop();
    if (pushedBack !== undefined) return pushedBack;
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      if (value.length > 0) return value;
    }
  }

  /** Gives bytes back: they come again before everything else. */
  pushBack(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#pushedBack.push(chunk);
  }

  /** Up to `length` bytes: fewer only at the end of the source. */
  async take(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      const chunk = await this.next();
      if (chunk === undefined) break;
      const part = chunk.subarray(0, missing);
      this.pushBack(chunk.subarray(part.length));
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** Ends the source early, so that files behind it are closed. Not awaited: a stalled source must not hold up an error. */
  close(): void {
    // The reading has its outcome by now; that its source fails to close changes nothing about it.
    Promise.resolve(this.#chunks.return?.()).catch(() => undefined);
  }
}
