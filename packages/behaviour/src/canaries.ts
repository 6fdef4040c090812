import type { Decoy } from '@assay/sandbox';
import type { Canary } from './report/index.ts';

/** Report-wide ids of decoys: the decoy of one kind at one place has the same id in every run, its value differs. */
export class CanaryIds {
  readonly #known = new Map<string, Canary>();

  /** The decoys with their report-wide ids. */
  adopt(decoys: readonly Decoy[]): Decoy[] {
    return decoys.map((decoy) => {
      const key = `${decoy.kind} ${decoy.location.replace(/\/home\/[^/]+/, '~')}`;
      let canary = this.#known.get(key);
      if (canary === undefined) {
        canary = {
          id: `c${this.#known.size + 1}`,
          kind: decoy.kind,
          location: decoy.location,
          placed: true,
          reads: [],
          egress: [],
        };
        this.#known.set(key, canary);
      }
      return { ...decoy, id: canary.id };
    });
  }

  list(): Canary[] {
    return [...this.#known.values()];
  }
}
