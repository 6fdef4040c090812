import type { CanaryHit } from '../channels.ts';

/** A spelling found: which canary and how it was encoded, outermost layer first, joined by `+` (`gzip+base64`). */
export type Spelling = { canary: string; encoding: string };

/** Each (canary, encoding) once, in the order found. */
export class Hits {
  readonly #spellings = new Map<string, Spelling>();

  get size(): number {
    return this.#spellings.size;
  }

  add(spelling: Spelling): void {
    this.#spellings.set(`${spelling.canary} ${spelling.encoding}`, spelling);
  }

  at(where: string): CanaryHit[] {
    return [...this.#spellings.values()].map(({ canary, encoding }) => ({ canary, encoding, where }));
  }
}
