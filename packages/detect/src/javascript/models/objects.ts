import { union } from '../abstract/taint.ts';
import {
  isPrimitive,
  join,
  make,
  plainOf,
  Thing,
  tainted,
  taintOf,
  textOf,
  thingsOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { elementsOf } from '../interpreter/elements.ts';
import { entriesOf, keysOf } from '../interpreter/keys.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';
import { setField } from '../interpreter/members.ts';
import { spread } from '../interpreter/spread.ts';
import { spreadOf } from './function-methods.ts';
import type { Models } from './model.ts';

const maxJsonChars = 512 * 1024;
const maxJsonDepth = 60;

/** `Object`, `Reflect` and `JSON`. */
export const objectModels: Models = {
  Object: ({ machine: m, args }) => args[0] ?? m.newThing('object'),
  'Object.keys': listKeys,
  'Object.getOwnPropertyNames': listKeys,
  'Reflect.ownKeys': listKeys,
  'Object.values': ({ machine: m, args }) => listMembers(m, args[0], (_, value) => value),
  'Object.entries': ({ machine: m, args, node }) => {
    const list = listMembers(m, args[0], (key, value) => m.newArray([key, value]));
    const { any } = keysOf(m, args[0], node);
    if (!list.exact && any !== undefined) list.rest = join(list.rest, m.newArray([any, unknown]));
    return list;
  },
  'Object.fromEntries': fromEntries,
  'Object.assign': assign,
  'Object.create': ({ machine: m, args }) => {
    const made = m.newThing('object');
    [made.proto] = thingsOf(args[0]);
    return made;
  },
  'Object.freeze': ({ args }) => args[0],
  'Object.seal': ({ args }) => args[0],
  'Object.preventExtensions': ({ args }) => args[0],
  'Object.setPrototypeOf': ({ args }) => {
    const [target] = thingsOf(args[0]);
    const [proto] = thingsOf(args[1]);
    if (target !== undefined && proto !== undefined && target.native === undefined) target.proto = proto;
    return args[0];
  },
  'Object.getPrototypeOf': prototypeOf,
  'Reflect.getPrototypeOf': prototypeOf,
  'Object.defineProperty': define,
  'Reflect.defineProperty': define,
  'Object.defineProperties': (call) => {
    const { machine: m, args } = call;
    for (const [key, descriptor] of entriesOf(m, args[1]).entries ?? [])
      define({ ...call, args: [args[0], key, descriptor] });
    return args[0];
  },
  'Object.getOwnPropertyDescriptor': ({ machine: m, args, node }) =>
    m.newObject({ value: m.get(args[0], args[1], node) }),
  'Reflect.get': ({ machine: m, args, node }) => m.get(args[0], args[1], node),
  'Reflect.set': ({ machine: m, args, node }) => {
    m.set(args[0], args[1], args[2], node);
    return true;
  },
  'Reflect.has': () => unknown,
  'Reflect.apply': ({ machine: m, args, node }) => m.call(args[0], args[1], spreadOf(m, args[2]), node),
  'Reflect.construct': ({ machine: m, args, node }) => m.construct(args[0], spreadOf(m, args[1]), node),
  'JSON.parse': parseJson,
  'JSON.stringify': stringify,
};

function listKeys({ machine: m, args, node }: NativeCall): Value {
  const { keys, any } = keysOf(m, args[0], node);
  const list = m.newArray(keys ?? []);
  list.rest = any;
  list.exact = keys !== undefined && any === undefined;
  return list;
}

function listMembers(m: Machine, value: Value, each: (key: Value, value: Value) => Value): Thing {
  const { entries, any } = entriesOf(m, value);
  const list = m.newArray((entries ?? []).map(([key, member]) => each(key, member)));
  list.rest = any === undefined ? undefined : each(unknown, any);
  list.exact = entries !== undefined && any === undefined;
  return list;
}

function fromEntries({ machine: m, args }: NativeCall): Value {
  const made = m.newThing('object');
  const { items, any } = elementsOf(m, args[0]);
  for (const item of items ?? []) {
    const pair = elementsOf(m, item).items ?? [];
    const key = textOf(pair[0]);
    if (key !== undefined) setField(m, made, key, pair[1]);
    else made.rest = join(made.rest, tainted(pair[1], taintOf(pair[0])));
  }
  if (items === undefined || any !== undefined) made.rest = join(made.rest, make(unknown, m.holds(args[0])));
  return made;
}

function assign({ machine: m, args, node }: NativeCall): Value {
  const [target, ...sources] = args;
  for (const thing of thingsOf(target)) {
    for (const source of sources) {
      if (thing.native === undefined) spread(m, thing, source);
      else for (const [key, value] of entriesOf(m, source).entries ?? []) m.set(thing, key, value, node);
    }
  }
  return target;
}

/** The prototype of a function leads to its constructor, whichever kind it is. */
function prototypeOf({ machine: m, args }: NativeCall): Value {
  const [thing] = thingsOf(args[0]);
  if (thing?.kind === 'function') return m.newNative('Function.prototype');
  return thing?.proto ?? m.newNative('Object.prototype');
}

function define({ machine: m, args, node }: NativeCall): Value {
  const [target, key, descriptor] = args;
  const name = textOf(key);
  const [getter, value] = [m.get(descriptor, 'get', node), m.get(descriptor, 'value', node)];
  for (const thing of thingsOf(target)) {
    if (plainOf(getter) instanceof Thing && name !== undefined && thing.native === undefined)
      setField(m, thing, `@get:${name}`, getter);
    else if (plainOf(getter) instanceof Thing) m.set(thing, key, m.callBack([getter], [], node), node);
    if (value !== undefined) m.set(thing, key, value, node);
  }
  return target;
}

/** Known text becomes what it says; of other text, every member carries what the text carried. */
function parseJson({ machine: m, args }: NativeCall): Value {
  const taint = m.holds(args[0]);
  const text = textOf(args[0]) ?? bytesText(args[0]);
  if (text !== undefined && text.length <= maxJsonChars) {
    const value = parsed(text);
    if (value !== undefined) return fromJson(m, value, 0, taint);
  }
  return make(unknown, taint);
}

function bytesText(value: Value): string | undefined {
  const plain = plainOf(value);
  return plain instanceof Thing && plain.bytes !== undefined ? Buffer.from(plain.bytes).toString('utf8') : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Text that is no JSON throws in the program, too.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function fromJson(m: Machine, value: unknown, depth: number, taint: ReturnType<typeof taintOf>): Value {
  if (typeof value === 'object' && value !== null) {
    if (depth > maxJsonDepth) return make(unknown, taint);
    if (Array.isArray(value)) {
      const list = m.newArray(value.map((item) => fromJson(m, item, depth + 1, [])));
      list.taint = taint;
      return list;
    }
    const made = m.newThing('object');
    made.fields = new Map(Object.entries(value).map(([key, member]) => [key, fromJson(m, member, depth + 1, [])]));
    made.taint = taint;
    return made;
  }
  return make(value as Exclude<Value, object>, taint);
}

function stringify({ machine: m, args, node }: NativeCall): Value {
  const [value, replacer] = args;
  const plain = plainOf(value);
  const taint = m.holds(value);
  if (isPrimitive(plain))
    return make(typeof plain === 'bigint' ? unknown : (JSON.stringify(plain) as string | undefined), taint);
  const replaced =
    plainOf(replacer) instanceof Thing ? m.callBack([replacer], [unknown, make(unknown, taint)], node) : undefined;
  return make(unknown, replaced === undefined ? taint : union(taint, m.holds(replaced)));
}
