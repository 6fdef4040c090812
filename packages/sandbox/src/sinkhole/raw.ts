import type { Duplex } from 'node:stream';
import type { CanaryStream } from '../decoys/canary-stream.ts';
import { now } from './recorder.ts';
import type { Connection, Runtime } from './runtime.ts';
import { replyOf, type Talk } from './talkers.ts';

/** Everything received outside HTTP on one connection; becomes one record when it ends. */
export class RawRecord {
  readonly #runtime: Runtime;
  readonly #connection: number;
  readonly #stream: CanaryStream;
  readonly #head: Buffer[] = [];
  #headLength = 0;
  #bytes = 0;
  #at = 0;
  #done = false;

  constructor(runtime: Runtime, connection: number) {
    this.#runtime = runtime;
    this.#connection = connection;
    this.#stream = runtime.search.stream('raw');
  }

  push(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#done) return undefined;
    if (this.#bytes === 0) this.#at = now();
    this.#bytes += chunk.length;
    const room = this.#runtime.config.limits.headBytes - this.#headLength;
    if (room > 0) {
      const part = Buffer.from(chunk.subarray(0, room));
      this.#head.push(part);
      this.#headLength += part.length;
    }
    return this.#stream.push(chunk);
  }

  /** Emits the record, once, if anything was received. */
  async finish(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    const { hits, truncated } = await this.#stream.finish();
    const { recorder } = this.#runtime;
    if (truncated) recorder.limit('unpack', 'a packed body was larger than the search unpacks');
    if (this.#bytes === 0) return;
    const head = Buffer.concat(this.#head).toString('base64');
    recorder.emit({
      kind: 'raw',
      at: this.#at,
      connection: this.#connection,
      bytes: this.#bytes,
      head,
      canaryHits: hits,
    });
  }
}

/** Records a connection that is not HTTP to its end, and says what a server of that port would say. */
export async function serveRaw(
  stream: Duplex,
  connection: Connection,
  record: RawRecord,
  talk: Talk | undefined,
): Promise<void> {
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      await record.push(chunk);
      const reply = replyOf(talk, chunk, connection);
      if (reply !== undefined && stream.writable) stream.write(reply);
    }
    stream.end();
  } catch {
    // Reset by the package: what came before it is recorded.
    stream.destroy();
  }
  await record.finish();
}
