import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import type { TraceEvent } from '@assay/kernel';

export interface ArtifactSummary {
  /** Bytes of the finished file and their digest. */
  bytes: number;
  sha256: string;
  /** Events written, and events left out because the file would have become too large. */
  events: number;
  dropped: number;
}

const batchChars = 256 * 1024;
/** Kept free for the line that says what was dropped, and the end of the file. */
const reservedBytes = 128;
/** Magic, method deflate, no flags, no time, no extra flags, Unix. *Source:* RFC 1952 §2.3. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** An empty final block. *Source:* RFC 1951 §3.2.3. */
const lastBlock = Buffer.from([0x03, 0x00]);

/**
 * Writes the raw trace, `trace.ndjson.gz`: one event per line, in the order in which they come, under the ids of the report.
 *
 * Compresses synchronously in batches (about 3 ms each), so that memory is bounded however fast events come; the batches are
 * one gzip member. The file is a function of the events: same events, same bytes. When it would exceed `maxBytes` the rest is
 * counted, and the last line says so: `{"truncated":true,"dropped":12}`.
 *
 * *Units:* `maxBytes` of the compressed file, at least 256. *Errors:* those of writing.
 */
export class TraceArtifact {
  readonly #fd: number;
  readonly #maxBytes: number;
  readonly #hash: Hash = createHash('sha256');
  #lines: string[] = [];
  #chars = 0;
  #bytes = 0;
  #crc = 0;
  #plainBytes = 0;
  #events = 0;
  #dropped = 0;
  #full = false;

  constructor(file: string, maxBytes: number) {
    this.#fd = openSync(file, 'wx', 0o600);
    this.#maxBytes = maxBytes;
    this.#write(header);
  }

  write(event: TraceEvent): void {
    if (this.#full) {
      this.#dropped += 1;
      return;
    }
    const line = `${JSON.stringify(event)}\n`;
    this.#events += 1;
    this.#lines.push(line);
    this.#chars += line.length;
    if (this.#chars >= batchChars) this.#flush();
  }

  end(): ArtifactSummary {
    this.#flush();
    if (this.#dropped > 0)
      this.#append(Buffer.from(`${JSON.stringify({ truncated: true, dropped: this.#dropped })}\n`), 0);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#crc, 0);
    trailer.writeUInt32LE(this.#plainBytes % 2 ** 32, 4);
    this.#write(lastBlock);
    this.#write(trailer);
    closeSync(this.#fd);
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), events: this.#events, dropped: this.#dropped };
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const count = this.#lines.length;
    const plain = Buffer.from(this.#lines.join(''), 'utf8');
    this.#lines = [];
    this.#chars = 0;
    if (this.#append(plain, reservedBytes)) return;
    this.#full = true;
    this.#events -= count;
    this.#dropped += count;
  }

  /** Returns false, and writes nothing, when less than `reserve` bytes would be left. */
  #append(plain: Buffer, reserve: number): boolean {
    const packed = deflateRawSync(plain, { level: 4, finishFlush: constants.Z_SYNC_FLUSH });
    if (this.#bytes + packed.length + reserve > this.#maxBytes) return false;
    this.#crc = crc32(plain, this.#crc);
    this.#plainBytes += plain.length;
    this.#write(packed);
    return true;
  }

  #write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }
}
