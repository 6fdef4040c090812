import { isSecretName } from '../../credentials.ts';
import { digested, hasLabel, union } from '../abstract/taint.ts';
import {
  hint,
  isPrimitive,
  join,
  make,
  type Primitive,
  plainOf,
  sketchOf,
  type Thing,
  tainted,
  taintOf,
  textOf,
  thingsOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { anyItem, anyOf, type Elements, elementsOf } from '../interpreter/elements.ts';
import { joinItems } from '../interpreter/to-text.ts';
import { truthOf } from '../interpreter/truth.ts';
import type { BuiltinCall, BuiltinResult } from './builtins.ts';
import { decodedFrom } from './decoded.ts';

type Method = (call: BuiltinCall, elements: Elements, thing: Thing | undefined) => Value;

const maxCalls = 20_000;
const maxSorted = 2000;

/** Methods of arrays, and of whatever else is iterated over. */
export function arrayMethod(call: BuiltinCall, thing: Thing | undefined): BuiltinResult {
  const change = thing !== undefined && Object.hasOwn(changes, call.name) ? changes[call.name] : undefined;
  if (change !== undefined && thing !== undefined) return { value: tainted(change(call, thing), thing.taint) };
  const method = Object.hasOwn(methods, call.name) ? methods[call.name] : undefined;
  return method === undefined ? undefined : { value: method(call, elementsOf(call.m, call.self), thing) };
}

/** Methods that change the array. Where it is not sure that they run, the order of its elements is no longer known. */
const changes: Readonly<Record<string, (call: BuiltinCall, thing: Thing) => Value>> = {
  push: ({ m, args }, thing) => add(m, thing, args, false),
  unshift: ({ m, args }, thing) => add(m, thing, args, true),
  pop: ({ m }, thing) => take(m, thing, false),
  shift: ({ m }, thing) => take(m, thing, true),
  reverse: ({ m, self, node }, thing) => {
    if (isCertain(m, thing)) thing.items?.reverse();
    if (isSpelled(thing)) thing.taint = decodedFrom(m, node, 'Array.reverse', textOfItems(thing), thing.taint);
    if (!isCertain(m, thing) && !m.unlikely) thing.exact = false;
    return self;
  },
  splice: splice,
  sort: (call, thing) => {
    const { m, self } = call;
    if (isCertain(m, thing)) thing.items = sorted(call, thing.items ?? []);
    else if (!m.unlikely) thing.exact = false;
    return self;
  },
  fill: ({ m, args, self }, thing) => {
    if (isCertain(m, thing) && args.length === 1) thing.items = (thing.items ?? []).map(() => args[0]);
    else thing.rest = join(thing.rest, args[0]);
    return self;
  },
};

const minSpelled = 16;

/** Text taken apart into characters: turning it round hides it. */
function isSpelled({ items }: Thing): boolean {
  return (
    items !== undefined &&
    items.length >= minSpelled &&
    items.slice(0, 64).every((item) => String(plainOf(item)).length === 1 && typeof plainOf(item) === 'string')
  );
}

function textOfItems({ items }: Thing): string {
  return (items ?? []).map((item) => String(plainOf(item))).join('');
}

interface Sure {
  weak: number;
  unlikely: boolean;
}

function isCertain(m: Sure, thing: Thing): boolean {
  return m.weak <= thing.weak;
}

function add(m: Sure, thing: Thing, args: readonly Value[], first: boolean): Value {
  if (m.unlikely && !isCertain(m, thing)) thing.rest = args.reduce<Value>((all, arg) => join(all, arg), thing.rest);
  else {
    if (first) thing.items?.unshift(...args);
    else for (const arg of args) thing.items?.push(arg);
    if (!isCertain(m, thing)) thing.exact = false;
  }
  return thing.exact ? (thing.items?.length ?? unknown) : unknown;
}

function take(m: Sure, thing: Thing, first: boolean): Value {
  if (!thing.exact || thing.items === undefined) return anyItem(thing) ?? unknown;
  if (isCertain(m, thing)) return first ? thing.items.shift() : thing.items.pop();
  if (!m.unlikely) thing.exact = false;
  return anyItem(thing) ?? unknown;
}

function splice({ m, args }: BuiltinCall, thing: Thing): Value {
  const [start, count, ...added] = args;
  const from = plainOf(start);
  const length = args.length < 2 ? Number.POSITIVE_INFINITY : plainOf(count);
  if (isCertain(m, thing) && thing.exact && typeof from === 'number' && typeof length === 'number') {
    return m.newArray(thing.items?.splice(from, length, ...added) ?? []);
  }
  add(m, thing, added, false);
  const removed = m.newArray([]);
  removed.rest = anyItem(thing);
  removed.exact = false;
  return removed;
}

function sorted({ m, args, node }: BuiltinCall, items: readonly Value[]): Value[] {
  if (items.length > maxSorted) return [...items];
  if (args[0] === undefined) {
    const texts = items.map((item) => textOf(item));
    if (texts.some((text) => text === undefined)) return [...items];
    return items
      .map((_, index) => index)
      .sort((a, b) => ((texts[a] as string) < (texts[b] as string) ? -1 : 1))
      .map((index) => items[index]);
  }
  return [...items].sort((a, b) => {
    const order = plainOf(m.call(args[0], undefined, [a, b], node));
    return typeof order === 'number' ? order : 0;
  });
}

const methods: Readonly<Record<string, Method>> = {
  map: (call, elements) => listFrom(call, elements, (item, index) => apply(call, item, index)),
  flatMap: (call, elements) =>
    flattened(
      call,
      listFrom(call, elements, (item, index) => apply(call, item, index)),
    ),
  forEach: (call, elements) => {
    listFrom(call, elements, (item, index) => apply(call, item, index));
    return undefined;
  },
  filter: (call, elements) => {
    const kept = (elements.items ?? [])
      .slice(0, maxCalls)
      .filter((item, index) => truthOf(apply(call, item, index)) !== false);
    const list = call.m.newArray(kept);
    list.rest = namesOfOneProgram(call, elements.any) ?? elements.any;
    list.exact = elements.items !== undefined && elements.any === undefined;
    if (elements.any !== undefined) call.m.perhaps([], false, () => apply(call, elements.any, undefined));
    return list;
  },
  find,
  findLast: find,
  some: question,
  every: question,
  findIndex: question,
  reduce: (call, elements) => reduce(call, elements, false),
  reduceRight: (call, elements) => reduce(call, elements, true),
  join: ({ m, args, self }, elements, thing) => {
    const separator = args[0] === undefined ? ',' : textOf(args[0]);
    const taint = union(m.holds(self), taintOf(args[0]));
    if (thing === undefined || separator === undefined || elements.items === undefined) return make(unknown, taint);
    return make(sketchOf(joinItems(m, thing, separator)), taint);
  },
  toString: ({ m, self }: BuiltinCall, _: Elements, thing: Thing | undefined) =>
    make(thing === undefined ? unknown : sketchOf(joinItems(m, thing, ',')), m.holds(self)),
  slice: (call, elements) => sliced(call, elements),
  concat: ({ m, self, args }, elements) => {
    const items = [...(elements.items ?? [])];
    const list = m.newArray(items);
    list.rest = elements.any;
    list.exact = elements.items !== undefined && elements.any === undefined;
    for (const arg of args) {
      const plain = plainOf(arg);
      if (isPrimitive(plain)) items.push(arg);
      else {
        const more = elementsOf(m, arg);
        items.push(...(more.items ?? []));
        if (more.items === undefined || more.any !== undefined) {
          list.rest = join(list.rest, anyOf(more));
          list.exact = false;
        }
      }
    }
    list.items = items;
    list.taint = taintOf(self);
    return list;
  },
  flat: (call, elements) =>
    flattened(
      call,
      listFrom(call, elements, (item) => item),
    ),
  includes: ({ args, self, m }, elements) => {
    const wanted = plainOf(args[0]);
    const known = elements.any === undefined ? elements.items?.map((item) => plainOf(item)) : undefined;
    const isKnown = known !== undefined && isPrimitive(wanted) && known.every((item) => isPrimitive(item));
    return make(isKnown ? known.includes(wanted) : unknown, digested(union(m.holds(self), taintOf(args[0]))));
  },
  indexOf: ({ args, self, m }, elements) => {
    const wanted = plainOf(args[0]);
    const known = elements.any === undefined ? elements.items?.map((item) => plainOf(item)) : undefined;
    const isKnown = known !== undefined && isPrimitive(wanted) && known.every((item) => isPrimitive(item));
    return make(
      isKnown ? known.indexOf(wanted as Primitive) : unknown,
      digested(union(m.holds(self), taintOf(args[0]))),
    );
  },
  at: ({ args }, elements) => {
    const index = plainOf(args[0]);
    if (typeof index !== 'number' || elements.items === undefined || elements.any !== undefined) return anyOf(elements);
    return elements.items.at(index);
  },
  keys: ({ m }, elements) => m.newArray((elements.items ?? []).map((_, index) => index)),
  values: (call, elements) => listFrom(call, elements, (item) => item),
  entries: (call, elements) => listFrom(call, elements, (item, index) => call.m.newArray([index, item])),
  toReversed: (call, elements) =>
    listFrom(call, { items: [...(elements.items ?? [])].reverse(), any: elements.any }, (item) => item),
  toSorted: (call, elements) =>
    listFrom(call, { items: sorted(call, elements.items ?? []), any: elements.any }, (item) => item),
};

/** Matches `key => /^debug_/i.test(key)` and `k => k.startsWith('APP_')`: variables of one program, not all of them. */
const prefixTest =
  /\/\^\(?([A-Za-z]\w{2,})|startsWith\(\s*['"`](\w{3,})|indexOf\(\s*['"`](\w{3,})['"`]\s*\)\s*={2,3}\s*0/;

/** The names of variables that one program calls its own, where a filter keeps only those. */
function namesOfOneProgram({ m, args, node }: BuiltinCall, any: Value): Value {
  if (!hasLabel(taintOf(any), 'names')) return undefined;
  const [callback] = thingsOf(args[0]);
  const prefix = callback === undefined ? null : prefixTest.exec(m.sourceOf(callback) ?? '');
  const name = prefix?.[1] ?? prefix?.[2] ?? prefix?.[3];
  if (name === undefined || isSecretName(name)) return undefined;
  return make(unknown, [m.source('setting', node, 'process.env', `${name}…`)]);
}

function apply({ m, args, self, node }: BuiltinCall, item: Value, index: number | undefined): Value {
  return m.call(args[0], args[1], [item, index ?? unknown, self], node);
}

/** A list of what `each` gives for every element; of elements nobody counted, for any of them. */
function listFrom(
  call: BuiltinCall,
  { items, any }: Elements,
  each: (item: Value, index: number | undefined) => Value,
): Thing {
  const known = (items ?? []).slice(0, maxCalls);
  const list = call.m.newArray([]);
  list.items = known.map((item, index) => each(item, index));
  const others = items !== undefined && items.length > maxCalls ? join(any, items[maxCalls]) : any;
  if (items === undefined || others !== undefined) {
    list.rest = call.m.perhaps([], false, () => each(others === undefined ? unknown : others, undefined));
    list.exact = false;
  }
  return list;
}

function flattened({ m }: BuiltinCall, list: Thing): Thing {
  const flat = m.newArray([]);
  const items: Value[] = [];
  flat.rest = list.rest === undefined ? undefined : anyOf(elementsOf(m, list.rest));
  for (const item of list.items ?? []) {
    const plain = plainOf(item);
    if (isPrimitive(plain)) items.push(item);
    else {
      const inner = elementsOf(m, item);
      items.push(...(inner.items ?? []));
      if (inner.items === undefined || inner.any !== undefined) flat.rest = join(flat.rest, anyOf(inner));
    }
  }
  flat.items = items;
  flat.exact = flat.rest === undefined;
  return flat;
}

function find(call: BuiltinCall, elements: Elements): Value {
  let found: Value;
  for (const [index, item] of (elements.items ?? []).slice(0, maxCalls).entries()) {
    const truth = truthOf(apply(call, item, index));
    if (truth === true) return found === undefined ? item : hint(item, found);
    if (truth === undefined) found = join(found, item);
  }
  if (elements.any !== undefined) apply(call, elements.any, undefined);
  return join(found, elements.any);
}

function question(call: BuiltinCall, elements: Elements): Value {
  const answers = (elements.items ?? []).slice(0, maxCalls).map((item, index) => truthOf(apply(call, item, index)));
  if (elements.any !== undefined) apply(call, elements.any, undefined);
  const taint = digested(call.m.holds(call.self));
  if (call.name === 'findIndex' || elements.any !== undefined || answers.includes(undefined))
    return make(unknown, taint);
  return make(call.name === 'some' ? answers.includes(true) : !answers.includes(false), taint);
}

function reduce(call: BuiltinCall, { items, any }: Elements, backwards: boolean): Value {
  const { m, args, node, self } = call;
  const list = (items ?? []).slice(0, maxCalls);
  const ordered = backwards ? list.reverse() : list;
  let result: Value = args.length > 1 ? args[1] : ordered.shift();
  for (const [index, item] of ordered.entries()) result = m.call(args[0], undefined, [result, item, index, self], node);
  if (items !== undefined && any === undefined) return result;
  const last = result;
  return join(
    last,
    m.perhaps([], false, () =>
      m.call(args[0], undefined, [last, any === undefined ? unknown : any, unknown, self], node),
    ),
  );
}

function sliced({ m, args }: BuiltinCall, { items, any }: Elements): Value {
  const [from, to] = args.map((arg) => plainOf(arg));
  const isKnown =
    items !== undefined && any === undefined && [from, to].every((one) => one === undefined || typeof one === 'number');
  const list = m.newArray(isKnown ? items.slice(from as number | undefined, to as number | undefined) : (items ?? []));
  list.rest = any;
  list.exact = isKnown;
  return list;
}
