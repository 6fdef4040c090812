import type { TraceEvent } from '@assay/kernel';

type Placed = Pick<TraceEvent, 'id' | 'run' | 't_ms'>;

/** The number in `e12`, `s3`, `c1`. */
export function idNumber(id: string): number {
  return Number(id.slice(1));
}

/** Order of a report's events: run, time, id. Usable as a sort comparator. */
export function compareEvents(a: Placed, b: Placed): number {
  if (a.run !== b.run) return a.run < b.run ? -1 : 1;
  return a.t_ms - b.t_ms || idNumber(a.id) - idNumber(b.id);
}

/**
 * Evidence ids in causal order: what was written in a file comes before what ran, then events in the order they happened.
 *
 * *Shape:* ids that `events` does not hold keep their place after the signals; duplicates are dropped.
 */
export function inCausalOrder(ids: Iterable<string>, events: ReadonlyMap<string, Placed>): string[] {
  const unique = [...new Set(ids)];
  const written = unique.filter((id) => !id.startsWith('e')).sort((a, b) => idNumber(a) - idNumber(b));
  const unknown = unique.filter((id) => id.startsWith('e') && !events.has(id));
  const happened = unique.flatMap((id) => events.get(id) ?? []).sort(compareEvents);
  return [...written, ...unknown, ...happened.map(({ id }) => id)];
}
