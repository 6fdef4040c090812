import type { CanaryHit } from '../channels.ts';
import type { CanarySearch } from './canary-search.ts';
import { Hits } from './hits.ts';
import { openPacked, type PackingBudget, Unpacker, unpackerFor } from './unpack.ts';

/** Bytes gathered before they are searched: small chunks would search the overlap again and again. */
const batchBytes = 16 * 1024;

/** The longest mark of a compression (zstd). */
const recognisableBytes = 4;

/**
 * One body on its way out. Every byte of it is searched as it passes; a body that is compressed as a whole is unpacked
 * alongside; at the end, the kept start of it is looked through for packed parts.
 *
 * *States:* open (`push` any number of times) → finished (`finish` once). `push` returns a promise when the caller must wait
 * before pushing more (back-pressure of the unpacker).
 */
export class CanaryStream {
  readonly #search: CanarySearch;
  readonly #where: string;
  readonly #layers: string;
  readonly #depth: number;
  readonly #budget: PackingBudget;
  readonly #hits: Hits;
  #batch: Uint8Array[] = [];
  #batchLength = 0;
  #overlap: Uint8Array = new Uint8Array();
  #window: Uint8Array[] = [];
  #windowLength = 0;
  #windowGranted = 0;
  #head: Buffer | undefined = Buffer.alloc(0);
  #unpacker: Unpacker | undefined;
  #bytes = 0;
  #contentEncoding: string | undefined;

  constructor(search: CanarySearch, where: string, inner?: Inner) {
    this.#search = search;
    this.#where = where;
    this.#layers = inner?.layers ?? '';
    this.#depth = inner?.depth ?? 0;
    this.#hits = inner?.hits ?? new Hits();
    this.#budget = inner?.budget ?? { bytes: search.limits.unpackedBytes, pieces: search.limits.maxPieces };
  }

  /** Names the compression that a header announced; without it only recognisable compression is undone while streaming. */
  announce(contentEncoding: string | undefined): void {
    this.#contentEncoding = contentEncoding;
  }

  push(chunk: Uint8Array): Promise<void> | undefined {
    if (chunk.length === 0) return undefined;
    this.#bytes += chunk.length;
    this.#keep(chunk);
    this.#batch.push(chunk);
    this.#batchLength += chunk.length;
    if (this.#batchLength >= batchBytes) this.#scanBatch();
    return this.#unpack(chunk);
  }

  /** All hits of the body. `truncated` says that a packed part was larger than the limits. */
  async finish(): Promise<{ hits: CanaryHit[]; truncated: boolean }> {
    this.#scanBatch();
    await this.#unpack(new Uint8Array(), true);
    await this.#unpacker?.finish();
    if (this.#depth < this.#search.limits.maxDepth) {
      const window = Buffer.concat(this.#window);
      await openPacked(
        window,
        { opened: this.#unpacker !== undefined, whole: window.length === this.#bytes },
        this.#budget,
        {
          layer: (name) => this.#inner(name),
          scan: (name, bytes) =>
            this.#search.scan(bytes, this.#layerName(name), (spelling) => this.#hits.add(spelling)),
        },
      );
    }
    this.discard();
    return { hits: this.#hits.at(this.#where), truncated: this.#budget.bytes <= 0 || this.#budget.pieces <= 0 };
  }

  /** Gives memory back without an answer. */
  discard(): void {
    this.#search.release(this.#windowGranted);
    this.#windowGranted = 0;
    this.#window = [];
    this.#unpacker?.destroy();
  }

  /** The first bytes are held until there are enough of them to recognise a compression. */
  #unpack(chunk: Uint8Array, last = false): Promise<void> | undefined {
    if (this.#head === undefined) return this.#unpacker?.push(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length < recognisableBytes && !last) return undefined;
    const head = this.#head;
    this.#head = undefined;
    this.#unpacker = this.#openUnpacker(head);
    return this.#unpacker?.push(head);
  }

  #openUnpacker(first: Uint8Array): Unpacker | undefined {
    if (this.#depth >= this.#search.limits.maxDepth) return undefined;
    const packing = unpackerFor(first, this.#contentEncoding);
    return packing === undefined ? undefined : new Unpacker(packing, this.#inner(packing), this.#budget);
  }

  #inner(layer: string): CanaryStream {
    return new CanaryStream(this.#search, this.#where, {
      layers: this.#layerName(layer),
      depth: this.#depth + 1,
      budget: this.#budget,
      hits: this.#hits,
    });
  }

  #layerName(layer: string): string {
    return `${this.#layers}${layer}+`;
  }

  #keep(chunk: Uint8Array): void {
    const room = this.#search.limits.windowBytes - this.#windowLength;
    if (room <= 0) return;
    const granted = this.#search.reserve(Math.min(room, chunk.length));
    this.#windowGranted += granted;
    this.#windowLength += granted;
    if (granted > 0) this.#window.push(chunk.subarray(0, granted));
  }

  #scanBatch(): void {
    if (this.#batchLength === 0) return;
    const bytes = Buffer.concat([this.#overlap, ...this.#batch]);
    this.#batch = [];
    this.#batchLength = 0;
    this.#search.scan(bytes, this.#layers, (spelling) => this.#hits.add(spelling));
    this.#overlap = bytes.subarray(Math.max(0, bytes.length - this.#search.overlapBytes));
  }
}

type Inner = { layers: string; depth: number; budget: PackingBudget; hits: Hits };
