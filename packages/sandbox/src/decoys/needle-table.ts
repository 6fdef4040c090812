import type { Needle } from './needles.ts';

const blockBytes = 4;

/**
 * Finds many byte strings at once, skipping most input bytes (Wu and Manber 1994, with blocks of four bytes).
 *
 * With `xor`, input and needles are compared by the differences of neighbouring bytes, which do not change when every byte is
 * XORed with one key: one pass answers for all 255 keys.
 *
 * *Errors:* throws a TypeError on a needle shorter than five bytes.
 */
export class NeedleTable {
  readonly #needles: readonly Needle[];
  readonly #compared: readonly Uint8Array[];
  readonly #xor: boolean;
  /** Bytes of each needle that the skipping looks at: the shortest needle's length. */
  readonly #span: number;
  readonly #hashShift: number;
  readonly #skip: Uint8Array;
  /** First needle whose span ends in this block, −1 if none; `#next` continues the list. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  constructor(needles: readonly Needle[], options: { xor: boolean }) {
    this.#needles = needles;
    this.#xor = options.xor;
    this.#compared = options.xor ? needles.map(({ bytes }) => differences(bytes)) : needles.map(({ bytes }) => bytes);
    this.#span = Math.min(255, ...this.#compared.map(({ length }) => length));
    if (this.#span < blockBytes) throw new TypeError(`a needle of ${this.#span} bytes is too short to search for`);
    const blocks = needles.length * (this.#span - blockBytes + 1);
    const bits = Math.min(18, Math.max(10, Math.ceil(Math.log2(blocks * 8 + 1))));
    this.#hashShift = 32 - bits;
    this.#skip = new Uint8Array(1 << bits).fill(this.#span - blockBytes + 1);
    this.#first = new Int32Array(1 << bits).fill(-1);
    this.#next = new Int32Array(needles.length).fill(-1);
    for (const [index, bytes] of this.#compared.entries()) this.#enter(index, bytes);
  }

  /** Calls `onHit` for each needle found in `bytes`; with `xor`, `key` is the byte it was XORed with (0: not at all). */
  search(bytes: Uint8Array, onHit: (needle: Needle, key: number) => void): void {
    if (this.#needles.length === 0) return;
    if (this.#xor) this.#searchDifferences(bytes, onHit);
    else this.#searchPlain(bytes, onHit);
  }

  #enter(index: number, bytes: Uint8Array): void {
    for (let end = blockBytes; end <= this.#span; end++) {
      const slot = this.#hash(bytes[end - 4]!, bytes[end - 3]!, bytes[end - 2]!, bytes[end - 1]!);
      const skip = this.#span - end;
      if (skip < this.#skip[slot]!) this.#skip[slot] = skip;
      if (skip > 0) continue;
      this.#next[index] = this.#first[slot]!;
      this.#first[slot] = index;
    }
  }

  #hash(a: number, b: number, c: number, d: number): number {
    return Math.imul(a | (b << 8) | (c << 16) | (d << 24), 0x9e3779b1) >>> this.#hashShift;
  }

  #searchPlain(bytes: Uint8Array, onHit: (needle: Needle, key: number) => void): void {
    const skips = this.#skip;
    const shift = this.#hashShift;
    const length = bytes.length;
    for (let end = this.#span; end <= length; ) {
      const block = bytes[end - 4]! | (bytes[end - 3]! << 8) | (bytes[end - 2]! << 16) | (bytes[end - 1]! << 24);
      const slot = Math.imul(block, 0x9e3779b1) >>> shift;
      const skip = skips[slot]!;
      if (skip > 0) {
        end += skip;
        continue;
      }
      const start = end - this.#span;
      for (let index = this.#first[slot]!; index >= 0; index = this.#next[index]!) {
        const wanted = this.#compared[index]!;
        if (start + wanted.length > length) continue;
        let at = 0;
        while (at < wanted.length && bytes[start + at] === wanted[at]) at++;
        if (at === wanted.length) onHit(this.#needles[index]!, 0);
      }
      end++;
    }
  }

  #searchDifferences(bytes: Uint8Array, onHit: (needle: Needle, key: number) => void): void {
    const skips = this.#skip;
    const shift = this.#hashShift;
    const length = bytes.length - 1;
    for (let end = this.#span; end <= length; ) {
      const word = bytes[end - 4]! | (bytes[end - 3]! << 8) | (bytes[end - 2]! << 16) | (bytes[end - 1]! << 24);
      const block = word ^ ((word >>> 8) | (bytes[end]! << 24));
      const slot = Math.imul(block, 0x9e3779b1) >>> shift;
      const skip = skips[slot]!;
      if (skip > 0) {
        end += skip;
        continue;
      }
      const start = end - this.#span;
      for (let index = this.#first[slot]!; index >= 0; index = this.#next[index]!) {
        const wanted = this.#compared[index]!;
        if (start + wanted.length > length) continue;
        let at = 0;
        while (at < wanted.length && (bytes[start + at]! ^ bytes[start + at + 1]!) === wanted[at]) at++;
        const needle = this.#needles[index]!;
        if (at === wanted.length) onHit(needle, bytes[start]! ^ needle.bytes[0]!);
      }
      end++;
    }
  }
}

function differences(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(1).map((byte, index) => byte ^ bytes[index]!);
}
