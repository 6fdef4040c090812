import { quote } from './anomaly.ts';
import { parsePax } from './pax.ts';
import type { Session } from './session.ts';
import type { Extended } from './tar-header.ts';
import { untilNul } from './tar-header.ts';

/** Records that repeat by design in the oldest GNU sparse format. */
const repeatable = new Set(['GNU.sparse.offset', 'GNU.sparse.numbytes']);
/** A global header with one of these renames, retargets or resizes every entry after it, for some readers only. */
const perEntry = ['path', 'linkpath', 'size'];

/** The extended headers waiting for their entry: pax (`x`, `g`) and GNU long names (`L`, `K`). */
export class ExtendedHeaders {
  readonly #session: Session;
  #local = new Map<string, Buffer>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Takes the body of an extended header; `flag` is its type. */
  add(flag: string, body: Buffer): void {
    if (flag === 'L' || flag === 'N') this.#set('path', untilNul(body));
    else if (flag === 'K') this.#set('linkpath', untilNul(body));
    else this.#addPax(flag === 'g', body);
  }

  /** What applies to the entry that comes now, once. */
  takeForEntry(): Extended {
    const taken = this.#local;
    this.#local = new Map();
    return taken;
  }

  #addPax(isGlobal: boolean, body: Buffer): void {
    const { records, malformed } = parsePax(body);
    if (malformed) this.#session.report('pax-conflict', 'an extended header does not follow its format');
    const own = new Set<string>();
    for (const { key, value } of records) {
      if (own.has(key) && !repeatable.has(key)) {
        this.#session.report('pax-duplicate-key', `${quote(key)} twice in one extended header`);
      }
      own.add(key);
      if (!isGlobal) this.#set(key, value);
      else if (perEntry.includes(key)) {
        this.#session.report('pax-conflict', `a global header sets ${quote(key)} to ${quote(value.toString())}`);
      }
    }
  }

  #set(key: string, value: Buffer): void {
    const before = this.#local.get(key);
    if (before !== undefined && !before.equals(value) && perEntry.includes(key)) {
      this.#session.report('pax-conflict', `two extended headers give one entry different values of ${quote(key)}`);
    }
    this.#local.set(key, value);
  }
}
