import type { CanaryHit } from '../channels.ts';
import type { CanarySearch } from './canary-search.ts';

/** One piece of what may be a value sent in parts. `series` is what the parts have in common, e.g. host and parameter name. */
export type Piece = { series: string; text: string; index?: number };

/** *Units:* `tailBytes` characters kept of each series, `maxSeries` series and `maxIndexed` numbered pieces kept at a time. */
export type JoinLimits = { tailBytes: number; maxSeries: number; maxIndexed: number };

export const joinLimits: JoinLimits = { tailBytes: 1024, maxSeries: 1024, maxIndexed: 512 };

type Series = { tail: string; recent: string[]; indexed: Map<number, string>; inOrder: boolean };

/**
 * Finds values that leave in parts over several messages to one place (DNS labels, URL paths, parameters), in the order sent
 * or in the order of their numbers. The oldest series are forgotten first.
 */
export class ChunkJoiner {
  readonly #search: CanarySearch;
  readonly #limits: JoinLimits;
  readonly #series = new Map<string, Series>();

  constructor(search: CanarySearch, limits: JoinLimits = joinLimits) {
    this.#search = search;
    this.#limits = limits;
  }

  /** Hits that this piece completes; a value that stands in the piece alone is not among them. */
  add(piece: Piece, where: string): CanaryHit[] {
    const text = piece.text.slice(0, this.#limits.tailBytes);
    if (text === '') return [];
    const series = this.#of(piece.series);
    // One name is asked for twice (A and AAAA), and requests are repeated.
    if (series.recent.includes(text)) return [];
    series.recent.push(text);
    if (series.recent.length > 8) series.recent.shift();
    const alone = this.#search.findName(text, where);
    if (alone.length > 0) {
      series.tail = '';
      return [];
    }
    const outOfOrder = this.#place(series, piece.index, text);
    series.tail = (series.tail + text).slice(-this.#limits.tailBytes);
    for (const joined of outOfOrder === undefined ? [series.tail] : [series.tail, outOfOrder]) {
      const hits = joined.length > text.length ? this.#search.findName(joined, where) : [];
      if (hits.length === 0) continue;
      series.tail = '';
      return hits.map((hit) => ({ ...hit, encoding: hit.encoding === 'raw' ? 'split' : `split+${hit.encoding}` }));
    }
    return [];
  }

  #of(name: string): Series {
    const known = this.#series.get(name);
    this.#series.delete(name);
    const series = known ?? { tail: '', recent: [], indexed: new Map(), inOrder: true };
    this.#series.set(name, series);
    if (this.#series.size > this.#limits.maxSeries) {
      for (const oldest of this.#series.keys()) {
        this.#series.delete(oldest);
        break;
      }
    }
    return series;
  }

  /** Text around a numbered piece in the order of the numbers, once they came out of order. */
  #place(series: Series, index: number | undefined, text: string): string | undefined {
    if (index === undefined || series.indexed.size >= this.#limits.maxIndexed) return undefined;
    // As long as all came in order, the tail is the same text.
    series.inOrder &&= series.indexed.size === 0 || series.indexed.has(index - 1);
    series.indexed.set(index, text);
    if (series.inOrder) return undefined;
    let joined = text;
    for (let at = index - 1; joined.length < this.#limits.tailBytes && series.indexed.has(at); at--) {
      joined = series.indexed.get(at) + joined;
    }
    const limit = joined.length + this.#limits.tailBytes;
    for (let at = index + 1; joined.length < limit && series.indexed.has(at); at++) joined += series.indexed.get(at);
    return joined;
  }
}

/** Matches `7`, `c12`, `0012`; not a piece of data such as `6e706d5f`. */
const indexPattern = /^[a-z]{0,2}([0-9]{1,5})$/i;

function indexOf(text: string): number | undefined {
  const match = indexPattern.exec(text);
  return match === null ? undefined : Number(match[1]);
}

/**
 * The pieces a host name may carry: all labels left of the parent domain together, and each label position by itself.
 * Labels that are a number say the order.
 */
export function piecesOfName(name: string): Piece[] {
  const labels = name.replace(/\.$/, '').split('.').slice(-24);
  const pieces: Piece[] = [];
  for (const parentLabels of [2, 3]) {
    const own = labels.slice(0, -parentLabels);
    if (own.length === 0) continue;
    const parent = labels.slice(-parentLabels).join('.').toLowerCase();
    const split = own.map(withoutPrefix);
    const index = [...split.map((label) => label.index), ...own.map(indexOf)].find((found) => found !== undefined);
    const data = split.filter(({ text }) => indexOf(text) === undefined).map(({ text }) => text);
    const numbered = index === undefined ? {} : { index };
    pieces.push({ series: `dns ${parent} all ${parentLabels}`, text: data.join(''), ...numbered });
    for (const [position, { text }] of split.slice(0, 3).entries()) {
      if (own.length > 1) pieces.push({ series: `dns ${parent} ${own.length} ${position}`, text, ...numbered });
    }
  }
  return pieces;
}

/** `3-6e706d5f` → 3 and `6e706d5f`. */
function withoutPrefix(label: string): { text: string; index?: number } {
  const match = /^([0-9]{1,5})[-_](.+)$/.exec(label);
  return match === null ? { text: label } : { text: match[2]!, index: Number(match[1]) };
}

/** The pieces a request may carry: last path segment, each query value, short bodies and their top-level JSON strings. */
export function piecesOfRequest(host: string, target: string, body: string): Piece[] {
  const [path = '', query = ''] = target.split('?', 2);
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .slice(-12);
  const parameters = [...new URLSearchParams(query.slice(0, 4096))].slice(0, 12);
  const fields = jsonStrings(body);
  const numbers = [...segments, ...parameters.map(([, value]) => value), ...fields.map(([, value]) => value)];
  const index = numbers.map(indexOf).find((found) => found !== undefined);
  const numbered = index === undefined ? {} : { index };
  const pieces: Piece[] = [];
  const add = (series: string, text: string) => {
    if (text !== '' && indexOf(text) === undefined)
      pieces.push({ series: `http ${host} ${series}`, text, ...numbered });
  };
  const last = segments.findLast((segment) => indexOf(segment) === undefined);
  if (last !== undefined) add(`path ${segments.length}`, last);
  for (const [name, value] of parameters) add(`query ${name}`, value);
  for (const [name, value] of fields) add(`field ${name}`, value);
  if (fields.length === 0 && body.length <= 2048) add('body', body);
  return pieces;
}

/** Top-level strings and numbers of a small JSON object; anything else has none. */
function jsonStrings(body: string): [string, string][] {
  if (!body.startsWith('{') || body.length > 4096) return [];
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Not JSON after all: then the body counts as one piece.
    return [];
  }
  return Object.entries(value as Record<string, unknown>)
    .filter(([, member]) => typeof member === 'string' || typeof member === 'number')
    .slice(0, 12)
    .map(([name, member]) => [name, String(member)]);
}
