import type { Node } from '@babel/types';
import { digested } from '../abstract/taint.ts';
import { isPrimitive, make, type Plain, Sketch, Thing, taintOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine } from '../interpreter/machine.ts';
import { arrayMethod } from './arrays.ts';
import { bytesMethod } from './bytes.ts';
import { functionMethod } from './function-methods.ts';
import { mapMethod } from './maps.ts';
import { promiseMethod } from './promises.ts';
import { regexpMethod } from './regexps.ts';
import { stringMethod } from './strings.ts';

export interface BuiltinCall {
  m: Machine;
  self: Value;
  name: string;
  args: readonly Value[];
  node: Node;
}

/** What a method gave; undefined when there is no such method. Wrapped, because it may give undefined itself. */
export type BuiltinResult = { value: Value } | undefined;

/** Answers about a value that tell next to nothing of it. */
const questions =
  /^(?:includes|startsWith|endsWith|indexOf|lastIndexOf|test|has|hasOwnProperty|isArray|equals|localeCompare|search|some|every)$/;

/** Methods of the language's own kinds of values. `plain` is what `self` is here; {@link unknown} when nobody knows. */
export function callBuiltin(
  m: Machine,
  plain: Plain,
  self: Value,
  name: string,
  args: readonly Value[],
  node: Node,
): BuiltinResult {
  const call: BuiltinCall = { m, self, name, args, node };
  if (plain instanceof Thing) return methodOfThing(call, plain);
  if (name === 'then' || name === 'catch' || name === 'finally') return promiseMethod(call, undefined);
  if (typeof plain === 'string' || plain instanceof Sketch) return stringMethod(call, plain);
  if (plain === unknown) return methodOfUnknown(call);
  if (isPrimitive(plain)) return numberMethod(call, plain);
  return undefined;
}

function methodOfThing(call: BuiltinCall, thing: Thing): BuiltinResult {
  switch (thing.kind) {
    case 'array':
      return arrayMethod(call, thing);
    case 'bytes':
      return bytesMethod(call, thing);
    case 'map':
      return mapMethod(call, thing);
    case 'regexp':
      return regexpMethod(call, thing);
    case 'promise':
      return promiseMethod(call, thing);
    case 'function':
    case 'class':
      return functionMethod(call);
    default:
      return objectMethod(call, thing);
  }
}

function objectMethod({ m, self, name }: BuiltinCall, thing: Thing): BuiltinResult {
  if (name === 'toString' || name === 'valueOf' || name === 'toJSON') {
    const text = thing.fields?.get('@text');
    return { value: text ?? make(unknown, m.holds(self)) };
  }
  if (name === 'hasOwnProperty' || name === 'isPrototypeOf' || name === 'propertyIsEnumerable')
    return { value: unknown };
  return undefined;
}

function methodOfUnknown(call: BuiltinCall): BuiltinResult {
  const { self, name } = call;
  if (questions.test(name)) return { value: make(unknown, digested(taintOf(self))) };
  if (/^(?:forEach|map|filter|find|findLast|flatMap|reduce|some|every)$/.test(name))
    return arrayMethod(call, undefined);
  if (name === 'call' || name === 'apply' || name === 'bind') return functionMethod(call);
  return undefined;
}

function numberMethod({ args, name, self }: BuiltinCall, plain: Plain): BuiltinResult {
  const [first] = args;
  if (typeof plain !== 'number') return name === 'toString' ? { value: make(String(plain), taintOf(self)) } : undefined;
  if (name === 'toString') {
    const radix = typeof first === 'number' && first >= 2 && first <= 36 ? first : 10;
    return { value: make(plain.toString(radix), taintOf(self)) };
  }
  if (name === 'valueOf') return { value: self };
  return name === 'toFixed' ? { value: make(unknown, taintOf(self)) } : undefined;
}
