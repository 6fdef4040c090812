import type { Node } from '@babel/types';
import { updated } from '../abstract/scope.ts';
import { union } from '../abstract/taint.ts';
import {
  alternatives,
  hint,
  join,
  Mix,
  make,
  type Plain,
  plainOf,
  Thing,
  tainted,
  taintOf,
  textOf,
  thingsOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { narrowed } from '../models/narrowed.ts';
import { nativeMember, setNative } from '../models/native-members.ts';
import { anyItem } from './elements.ts';
import { isOwnKey } from './keys.ts';
import type { Machine } from './machine.ts';

const maxIndex = 500_000;
const maxProtos = 12;
const maxJoinedFields = 24;

/** Reads a member of everything that `object` may be. */
export function getMember(m: Machine, object: Value, key: Value, node: Node): Value {
  if (!(object instanceof Mix)) return getOf(m, object, key, node);
  const all = alternatives(object);
  if (all.length === 0) {
    return make(unknown, union(narrowed(m, taintOf(object), textOf(key), node), taintOf(key)));
  }
  let result: Value;
  for (const plain of all) result = join(result, getOf(m, plain, key, node));
  return tainted(result, union(object.taint, plainOf(key) === unknown ? taintOf(key) : []));
}

function getOf(m: Machine, object: Plain, key: Value, node: Node): Value {
  const name = textOf(key);
  if (object instanceof Thing)
    return name === undefined
      ? anyMember(m, object, key, node)
      : tainted(memberOf(m, object, name, node), object.taint);
  if (typeof object === 'string' && name !== undefined) {
    if (name === 'length') return object.length;
    const character = /^\d+$/.test(name) ? object[Number(name)] : undefined;
    if (character !== undefined) return character;
  }
  if (object === undefined || object === null || object === unknown) return unknown;
  return name === undefined ? unknown : builtinMember(m, object, name);
}

/** A named member of one object. */
function memberOf(m: Machine, thing: Thing, name: string, node: Node): Value {
  for (let at: Thing | undefined = thing, count = 0; at !== undefined && count < maxProtos; at = at.proto, count++) {
    if (at.fields !== undefined) {
      const value = at.fields.get(name);
      if (value !== undefined || at.fields.has(name)) return value;
      const getter = at.fields.get(`@get:${name}`);
      if (getter !== undefined) return m.call(getter, thing, [], node);
    }
    if (at.native !== undefined) return nativeMember(m, at, name, node);
  }
  if (thing.kind === 'array' || thing.kind === 'bytes') return itemMember(m, thing, name);
  if (thing.kind === 'function' && name === 'prototype') {
    const proto = m.newThing('object');
    setField(m, thing, 'prototype', proto);
    return proto;
  }
  if (thing.rest !== undefined) return thing.rest;
  return thing.kind === 'object' || thing.kind === 'module'
    ? plainObjectMember(m, thing, name)
    : builtinMember(m, thing, name);
}

function plainObjectMember(m: Machine, thing: Thing, name: string): Value {
  if (/^(constructor|hasOwnProperty|toString|__proto__)$/.test(name)) return builtinMember(m, thing, name);
  return thing.exact ? undefined : unknown;
}

function itemMember(m: Machine, thing: Thing, name: string): Value {
  const items: ArrayLike<Value> | undefined = thing.bytes ?? thing.items;
  if (name === 'length') return items !== undefined && thing.exact ? items.length : unknown;
  if (!/^\d+$/.test(name)) return builtinMember(m, thing, name);
  if (items === undefined) return thing.rest ?? unknown;
  if (!thing.exact) return anyItem(thing) ?? unknown;
  const item = items[Number(name)];
  return item === undefined ? thing.rest : thing.rest === undefined ? item : hint(item, thing.rest);
}

/** Methods of strings, arrays and the like as values of their own: `[]['filter']`, `''.split.call(…)`. */
function builtinMember(m: Machine, object: Plain, name: string): Value {
  const kind = builtinKind(object);
  if (name === 'constructor') return m.newNative(kind);
  return m.newNative(name === '__proto__' ? `${kind}.prototype` : `${kind}.prototype.${name}`);
}

function builtinKind(object: Plain): string {
  if (object instanceof Thing) return kinds[object.kind] ?? 'Object';
  if (typeof object === 'number') return 'Number';
  return typeof object === 'boolean' ? 'Boolean' : 'String';
}

const kinds: Partial<Record<Thing['kind'], string>> = {
  array: 'Array',
  function: 'Function',
  class: 'Function',
  bytes: 'Buffer',
  map: 'Map',
  regexp: 'RegExp',
  promise: 'Promise',
};

function anyMember(m: Machine, thing: Thing, key: Value, node: Node): Value {
  if (thing.native !== undefined) return nativeMember(m, thing, undefined, node, key);
  let result: Value = thing.rest;
  let count = 0;
  for (const [name, value] of thing.fields ?? []) {
    if (!isOwnKey(name) || ++count > maxJoinedFields) continue;
    result = join(result, value);
  }
  if (thing.bytes !== undefined) result = unknown;
  else if (thing.items !== undefined) result = join(result, anyItem(thing));
  return tainted(result ?? unknown, union(thing.taint, taintOf(key)));
}

/** Stores a member in everything that `object` may be. */
export function setMember(m: Machine, object: Value, key: Value, value: Value, node: Node): void {
  const things = thingsOf(object);
  const name = textOf(key);
  for (const thing of things) {
    if (name !== undefined) {
      const setter = findSetter(thing, name);
      if (setter !== undefined) m.call(setter, thing, [value], node);
      else if (thing.native !== undefined) setNative(m, thing, name, value, node);
      else if ((thing.kind === 'array' || thing.kind === 'bytes') && setItem(m, thing, name, value)) continue;
      else if (things.length === 1) setField(m, thing, name, value);
      else m.perhaps([], false, () => setField(m, thing, name, value));
    } else if (thing.native !== undefined)
      thing.taint = thing.native.includes('(') ? union(thing.taint, m.holds(value)) : thing.taint;
    else thing.rest = join(thing.rest, tainted(value, taintOf(key)));
  }
}

function findSetter(thing: Thing, name: string): Value {
  let at: Thing | undefined = thing;
  for (let count = 0; at !== undefined && count < maxProtos; at = at.proto, count++) {
    const setter = at.fields?.get(`@set:${name}`);
    if (setter !== undefined) return setter;
  }
  return undefined;
}

export function setField(m: Machine, thing: Thing, name: string, value: Value): void {
  thing.fields ??= new Map();
  const old = thing.fields.get(name);
  thing.fields.set(name, old === undefined ? value : updated(old, value, thing.weak, m));
}

function setItem(m: Machine, thing: Thing, name: string, value: Value): boolean {
  if (name === 'length') {
    if (m.weak <= thing.weak && plainOf(value) === 0) thing.items = [];
    return true;
  }
  const index = /^\d+$/.test(name) ? Number(name) : -1;
  if (index < 0) return false;
  if (thing.bytes !== undefined) setByte(m, thing, index, value);
  else if (thing.items !== undefined && index <= Math.min(maxIndex, thing.items.length + 4096)) {
    const old = thing.items[index];
    thing.items[index] = updated(old, value, thing.weak, m);
  } else thing.rest = join(thing.rest, value);
  return true;
}

function setByte(m: Machine, thing: Thing, index: number, value: Value): void {
  const plain = plainOf(value);
  thing.taint = union(thing.taint, taintOf(value));
  if (m.unlikely || thing.bytes === undefined) return;
  if (typeof plain === 'number' && m.weak <= thing.weak) thing.bytes[index] = plain;
  else thing.bytes = undefined;
}
