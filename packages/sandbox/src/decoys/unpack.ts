import zlib from 'node:zlib';

export type Packing = 'gzip' | 'deflate' | 'deflate-raw' | 'brotli' | 'zstd';

/** What may still be unpacked from one message. Counted down by everything that unpacks. */
export type PackingBudget = { bytes: number; pieces: number };

/** Where unpacked bytes go. */
type Sink = { push(chunk: Uint8Array): Promise<void> | undefined; finish(): Promise<unknown>; discard(): void };

/** The compression of a whole body, from its first bytes or from what a header announced. */
export function unpackerFor(first: Uint8Array, announced: string | undefined): Packing | undefined {
  if (first[0] === 0x1f && first[1] === 0x8b) return 'gzip';
  if (first[0] === 0x28 && first[1] === 0xb5 && first[2] === 0x2f && first[3] === 0xfd) return 'zstd';
  if (isZlibHeader(first)) return 'deflate';
  if (announced === 'br') return 'brotli';
  return announced === 'deflate' ? 'deflate-raw' : undefined;
}

/** RFC 1950 §2.2: method 8, window ≤ 32 KiB, the two bytes divisible by 31. */
function isZlibHeader(bytes: Uint8Array): boolean {
  const [method, flags] = bytes;
  if (method === undefined || flags === undefined || (method & 0x8f) !== 0x08) return false;
  return ((method << 8) | flags) % 31 === 0 && (flags & 0x20) === 0;
}

/** Unpacks a stream into a sink as it comes. Damaged or cut-off input yields what could be read of it. */
export class Unpacker {
  readonly #transform: zlib.Gunzip | zlib.Inflate | zlib.InflateRaw | zlib.BrotliDecompress | zlib.ZstdDecompress;
  readonly #done: Promise<void>;
  readonly #sink: Sink;
  #ended = false;

  constructor(packing: Packing, sink: Sink, budget: PackingBudget) {
    this.#sink = sink;
    this.#transform = transformFor(packing);
    this.#done = this.#pump(budget);
  }

  push(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#ended || this.#transform.write(chunk)) return undefined;
    return new Promise((resolve) => {
      this.#transform.once('drain', resolve);
      this.#done.then(resolve, resolve);
    });
  }

  async finish(): Promise<void> {
    if (!this.#ended) this.#transform.end();
    await this.#done;
    await this.#sink.finish();
  }

  destroy(): void {
    this.#transform.destroy();
    this.#sink.discard();
  }

  async #pump(budget: PackingBudget): Promise<void> {
    try {
      for await (const chunk of this.#transform as AsyncIterable<Uint8Array>) {
        budget.bytes -= chunk.length;
        await this.#sink.push(chunk);
        if (budget.bytes <= 0) break;
      }
    } catch {
      // Not the compression that it looked like, or cut off: what was unpacked so far has been searched.
    } finally {
      this.#ended = true;
    }
  }
}

function transformFor(packing: Packing) {
  const partial = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
  switch (packing) {
    case 'gzip':
      return zlib.createGunzip(partial);
    case 'deflate':
      return zlib.createInflate(partial);
    case 'deflate-raw':
      return zlib.createInflateRaw(partial);
    case 'brotli':
      return zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return zlib.createZstdDecompress();
  }
}

type Opened = {
  /** A stream for one packed part. */
  layer(name: string): Sink;
  /** Searches bytes that were behind a text encoding. */
  scan(name: string, bytes: Uint8Array): void;
};

/**
 * Opens the packed parts of a message's kept start: compressed parts at any offset, zip members, base64 and hex runs.
 *
 * *Shape:* `state.opened` when the message as a whole was already unpacked while streaming; `state.whole` when the window is
 * the complete message, so that headerless compression (brotli, raw deflate) is worth a try.
 */
