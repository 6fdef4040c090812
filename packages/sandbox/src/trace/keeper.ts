import type { EventType, Phase, RunId, TraceEvent } from '@assay/kernel';

/** An event before it has its id; `t_ms` from the start of the run. */
export type EventDraft = Omit<TraceEvent, 'id' | 'run' | 'phase' | 'count'>;

/**
 * What an event is worth to a reader and a rule. `evidence`: what left, ran, was deleted, was written outside the package's
 * own folders. `detail`: package code among its own files. `noise`: the package manager's and the runtime's own doings.
 */
export type Worth = 'evidence' | 'detail' | 'noise';

/** Events kept per type: the first `head` and, in a ring, the last `tail`, so that a flood cannot push out what follows it. */
export type Retention = Record<Worth, { head: number; tail: number }>;

export const retention: Retention = {
  evidence: { head: 300, tail: 60 },
  detail: { head: 200, tail: 40 },
  noise: { head: 20, tail: 5 },
};

export interface KeeperOptions {
  run: RunId;
  phase: Phase;
  newId: () => string;
  /** Gets every event, once, when no more repeats of it can be folded in. */
  sink: (event: TraceEvent) => void;
  retention: Retention;
}

/** Events of one type and worth that were not all kept. */
export interface Truncation {
  type: EventType;
  worth: Worth;
  kept: number;
  total: number;
}

interface Shelf {
  type: EventType;
  worth: Worth;
  total: number;
  head: TraceEvent[];
  ring: TraceEvent[];
  /** Where the next event goes in a full ring. */
  next: number;
}

interface Lane {
  key: string;
  event: TraceEvent;
}

/**
 * Gives events their ids, folds repeats, passes each on and keeps a bounded choice of them.
 *
 * A repeat is an event equal in everything but time to the previous event of its type and process. Ids are given in order of
 * arrival, which is not always that of time: channels join late.
 */
export class EventKeeper {
  readonly #options: KeeperOptions;
  readonly #shelves = new Map<string, Shelf>();
  /** Last event of each type, by process. */
  readonly #lanes = new Map<string, Map<EventType, Lane>>();
  readonly #pinned = new Map<string, TraceEvent>();
  #total = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Events seen, repeats counted. */
  get total(): number {
    return this.#total;
  }

  /** Returns the event as it was recorded: the earlier one when this is its repeat. */
  add(draft: EventDraft, worth: Worth): TraceEvent {
    this.#total += 1;
    let lanes = this.#lanes.get(draft.process);
    if (lanes === undefined) {
      lanes = new Map();
      this.#lanes.set(draft.process, lanes);
    }
    const key = keyOf(draft);
    const before = lanes.get(draft.type);
    if (before !== undefined && before.key === key) {
      before.event.count = (before.event.count ?? 1) + 1;
      return before.event;
    }
    if (before !== undefined) this.#options.sink(before.event);
    const { run, phase, newId } = this.#options;
    const event: TraceEvent = { id: newId(), run, phase, ...draft };
    lanes.set(draft.type, { key, event });
    this.#keep(event, worth);
    return event;
  }

  /** Keeps an event that another one cites, whatever else must go. */
  pin(event: TraceEvent): void {
    if (this.#pinned.size < 2000) this.#pinned.set(event.id, event);
  }

  /** A process has ended: nothing of it can repeat. */
  close(process: string): void {
    for (const { event } of this.#lanes.get(process)?.values() ?? []) this.#options.sink(event);
    this.#lanes.delete(process);
  }

  /** Passes on what was held back for repeats. */
  flush(): void {
    for (const process of [...this.#lanes.keys()]) this.close(process);
  }

  /** Kept events in order of time, then id. */
  events(): TraceEvent[] {
    const kept = new Map(this.#pinned);
    for (const { head, ring } of this.#shelves.values()) {
      for (const event of head) kept.set(event.id, event);
      for (const event of ring) kept.set(event.id, event);
    }
    return [...kept.values()].sort((a, b) => a.t_ms - b.t_ms || numberOf(a.id) - numberOf(b.id));
  }

  truncation(): Truncation[] {
    return [...this.#shelves.values()]
      .map(({ type, worth, total, head, ring }) => ({ type, worth, kept: head.length + ring.length, total }))
      .filter(({ kept, total }) => kept < total);
  }

  #keep(event: TraceEvent, worth: Worth): void {
    const name = `${event.type} ${worth}`;
    let shelf = this.#shelves.get(name);
    if (shelf === undefined) {
      shelf = { type: event.type, worth, total: 0, head: [], ring: [], next: 0 };
      this.#shelves.set(name, shelf);
    }
    const { head, tail } = this.#options.retention[worth];
    shelf.total += 1;
    if (shelf.head.length < head) shelf.head.push(event);
    else if (shelf.ring.length < tail) shelf.ring.push(event);
    else if (tail > 0) {
      shelf.ring[shelf.next] = event;
      shelf.next = (shelf.next + 1) % tail;
    }
  }
}

/** Everything of an event but its time; the order of members is that of the draft, which is fixed per type. */
function keyOf(draft: EventDraft): string {
  let key = '';
  for (const [name, value] of Object.entries(draft)) if (name !== 't_ms') key += `${name}=${String(value)}\n`;
  return key;
}

function numberOf(id: string): number {
  return Number(id.slice(1));
}
