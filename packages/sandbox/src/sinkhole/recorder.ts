import type { SinkholeRecord } from '../channels.ts';

export type LimitRecord = Extract<SinkholeRecord, { kind: 'limit' }>;

/** Milliseconds of CLOCK_MONOTONIC, fractional. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Writes records as lines. The package decides how many there are, so their number is bounded; what was dropped is said at
 * the end, and each kind of limit once.
 */
export class Recorder {
  readonly #write: (line: string) => void;
  readonly #maxRecords: number;
  readonly #limitsSaid = new Set<string>();
  #written = 0;
  #dropped = 0;
  #lastConnection = 0;
  #lastRequest = 0;

  constructor(write: (line: string) => void, maxRecords: number) {
    this.#write = write;
    this.#maxRecords = maxRecords;
  }

  nextConnection(): number {
    return ++this.#lastConnection;
  }

  nextRequest(): number {
    return ++this.#lastRequest;
  }

  emit(record: SinkholeRecord): void {
    if (this.#written >= this.#maxRecords) {
      this.#dropped++;
      return;
    }
    this.#written++;
    this.#write(`${JSON.stringify(record)}\n`);
  }

  /** Says once per `what` that something was cut. */
  limit(what: string, text: string): void {
    if (this.#limitsSaid.has(what)) return;
    this.#limitsSaid.add(what);
    this.#write(`${JSON.stringify({ kind: 'limit', at: now(), what, text } satisfies LimitRecord)}\n`);
  }

  end(): void {
    if (this.#dropped > 0)
      this.limit('records', `${this.#dropped} records beyond the first ${this.#maxRecords} were dropped`);
  }
}
