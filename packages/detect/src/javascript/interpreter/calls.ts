import type * as t from '@babel/types';
import type { Scope } from '../abstract/scope.ts';
import { type Taint, union, unionAll } from '../abstract/taint.ts';
import {
  alternatives,
  join,
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
import { callBuiltin } from '../models/builtins.ts';
import { callNative } from '../models/index.ts';
import { constructClass, superConstruct } from './classes.ts';
import { anyOf, elementsOf } from './elements.ts';
import { type CallLimits, callCode } from './functions.ts';
import { taintHanded } from './holds.ts';
import type { Host, Machine } from './machine.ts';
import { propertyKey } from './property-key.ts';

export function evaluateCall(m: Machine, node: t.CallExpression | t.OptionalCallExpression, scope: Scope): Value {
  const { callee } = node;
  if (callee.type === 'Super') {
    const args = evaluateArguments(m, node.arguments, scope);
    const home = (m.frame.callee?.code as { home?: Thing } | undefined)?.home;
    const [owner] =
      home === undefined ? [] : thingsOf(m.get(home, 'constructor', node)).filter((one) => one.kind === 'class');
    if (owner !== undefined) superConstruct(m, owner, m.frame.self, args, node);
    return undefined;
  }
  if (callee.type === 'Import')
    return m.call(m.newNative('import'), undefined, evaluateArguments(m, node.arguments, scope), node);
  if (
    (callee.type === 'MemberExpression' || callee.type === 'OptionalMemberExpression') &&
    callee.object.type !== 'Super'
  ) {
    const object = m.evaluate(callee.object, scope);
    const key = propertyKey(m, callee, scope);
    return m.callMethod(object, key, evaluateArguments(m, node.arguments, scope), node);
  }
  const value = m.evaluate(callee, scope);
  const args = evaluateArguments(m, node.arguments, scope);
  const isSuper = callee.type === 'MemberExpression';
  if (value instanceof Thing && value.native === 'eval') return m.evaluateText(args[0], node, scope);
  return m.call(value, isSuper ? m.frame.self : undefined, args, node);
}

export function evaluateNew(m: Machine, node: t.NewExpression, scope: Scope): Value {
  const callee = m.evaluate(node.callee, scope);
  return m.construct(callee, evaluateArguments(m, node.arguments, scope), node);
}

/** Of a spread that is not known, one element stands for all. */
function evaluateArguments(m: Machine, nodes: t.CallExpression['arguments'], scope: Scope): Value[] {
  const args: Value[] = [];
  for (const node of nodes) {
    if (node.type !== 'SpreadElement') {
      args.push(m.evaluate(node, scope));
      continue;
    }
    const spread = elementsOf(m, m.evaluate(node.argument, scope));
    for (const item of spread.items ?? []) args.push(item);
    if (spread.items === undefined || spread.any !== undefined) args.push(anyOf(spread));
  }
  return args;
}

/** Calls everything that `callee` may be. */
export function callValue(
  m: Machine,
  callee: Value,
  self: Value,
  args: readonly Value[],
  node: t.Node,
  limits: CallLimits,
): Value {
  const things = thingsOf(callee);
  if (things.length === 0) return callUnknown(m, taintOf(callee), args, node);
  let result: Value;
  for (const thing of things) result = join(result, callThing(m, thing, self, args, node, limits));
  return tainted(result, taintOf(callee));
}

function callThing(
  m: Machine,
  thing: Thing,
  self: Value,
  args: readonly Value[],
  node: t.Node,
  limits: CallLimits,
): Value {
  if (thing.kind === 'class') return constructClass(m, thing, args, node);
  if (thing.kind === 'function' && thing.code !== undefined) {
    return 'run' in thing.code
      ? (thing.code as Host).run({ machine: m, path: '', self, args, node, isNew: false })
      : callCode(m, thing, self, args, limits);
  }
  if (thing.native !== undefined)
    return callNative({ machine: m, path: thing.native, self: self ?? thing.origin, args, node, isNew: false });
  return callUnknown(m, thing.taint, args, node);
}

/** Something of which nothing is known: gives back what it is given, and calls the functions among it. */
export function callUnknown(m: Machine, taint: Taint, args: readonly Value[], node: t.Node): Value {
  const given = unionAll([taint, ...args.map((arg) => taintHanded(arg))]);
  m.callBack(args, [make(unknown, given), make(unknown, given), make(unknown, given)], node);
  return make(unknown, given);
}

/** `object.key(…)`, on everything that `object` may be. */
export function callMember(m: Machine, object: Value, key: Value, args: readonly Value[], node: t.Node): Value {
  const all = alternatives(object);
  if (all.length === 0) return callOnUnknown(m, object, key, args, node);
  const taint = taintOf(object);
  if (all.length === 1)
    return tainted(callOne(m, all[0], object, key, args, node), all[0] instanceof Thing ? [] : taint);
  let result: Value;
  for (const plain of all) result = join(result, callOne(m, plain, make(plain, taint), key, args, node));
  return result;
}

/** A method of something unknown: what it carries goes on, and into the callbacks. `then` and the like are known by name. */
function callOnUnknown(m: Machine, object: Value, key: Value, args: readonly Value[], node: t.Node): Value {
  const name = textOf(key);
  const builtin = name === undefined ? undefined : callBuiltin(m, unknown, object, name, args, node);
  if (builtin !== undefined) return builtin.value;
  return callUnknown(m, union(taintOf(object), taintOf(key)), args, node);
}

function callOne(m: Machine, plain: Plain, self: Value, key: Value, args: readonly Value[], node: t.Node): Value {
  const name = textOf(key);
  if (name !== undefined) {
    const own = plain instanceof Thing ? ownMethod(m, plain, name, node) : undefined;
    if (own !== undefined) return m.call(own, self, args, node);
    if (!(plain instanceof Thing && plain.native !== undefined)) {
      const builtin = callBuiltin(m, plain, self, name, args, node);
      if (builtin !== undefined) return builtin.value;
    }
  }
  const method = m.get(self, key, node);
  return m.call(method, self, args, node);
}

/** A method that the program itself put there. */
function ownMethod(m: Machine, thing: Thing, name: string, node: t.Node): Value {
  let at: Thing | undefined = thing;
  for (let count = 0; at !== undefined && count < 12; at = at.proto, count++) {
    const value = at.fields?.get(name);
    if (value !== undefined && value !== null) return value;
    const getter = at.fields?.get(`@get:${name}`);
    if (getter !== undefined) return m.call(getter, thing, [], node);
  }
  return undefined;
}

export function constructValue(m: Machine, callee: Value, args: readonly Value[], node: t.Node): Value {
  const things = thingsOf(callee);
  if (things.length === 0) return callUnknown(m, taintOf(callee), args, node);
  let result: Value;
  for (const thing of things) result = join(result, constructThing(m, thing, args, node));
  return result;
}

function constructThing(m: Machine, thing: Thing, args: readonly Value[], node: t.Node): Value {
  if (thing.kind === 'class') return constructClass(m, thing, args, node);
  if (thing.native !== undefined) {
    return callNative({ machine: m, path: thing.native, self: thing.origin, args, node, isNew: true });
  }
  if (thing.kind !== 'function' || thing.code === undefined) return callUnknown(m, thing.taint, args, node);
  const self = m.newThing('object');
  [self.proto] = thingsOf(m.get(thing, 'prototype', node));
  const returned = m.call(thing, self, args, node);
  return plainOf(returned) instanceof Thing ? returned : self;
}
