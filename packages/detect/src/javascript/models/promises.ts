import { clean, union } from '../abstract/taint.ts';
import { join, make, plainOf, Thing, tainted, taintOf, unknown, type Value } from '../abstract/value.ts';
import { anyOf, elementsOf } from '../interpreter/elements.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';
import type { BuiltinCall, BuiltinResult } from './builtins.ts';
import type { Models } from './model.ts';

/** What a promise was fulfilled with; every other value stands for its own promise. */
export function awaited(value: Value): Value {
  const plain = plainOf(value);
  if (!(plain instanceof Thing) || plain.kind !== 'promise') return value;
  const taint = taintOf(value);
  return taint.length === 0 ? (plain.rest ?? unknown) : tainted(plain.rest ?? unknown, taint);
}

/** `then`, `catch`, `finally`, on promises and on what asynchronous functions of the runtime give. */
export function promiseMethod({ m, name, args, self, node }: BuiltinCall, thing: Thing | undefined): BuiltinResult {
  const value = thing === undefined ? self : awaited(self);
  const [first, second] = args;
  if (name === 'then') {
    const result = isFunction(first) ? awaited(m.call(first, undefined, [value], node)) : value;
    return { value: isFunction(second) ? join(result, rejected(m, second, node)) : result };
  }
  if (name === 'catch') return { value: isFunction(first) ? join(value, rejected(m, first, node)) : value };
  if (name === 'finally') {
    if (isFunction(first)) m.call(first, undefined, [], node);
    return { value };
  }
  return undefined;
}

function isFunction(value: Value): boolean {
  return plainOf(value) instanceof Thing;
}

function rejected(m: Machine, handler: Value, node: BuiltinCall['node']): Value {
  return m.perhaps(clean, true, () => m.call(handler, undefined, [m.newThing('object')], node));
}

/** `new Promise(executor)` and its companions. */
export const promiseModels: Models = {
  Promise: newPromise,
  'Promise.resolve': ({ args }) => awaited(args[0]),
  'Promise.reject': () => unknown,
  'Promise.all': (call) => allOf(call, (value) => value),
  'Promise.allSettled': (call) => allOf(call, (value) => call.machine.newObject({ status: unknown, value })),
  'Promise.race': anyOfAll,
  'Promise.any': anyOfAll,
};

function newPromise({ machine: m, args, node }: NativeCall): Value {
  const promise = m.newThing('promise');
  const resolve = m.newHost({
    run: ({ args: given }) => {
      promise.rest = join(promise.rest, awaited(given[0]));
      return undefined;
    },
  });
  m.call(args[0], undefined, [resolve, m.newHost({ run: () => undefined })], node);
  return promise;
}

function allOf({ machine: m, args }: NativeCall, each: (value: Value) => Value): Value {
  const { items, any } = elementsOf(m, args[0]);
  const list = m.newArray((items ?? []).map((item) => each(awaited(item))));
  if (items === undefined || any !== undefined) {
    list.rest = each(awaited(any === undefined ? unknown : any));
    list.exact = false;
  }
  list.taint = union(taintOf(args[0]), clean);
  return list;
}

function anyOfAll({ machine: m, args }: NativeCall): Value {
  return make(unknown, m.holds(awaited(anyOf(elementsOf(m, args[0])))));
}
