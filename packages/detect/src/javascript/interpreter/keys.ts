import type { Node } from '@babel/types';
import { join, make, plainOf, Thing, tainted, taintOf, thingsOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine } from './machine.ts';

/** Members of the interpreter's own are no members of the program's. */
export const isOwnKey = (key: string): boolean => !key.startsWith('@');

/** Names of a value's own members, as `for in` and `Object.keys` give them, and any further one. */
export function keysOf(m: Machine, value: Value, node: Node): { keys: readonly Value[] | undefined; any: Value } {
  const plain = plainOf(value);
  if (plain instanceof Thing && plain.native === undefined && plain.exact && plain.bytes === undefined) {
    return { keys: namesOf(m, plain, node), any: plain.rest === undefined ? undefined : unknown };
  }
  const names = thingsOf(value).flatMap((thing) => namesOf(m, thing, node));
  const any = names.reduce((all, name) => join(all, name), undefined);
  return { keys: undefined, any: tainted(any ?? unknown, taintOf(value)) };
}

function namesOf(m: Machine, thing: Thing, node: Node): Value[] {
  if (thing.native === 'process.env') return [make(unknown, [m.source('names', node, 'process.env')])];
  if (thing.native !== undefined) return [make(unknown, thing.taint)];
  if (thing.kind === 'array') return (thing.items ?? []).map((_, index) => String(index));
  return [...(thing.fields?.keys() ?? [])].filter(isOwnKey);
}

/** A value's own members by name; `entries` is undefined where they are not all known. */
export function entriesOf(m: Machine, value: Value): { entries: readonly [string, Value][] | undefined; any: Value } {
  const plain = plainOf(value);
  if (plain instanceof Thing && plain.native === undefined && plain.exact && plain.bytes === undefined) {
    const own: [string, Value][] =
      plain.kind === 'array'
        ? (plain.items ?? []).map((item, index) => [String(index), item])
        : [...(plain.fields ?? [])].filter(([key]) => isOwnKey(key));
    const taint = taintOf(value);
    return { entries: own.map(([key, member]) => [key, tainted(member, taint)]), any: plain.rest };
  }
  const members = thingsOf(value).flatMap((thing) => [
    ...(thing.fields?.values() ?? []),
    ...(thing.items?.slice(0, 64) ?? []),
    thing.rest,
  ]);
  const any = members.reduce((all, member) => join(all, member), undefined);
  return { entries: undefined, any: tainted(any ?? unknown, m.holds(value)) };
}
