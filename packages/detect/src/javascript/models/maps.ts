import { join, plainOf, type Thing, tainted, taintOf, textOf, unknown, type Value } from '../abstract/value.ts';
import { anyOf, elementsOf } from '../interpreter/elements.ts';
import type { Machine } from '../interpreter/machine.ts';
import { setField } from '../interpreter/members.ts';
import type { BuiltinCall, BuiltinResult } from './builtins.ts';

/** Methods of `Map` and `Set`. A set is a map whose values are its keys. */
export function mapMethod({ m, name, args, self, node }: BuiltinCall, thing: Thing): BuiltinResult {
  const [key, second] = args;
  switch (name) {
    case 'set':
    case 'add':
      store(m, thing, key, name === 'add' ? key : second);
      return { value: self };
    case 'get': {
      const text = textOf(key);
      const value = text === undefined ? allValues(thing) : thing.fields?.get(`=${text}`);
      return { value: tainted(value ?? thing.rest, taintOf(self)) };
    }
    case 'has':
      return { value: unknown };
    case 'delete':
    case 'clear':
      return { value: unknown };
    case 'forEach':
      m.callBack([key], [allValues(thing) ?? unknown, unknown, self], node);
      return { value: undefined };
    case 'keys':
    case 'values':
    case 'entries':
      return { value: listOf(m, thing, name) };
    default:
      return undefined;
  }
}

function store(m: Machine, thing: Thing, key: Value, value: Value): void {
  const text = textOf(key);
  if (text === undefined) thing.rest = join(thing.rest, value);
  else setField(m, thing, `=${text}`, value);
}

function allValues(thing: Thing): Value {
  return [...(thing.fields?.values() ?? [])].slice(0, 64).reduce<Value>((all, value) => join(all, value), thing.rest);
}

function listOf(m: Machine, thing: Thing, name: string): Thing {
  const entries = [...(thing.fields ?? [])].map(([key, value]): Value => {
    const own = key.slice(1);
    return name === 'keys' ? own : name === 'values' ? value : m.newArray([own, value]);
  });
  const list = m.newArray(entries);
  list.rest = thing.rest;
  list.exact = thing.rest === undefined;
  list.taint = thing.taint;
  return list;
}

/** `new Map(entries)`, `new Set(values)`. */
export function newMap(m: Machine, given: Value, isSet: boolean): Thing {
  const map = m.newThing('map');
  if (given === undefined) return map;
  const elements = elementsOf(m, given);
  for (const item of elements.items ?? []) {
    if (isSet) store(m, map, item, item);
    else {
      const pair = elementsOf(m, item).items ?? [];
      store(m, map, pair[0], pair[1]);
    }
  }
  if (elements.items === undefined || elements.any !== undefined) map.rest = join(map.rest, anyOf(elements));
  if (plainOf(given) === unknown) map.taint = taintOf(given);
  return map;
}
