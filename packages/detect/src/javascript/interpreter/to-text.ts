import { hole, plainOf, sketchText, Thing, type Value } from '../abstract/value.ts';
import type { Machine } from './machine.ts';

const maxDepth = 4;
const maxItems = 20_000;

/** What `String(thing)` gives, with holes; undefined when nothing is known. */
export function textOfThing(m: Machine, thing: Thing, depth = 0): string | undefined {
  if (thing.bytes !== undefined) return Buffer.from(thing.bytes).toString('utf8');
  if (thing.kind === 'array' && thing.exact && depth < maxDepth) return joinItems(m, thing, ',', depth);
  const href = thing.fields?.get('@text');
  return href === undefined ? undefined : sketchText(plainOf(href));
}

/** `array.join(separator)`, with holes. */
export function joinItems(m: Machine, thing: Thing, separator: string, depth = 0): string {
  const items = (thing.items ?? []).slice(0, maxItems);
  const text = items.map((item) => itemText(m, item, depth)).join(separator);
  return thing.rest === undefined && thing.exact ? text : text + hole;
}

function itemText(m: Machine, item: Value, depth: number): string {
  const plain = plainOf(item);
  if (plain === undefined || plain === null) return '';
  return plain instanceof Thing ? (textOfThing(m, plain, depth + 1) ?? hole) : sketchText(plain);
}
