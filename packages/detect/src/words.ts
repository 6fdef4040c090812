/**
 * Finds which of many words a text holds, in one pass over its bytes whatever their number (Aho and Corasick, 1975).
 * Words are ASCII; each belongs to a group, a bit. States are kept multiplied by the number of byte classes.
 */
export class WordFinder {
  readonly #classes = new Uint8Array(256);
  readonly #width: number;
  readonly #next: Uint32Array;
  readonly #groups: Uint32Array;
  /** Groups by multiplied state. */
  #spread = new Uint32Array(0);

  /** `groups`: lists of words by their bit, 0 to 30. */
  constructor(groups: readonly (readonly string[])[]) {
    const words = groups.flatMap((list, bit) => list.map((word) => ({ bytes: Buffer.from(word, 'latin1'), bit })));
    let width = 1;
    for (const { bytes } of words)
      for (const byte of bytes) if (this.#classes[byte] === 0) this.#classes[byte] = width++;
    this.#width = width;
    const size = words.reduce((sum, { bytes }) => sum + bytes.length, 1);
    this.#next = new Uint32Array(size * width);
    this.#groups = new Uint32Array(size);
    let count = 1;
    for (const { bytes, bit } of words) {
      let state = 0;
      for (const byte of bytes) {
        const edge = state * width + (this.#classes[byte] as number);
        if (this.#next[edge] === 0) this.#next[edge] = count++;
        state = this.#next[edge] as number;
      }
      this.#groups[state] = (this.#groups[state] as number) | (1 << bit);
    }
    this.#link();
  }

  /** Fills in where to go on after a mismatch, breadth first. */
  #link(): void {
    const width = this.#width;
    const fallback = new Uint32Array(this.#groups.length);
    const queue = Array.from(this.#next.subarray(0, width)).filter((state) => state > 0);
    for (let at = 0; at < queue.length; at++) {
      const state = queue[at] as number;
      const back = fallback[state] as number;
      this.#groups[state] = (this.#groups[state] as number) | (this.#groups[back] as number);
      for (let edge = 0; edge < width; edge++) {
        const other = this.#next[back * width + edge] as number;
        const next = this.#next[state * width + edge] as number;
        if (next === 0) this.#next[state * width + edge] = other;
        else {
          fallback[next] = other;
          queue.push(next);
        }
      }
    }
    for (let edge = 0; edge < this.#next.length; edge++) this.#next[edge] = (this.#next[edge] as number) * width;
    this.#spread = new Uint32Array(this.#next.length);
    for (const [state, bits] of this.#groups.entries()) this.#spread[state * width] = bits;
  }

  /** Bits of the groups of which at least one word is there. */
  find(bytes: Uint8Array): number {
    const next = this.#next;
    const groups = this.#spread;
    const classes = this.#classes;
    let state = 0;
    let found = 0;
    for (let at = 0; at < bytes.length; at++) {
      state = next[state + (classes[bytes[at] as number] as number)] as number;
      found |= groups[state] as number;
    }
    return found;
  }
}
