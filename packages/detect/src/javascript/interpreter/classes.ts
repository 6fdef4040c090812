import type { Class, Node } from '@babel/types';
import { Scope } from '../abstract/scope.ts';
import { plainOf, type Thing, taintOf, thingsOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine } from './machine.ts';
import { setField } from './members.ts';
import { propertyKey } from './property-key.ts';

/** What stands behind a class's thing. */
export interface ClassCode {
  node: Class;
  scope: Scope;
  parent: Value;
  constructorThing: Thing | undefined;
  fields: { key: Value; value: Node | null | undefined; isStatic: boolean }[];
  /** An instance made for methods that nobody was seen calling. */
  anyInstance: Thing | undefined;
}

/** A class: its own thing holds the static members, `prototype` the methods. */
export function evaluateClass(m: Machine, node: Class, outer: Scope): Value {
  const parent = node.superClass == null ? undefined : m.evaluate(node.superClass, outer);
  const scope = new Scope(outer);
  const thing = m.newThing('class');
  if (node.id != null) scope.declare(node.id.name, thing, m.weak);
  const proto = m.newThing('object');
  proto.proto = prototypeOf(m, parent, node);
  [thing.proto] = thingsOf(parent).filter((one) => one.kind === 'class' || one.kind === 'function');
  setField(m, thing, 'prototype', proto);
  setField(m, proto, 'constructor', thing);
  const code: ClassCode = { node, scope, parent, constructorThing: undefined, fields: [], anyInstance: undefined };
  thing.code = code;
  for (const member of node.body.body) {
    switch (member.type) {
      case 'ClassMethod':
      case 'ClassPrivateMethod': {
        const home = member.static === true ? thing : proto;
        const method = m.newFunction(member, scope, home);
        if (member.kind === 'constructor') code.constructorThing = method;
        else setMethod(m, home, propertyKey(m, member, scope), member.kind, method);
        break;
      }
      case 'ClassProperty':
      case 'ClassPrivateProperty':
      case 'ClassAccessorProperty':
        code.fields.push({ key: propertyKey(m, member, scope), value: member.value, isStatic: member.static === true });
        break;
      case 'StaticBlock':
        m.block(member, member.body, new Scope(scope));
        break;
      default:
        break;
    }
  }
  initialise(m, code, thing, true);
  return thing;
}

/** Methods, getters and setters share a name without being one member. */
export function setMethod(m: Machine, home: Thing, key: Value, kind: string, method: Value): void {
  const plain = plainOf(key);
  if (typeof plain !== 'string') home.rest = method;
  else setField(m, home, kind === 'get' || kind === 'set' ? `@${kind}:${plain}` : plain, method);
}

function prototypeOf(m: Machine, parent: Value, node: Node): Thing | undefined {
  for (const thing of thingsOf(parent)) {
    if (thing.native !== undefined) return m.newNative(`${thing.native}()`);
    const [proto] = thingsOf(m.get(thing, 'prototype', node));
    if (proto !== undefined) return proto;
  }
  return undefined;
}

function initialise(m: Machine, code: ClassCode, self: Thing, isStatic: boolean): void {
  for (const field of code.fields) {
    if (field.isStatic !== isStatic) continue;
    const scope = new Scope(code.scope);
    const value = field.value == null ? undefined : m.withSelf(self, () => m.evaluate(field.value, scope));
    m.set(self, field.key, value, code.node);
  }
}

/** `new` of a class: fields, then constructors from the derived one inwards as `super` calls them. */
export function constructClass(m: Machine, thing: Thing, args: readonly Value[], node: Node): Thing {
  const instance = m.newThing('object');
  [instance.proto] = thingsOf(m.get(thing, 'prototype', node));
  constructOn(m, thing, instance, args, node);
  return instance;
}

/** Runs what a class does to a new instance: its own constructor, or its parent's. */
export function constructOn(m: Machine, thing: Thing, instance: Value, args: readonly Value[], node: Node): void {
  if (thing.kind !== 'class') {
    if (thing.native === undefined) m.call(thing, instance, args, node);
    else nativeParent(m, thing, instance, args, node);
    return;
  }
  const code = thing.code as ClassCode;
  const [self] = thingsOf(instance);
  if (self !== undefined) initialise(m, code, self, false);
  if (code.constructorThing !== undefined) m.call(code.constructorThing, instance, args, node);
  else superConstruct(m, thing, instance, args, node);
}

/** `super(…)`: the parent's part of the construction. */
export function superConstruct(m: Machine, thing: Thing, instance: Value, args: readonly Value[], node: Node): void {
  for (const parent of thingsOf((thing.code as ClassCode).parent)) constructOn(m, parent, instance, args, node);
}

/** A parent of the runtime's: what it is given, the instance holds; a promise runs its executor. */
function nativeParent(m: Machine, parent: Thing, instance: Value, args: readonly Value[], node: Node): void {
  const made = m.construct(parent, args, node);
  for (const self of thingsOf(instance)) {
    self.taint = [...new Set([...self.taint, ...taintOf(made), ...args.flatMap((arg) => m.holds(arg))])];
  }
}

/** One instance per class, for methods that are called from nowhere. */
export function anyInstanceOf(m: Machine, thing: Thing, node: Node): Thing {
  const code = thing.code as ClassCode;
  if (code.anyInstance === undefined) {
    code.anyInstance = m.newThing('object');
    [code.anyInstance.proto] = thingsOf(m.get(thing, 'prototype', node));
    constructOn(
      m,
      thing,
      code.anyInstance,
      (code.constructorThing?.code === undefined ? [] : [unknown, unknown, unknown]) as Value[],
      node,
    );
  }
  return code.anyInstance;
}
