import { clean, type Taint, union } from '../abstract/taint.ts';
import { Mix, Thing, thingsOf, type Value } from '../abstract/value.ts';

/** Members looked at before we stop, and how deep they may lie. Long lists are looked at at both ends. */
const maxMembers = 400;
const maxHandedMembers = 48;
const maxDepth = 6;
const maxItems = 48;
const maxShallow = 16;

/** Everything a value carries, with all it holds: what leaves when it is serialised. */
export function taintHeld(value: Value, limit = maxMembers): Taint {
  if (value instanceof Thing)
    return isLeaf(value) ? union(value.taint, value.content) : new Collection(limit).of(value, 0);
  if (!(value instanceof Mix)) return clean;
  return value.plain instanceof Thing || value.also.length > 0 ? new Collection(limit).of(value, 0) : value.taint;
}

/** The same for what is handed to something unknown: such calls are many, and what matters lies near. */
export function taintHanded(value: Value): Taint {
  return taintHeld(value, maxHandedMembers);
}

function isLeaf(thing: Thing): boolean {
  if (thing.kind === 'function' || thing.kind === 'class') return true;
  if (thing.native !== undefined && !thing.native.includes('(')) return true;
  return (
    (thing.fields === undefined || thing.fields.size === 0) &&
    (thing.items === undefined || thing.items.length === 0) &&
    !isCarrier(thing.rest)
  );
}

class Collection {
  readonly #seen = new Set<Thing>();
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  of(value: Value, depth: number): Taint {
    if (value instanceof Thing) return this.#inside(value, depth);
    if (!(value instanceof Mix)) return clean;
    let { taint } = value;
    for (const thing of thingsOf(value)) taint = union(taint, this.#inside(thing, depth));
    return taint;
  }

  #inside(thing: Thing, depth: number): Taint {
    let taint = union(thing.taint, thing.content);
    if (isLeaf(thing) || depth > maxDepth || this.#left <= 0 || this.#seen.has(thing)) return taint;
    this.#seen.add(thing);
    for (const member of thing.fields?.values() ?? []) {
      if (--this.#left <= 0) break;
      if (isCarrier(member)) taint = union(taint, this.of(member, depth + 1));
    }
    const { items } = thing;
    if (items !== undefined) {
      for (let at = 0; at < items.length && --this.#left > 0; at++) {
        if (at === maxItems && items.length > 2 * maxItems) at = items.length - maxItems;
        const item = items[at];
        if (isCarrier(item)) taint = union(taint, this.of(item, depth + 1));
      }
    }
    return isCarrier(thing.rest) ? union(taint, this.of(thing.rest, depth + 1)) : taint;
  }
}

function isCarrier(value: Value): value is Thing | Mix {
  return value instanceof Thing || value instanceof Mix;
}

/** What a value carries at first sight: itself and its nearest members. Enough to tell calls of one function apart. */
export function taintAtFirstSight(value: Value): Taint {
  let taint: Taint = value instanceof Mix ? value.taint : clean;
  const [thing] = thingsOf(value);
  if (thing === undefined) return taint;
  taint = union(taint, union(thing.taint, thing.content));
  let count = 0;
  for (const member of thing.fields?.values() ?? []) {
    if (++count > maxShallow) break;
    if (member instanceof Mix) taint = union(taint, member.taint);
    else if (member instanceof Thing) taint = union(taint, member.taint);
  }
  for (const item of thing.items?.slice(0, maxShallow) ?? []) {
    if (item instanceof Mix || item instanceof Thing) taint = union(taint, item.taint);
  }
  return thing.rest instanceof Mix ? union(taint, thing.rest.taint) : taint;
}
