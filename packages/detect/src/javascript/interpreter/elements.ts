import {
  hole,
  join,
  make,
  plainOf,
  Sketch,
  Thing,
  tainted,
  taintOf,
  thingsOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import type { Machine } from './machine.ts';

/** Elements in order, where they are known, and any further one (undefined when there is none). */
export interface Elements {
  items: readonly Value[] | undefined;
  any: Value;
}

const maxItems = 300_000;
const maxJoined = 64;

/** What iterating over a value gives. */
export function elementsOf(m: Machine, value: Value): Elements {
  const plain = plainOf(value);
  const taint = taintOf(value);
  if (typeof plain === 'string') {
    return { items: Array.from(plain.slice(0, maxItems), (character) => make(character, taint)), any: undefined };
  }
  if (plain instanceof Sketch) return { items: undefined, any: make(unknown, taint, knownParts(plain)) };
  if (plain instanceof Thing) return elementsOfThing(m, plain, value);
  const all = thingsOf(value).map((thing) => anyOf(elementsOfThing(m, thing, thing)));
  return { items: undefined, any: tainted(all.length === 0 ? unknown : all.reduce((a, b) => join(a, b)), taint) };
}

function knownParts(sketch: Sketch): string[] {
  return sketch.text
    .split(hole)
    .filter((part) => part.length > 2)
    .slice(0, 4);
}

function elementsOfThing(m: Machine, thing: Thing, value: Value): Elements {
  const taint = taintOf(value);
  if (thing.bytes !== undefined) {
    return { items: Array.from(thing.bytes.subarray(0, maxItems), (byte) => make(byte, taint)), any: undefined };
  }
  if (thing.items === undefined) return { items: undefined, any: tainted(thing.rest ?? unknown, m.holds(value)) };
  if (!thing.exact) return { items: undefined, any: tainted(anyItem(thing), taint) };
  return {
    items: taint.length === 0 ? thing.items : thing.items.map((item) => tainted(item, taint)),
    any: thing.rest === undefined ? undefined : tainted(thing.rest, taint),
  };
}

/** Any element of an array; undefined when it has none. */
export function anyItem(thing: Thing): Value {
  return (thing.items ?? []).slice(0, maxJoined).reduce((all, item) => join(all, item), thing.rest);
}

/** Any of the elements, {@link unknown} when there is none. */
export function anyOf({ items, any }: Elements): Value {
  const all = (items ?? []).slice(0, maxJoined).reduce((joined: Value, item) => join(joined, item), any);
  return all === undefined ? unknown : all;
}
