import { digested, unionAll } from '../abstract/taint.ts';
import {
  isPrimitive,
  make,
  type Primitive,
  plainOf,
  sketchOf,
  Thing,
  tainted,
  taintOf,
  textOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { elementsOf } from '../interpreter/elements.ts';
import { newRegExp } from '../interpreter/literals.ts';
import type { NativeCall } from '../interpreter/machine.ts';
import { asText, taintAsText } from '../interpreter/operators.ts';
import { newMap } from './maps.ts';
import type { Model, Models } from './model.ts';

const maxLength = 100_000;
const mathNames = [
  'abs',
  'ceil',
  'floor',
  'round',
  'trunc',
  'sign',
  'sqrt',
  'pow',
  'min',
  'max',
  'imul',
  'log',
  'log2',
  'log10',
  'exp',
  'sin',
  'cos',
  'tan',
  'clz32',
  'cbrt',
  'hypot',
  'fround',
  'atan2',
];

/** Functions and constructors of the language that are no more than arithmetic and containers. */
export const globalModels: Models = {
  ...Object.fromEntries(
    mathNames.map((name) => [
      `Math.${name}`,
      numeric((...given) => (Math[name as 'abs'] as (...all: number[]) => number)(...given.map(Number))),
    ]),
  ),
  'Math.random': () => unknown,
  parseInt: numeric((text, radix) => Number.parseInt(String(text), radix === undefined ? undefined : Number(radix))),
  'Number.parseInt': numeric((text, radix) =>
    Number.parseInt(String(text), radix === undefined ? undefined : Number(radix)),
  ),
  parseFloat: numeric((text) => Number.parseFloat(String(text))),
  'Number.parseFloat': numeric((text) => Number.parseFloat(String(text))),
  Number: numeric((value) => Number(value)),
  isNaN: ({ args }) => make(unknown, digested(taintOf(args[0]))),
  Boolean: ({ args }) => make(unknown, digested(taintOf(args[0]))),
  String: ({ machine: m, args }) => make(sketchOf(asText(m, args[0])), taintAsText(m, args[0])),
  Symbol: () => unknown,
  Date: ({ machine: m }) => m.newNative('Date()'),
  'Date.now': () => unknown,
  'performance.now': () => unknown,
  Array: arrayOfLength,
  'Array.of': ({ machine: m, args }) => m.newArray(args),
  'Array.from': arrayFrom,
  'Array.isArray': ({ args }) => {
    const plain = plainOf(args[0]);
    return plain instanceof Thing && plain.native === undefined ? plain.kind === 'array' : unknown;
  },
  Map: ({ machine: m, args }) => newMap(m, args[0], false),
  WeakMap: ({ machine: m, args }) => newMap(m, args[0], false),
  Set: ({ machine: m, args }) => newMap(m, args[0], true),
  WeakSet: ({ machine: m, args }) => newMap(m, args[0], true),
  WeakRef: ({ machine: m, args }) => m.newObject({ deref: m.newHost({ run: () => args[0] }) }),
  RegExp: ({ machine: m, args }) => {
    const [pattern, flags] = [textOf(args[0]), textOf(args[1]) ?? ''];
    return pattern === undefined ? m.newThing('regexp') : newRegExp(m, pattern, flags);
  },
  Error: errorOf,
  TypeError: errorOf,
  RangeError: errorOf,
  SyntaxError: errorOf,
  AggregateError: errorOf,
  Proxy: ({ args }) => args[0],
  structuredClone: ({ args }) => args[0],
  setTimeout: timer,
  setInterval: timer,
  setImmediate: timer,
  queueMicrotask: timer,
  'process.nextTick': timer,
  requestAnimationFrame: timer,
  requestIdleCallback: timer,
  'util.promisify': ({ args }) => args[0],
  'util.callbackify': ({ args }) => args[0],
  'util.deprecate': ({ args }) => args[0],
  'util.inspect': text,
  'util.format': text,
  'util.inherits': ({ machine: m, args, node }) => {
    const [proto] = [plainOf(m.get(args[0], 'prototype', node))];
    const parent = plainOf(m.get(args[1], 'prototype', node));
    if (proto instanceof Thing && parent instanceof Thing) proto.proto = parent;
    return undefined;
  },
  // A WebAssembly module computes: what it was decoded from is no text that could run.
  'WebAssembly.Module': ({ machine: m }) => m.newNative('WebAssembly.Module()'),
  'WebAssembly.Instance': ({ machine: m }) => m.newNative('WebAssembly.Instance()'),
  'WebAssembly.compile': ({ machine: m }) => m.newNative('WebAssembly.Module()'),
  'WebAssembly.instantiate': ({ machine: m }) => m.newNative('WebAssembly.Instance()'),
  URL: url,
  'URL.parse': url,
  'url.parse': url,
  'url.resolve': ({ machine: m, args }) => address(m, args),
  'url.format': text,
};

function numeric(compute: (...args: Primitive[]) => number): Model {
  return ({ args }) => {
    const taint = unionAll(args.map((arg) => taintOf(arg)));
    const known = args.map((arg) => plainOf(arg));
    return make(
      known.every((one) => isPrimitive(one) && typeof one !== 'bigint') ? compute(...(known as Primitive[])) : unknown,
      taint,
    );
  };
}

function text({ machine: m, args }: NativeCall): Value {
  return make(unknown, unionAll(args.map((arg) => m.holds(arg))));
}

function arrayOfLength({ machine: m, args }: NativeCall): Value {
  const length = plainOf(args[0]);
  if (args.length !== 1 || typeof length !== 'number') return m.newArray(args);
  const list = m.newArray([]);
  if (Number.isInteger(length) && length >= 0 && length <= maxLength)
    list.items = Array.from({ length }, () => undefined);
  else list.exact = false;
  return list;
}

function arrayFrom(call: NativeCall): Value {
  const { machine: m, args, node } = call;
  const [source, each] = args;
  const plain = plainOf(source);
  const length = plain instanceof Thing && plain.kind === 'object' ? plainOf(m.get(source, 'length', node)) : undefined;
  const list =
    typeof length === 'number' && length <= maxLength
      ? m.newArray(Array.from({ length }, () => undefined))
      : m.newArray([]);
  if (typeof length !== 'number') {
    const { items, any } = elementsOf(m, source);
    list.items = [...(items ?? [])];
    if (items === undefined || any !== undefined) {
      list.rest = any === undefined ? unknown : any;
      list.exact = false;
    }
    list.taint = taintOf(source);
  }
  if (each === undefined) return list;
  const mapped = m.callMethod(list, 'map', [each], node);
  return tainted(mapped, []);
}

function errorOf({ machine: m, args }: NativeCall): Value {
  return m.newObject({ message: args[0], stack: make(unknown, taintOf(args[0])) });
}

/** What is to be done later is done now; text is code. */
function timer({ machine: m, args, node, path }: NativeCall): Value {
  const [work, , ...given] = args;
  const plain = plainOf(work);
  if (typeof plain === 'string') m.evaluateText(work, node, undefined, path);
  else m.call(work, undefined, path.startsWith('set') && path !== 'setImmediate' ? given : args.slice(1), node);
  return m.newNative('timer()');
}

function url(call: NativeCall): Value {
  const { machine: m, args } = call;
  const href = address(m, args);
  const thing = m.newObject({ '@text': href, href });
  const whole = asText(m, href);
  const [, protocol = '', host = '', path = ''] = /^([a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)([\s\S]*)$/i.exec(whole) ?? [];
  if (host === '') thing.rest = make(unknown, m.holds(href));
  else {
    for (const [name, part] of Object.entries({
      protocol,
      host,
      hostname: host.replace(/:\d+$/, ''),
      pathname: path,
    })) {
      thing.fields?.set(name, make(sketchOf(part), taintOf(href)));
    }
  }
  const parameters = m.newNative('URLSearchParams()', taintOf(href));
  thing.fields?.set('searchParams', parameters);
  thing.fields?.set('search', make(unknown, taintOf(href)));
  return thing;
}

/** An address and what it is relative to. */
function address(m: NativeCall['machine'], args: readonly Value[]): Value {
  const [relative, base] = args.map((arg) => asText(m, arg));
  const taint = unionAll(args.map((arg) => taintAsText(m, arg)));
  if (base === undefined || /^[a-z][a-z0-9+.-]*:/i.test(relative ?? '')) return make(sketchOf(relative ?? ''), taint);
  return make(sketchOf(`${base.replace(/\/?$/, '/')}${(relative ?? '').replace(/^\//, '')}`), taint);
}