export async function openPacked(
  window: Buffer,
  state: { opened: boolean; whole: boolean },
  budget: PackingBudget,
  opened: Opened,
): Promise<void> {
  const open = async (packing: Packing, bytes: Uint8Array, name: string = packing) => {
    if (budget.pieces <= 0 || budget.bytes <= 0) return;
    budget.pieces--;
    const unpacker = new Unpacker(packing, opened.layer(name), budget);
    await unpacker.push(bytes);
    await unpacker.finish();
    unpacker.destroy();
  };
  for (const at of offsetsOf(window, gzipMagic)) {
    if (at > 0 || !state.opened) await open('gzip', window.subarray(at));
  }
  for (const at of offsetsOf(window, zipMagic)) {
    const member = window.subarray(at, at + 30);
    if (member.length < 30 || member.readUInt16LE(8) !== 8) continue;
    await open('deflate-raw', window.subarray(at + 30 + member.readUInt16LE(26) + member.readUInt16LE(28)), 'zip');
  }
  const text = isText(window);
  if (!text && state.whole && !state.opened && window.length <= 65_536) {
    await open('brotli', window);
    await open('deflate-raw', window, 'deflate');
  }
  if (text) await openRuns(window, budget, opened);
}

const gzipMagic = Buffer.from([0x1f, 0x8b, 0x08]);
const zipMagic = Buffer.from('PK\x03\x04', 'latin1');

function* offsetsOf(window: Buffer, magic: Buffer): Generator<number> {
  for (let at = window.indexOf(magic); at >= 0; at = window.indexOf(magic, at + magic.length)) yield at;
}

/** Mostly printable: the kind of bytes in which base64 and hex runs mean something. */
function isText(window: Buffer): boolean {
  const sample = window.subarray(0, 512);
  let printable = 0;
  for (const byte of sample)
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) printable++;
  return printable >= sample.length * 0.85;
}

/** Matches `eyJhIjoiYiJ9eyJhIjoiYiJ9` and one wrapped over lines; not words of a sentence. */
const base64Run = /[A-Za-z0-9+/_-]{24,}(?:\r?\n[A-Za-z0-9+/_-]+)*/g;
const hexOnly = /^(?:[0-9a-f]{2})+$/i;

async function openRuns(window: Buffer, budget: PackingBudget, opened: Opened): Promise<void> {
  // JSON writes a line break as two characters and web forms write `+` and `/` as percent sequences.
  const text = window
    .toString('latin1')
    .replaceAll('\\n', '\n')
    .replaceAll('\\/', '/')
    .replace(/%2[bf]/gi, (sequence) => (sequence.toLowerCase() === '%2b' ? '+' : '/'));
  for (const [match] of text.matchAll(base64Run)) {
    const run = match.replace(/\r?\n/g, '');
    // In a URL path, what stands before a slash belongs to the address and would shift the alignment.
    const pieces = run.includes('/') ? [run, ...run.split('/').filter((piece) => piece.length >= 24)] : [run];
    for (const piece of pieces) await openRun(piece, budget, opened);
  }
}

/** Decodes a run at each alignment: the characters before it may have belonged to something else. */
async function openRun(run: string, budget: PackingBudget, opened: Opened): Promise<void> {
  const name = hexOnly.test(run) ? 'hex' : 'base64';
  for (let skipped = 0; skipped < (name === 'hex' ? 1 : 4); skipped++) {
    if (budget.pieces <= 0 || budget.bytes <= 0) return;
    const bytes = Buffer.from(run.slice(skipped), name);
    budget.bytes -= bytes.length;
    if (!worthOpening(bytes)) {
      opened.scan(name, bytes);
      continue;
    }
    budget.pieces--;
    const sink = opened.layer(name);
    await sink.push(bytes);
    await sink.finish();
  }
}

/** Whether decoded bytes may hold another layer: compressed, an archive, or text that is itself encoded. */
function worthOpening(bytes: Buffer): boolean {
  if (unpackerFor(bytes, undefined) !== undefined || bytes.indexOf(zipMagic) >= 0) return true;
  return isText(bytes) && /[A-Za-z0-9+/_-]{24,}/.test(bytes.toString('latin1', 0, 65_536));
}
