import { clean, type Taint, union } from '../abstract/taint.ts';
import { Mix, Thing, thingsOf, type Value } from '../abstract/value.ts';

/** Objects and elements looked at before we stop, and how deep they may lie. Long lists are looked at at both ends. */
const maxThings = 300;
const maxDepth = 8;
const maxItems = 64;

/** Everything a value carries, with all it holds: what leaves when it is serialised. */
export function taintHeld(value: Value): Taint {
  if (value instanceof Thing) return isLeaf(value) ? union(value.taint, value.content) : collect(value, new Set(), 0);
  if (!(value instanceof Mix)) return clean;
  return value.plain instanceof Thing || value.also.length > 0 ? collect(value, new Set(), 0) : value.taint;
}

function isLeaf(thing: Thing): boolean {
  if (thing.kind === 'function' || thing.kind === 'class') return true;
  return (
    (thing.fields === undefined || thing.fields.size === 0) &&
    (thing.items === undefined || thing.items.length === 0) &&
    !isCarrier(thing.rest)
  );
}

function collect(value: Value, seen: Set<Thing>, depth: number): Taint {
  let taint: Taint = value instanceof Mix ? value.taint : clean;
  for (const thing of thingsOf(value)) {
    taint = union(taint, union(thing.taint, thing.content));
    if (isLeaf(thing) || seen.has(thing) || seen.size > maxThings || depth > maxDepth) continue;
    if (thing.native !== undefined && !thing.native.includes('(')) continue;
    seen.add(thing);
    for (const member of thing.fields?.values() ?? [])
      if (isCarrier(member)) taint = union(taint, collect(member, seen, depth + 1));
    const { items } = thing;
    if (items !== undefined) {
      for (let at = 0; at < items.length; at++) {
        if (at === maxItems && items.length > 2 * maxItems) at = items.length - maxItems;
        const item = items[at];
        if (isCarrier(item)) taint = union(taint, collect(item, seen, depth + 1));
      }
    }
    if (isCarrier(thing.rest)) taint = union(taint, collect(thing.rest, seen, depth + 1));
  }
  return taint;
}

function isCarrier(value: Value): value is Thing | Mix {
  return value instanceof Thing || value instanceof Mix;
}
