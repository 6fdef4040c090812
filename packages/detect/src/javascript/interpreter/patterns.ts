import type { ArrayPattern, Node, ObjectPattern } from '@babel/types';
import { Binding, type Scope, updated } from '../abstract/scope.ts';
import { join, plainOf, Thing, tainted, taintOf, unknown, type Value } from '../abstract/value.ts';
import { elementsOf } from './elements.ts';
import { entriesOf } from './keys.ts';
import type { Machine } from './machine.ts';
import { propertyKey } from './property-key.ts';

/** Gives the names of a pattern their values. `declares` makes new names, else old ones are assigned. */
export function bindPattern(m: Machine, pattern: Node, value: Value, scope: Scope, declares: boolean): void {
  switch (pattern.type) {
    case 'Identifier':
      bindName(m, pattern.name, value, scope, declares);
      break;
    case 'MemberExpression':
    case 'OptionalMemberExpression': {
      const object = m.evaluate(pattern.object, scope);
      m.set(object, propertyKey(m, pattern, scope), value, pattern);
      break;
    }
    case 'ObjectPattern':
      bindObject(m, pattern, value, scope, declares);
      break;
    case 'ArrayPattern':
      bindArray(m, pattern, value, scope, declares);
      break;
    case 'AssignmentPattern': {
      const plain = plainOf(value);
      const filled = plain === undefined || plain === unknown ? join(value, m.evaluate(pattern.right, scope)) : value;
      bindPattern(m, pattern.left, filled, scope, declares);
      break;
    }
    case 'RestElement':
      bindPattern(m, pattern.argument, value, scope, declares);
      break;
    case 'TSParameterProperty':
      bindPattern(m, pattern.parameter, value, scope, declares);
      break;
    case 'TSAsExpression':
    case 'TSNonNullExpression':
    case 'ParenthesizedExpression':
      bindPattern(m, pattern.expression, value, scope, declares);
      break;
    default:
      break;
  }
}

function bindName(m: Machine, name: string, value: Value, scope: Scope, declares: boolean): void {
  if (declares) {
    const old = scope.names.get(name);
    // A hoisted name gets its first value, not a second one.
    if (old === undefined || old.value === undefined) scope.declare(name, value, m.weak);
    else old.value = updated(old.value, value, old.weak, m);
    return;
  }
  const binding = scope.find(name);
  if (binding === undefined) m.set(m.globals, name, value, undefined);
  else if (binding.link !== undefined) m.set(binding.link.thing, binding.link.key, value, undefined);
  else if (binding instanceof Binding) binding.value = updated(binding.value, value, binding.weak, m);
}

function bindObject(m: Machine, pattern: ObjectPattern, value: Value, scope: Scope, declares: boolean): void {
  const taken: string[] = [];
  for (const property of pattern.properties) {
    if (property.type === 'RestElement') {
      bindPattern(m, property.argument, without(m, value, taken), scope, declares);
      continue;
    }
    const key = propertyKey(m, property, scope);
    if (typeof key === 'string') taken.push(key);
    bindPattern(m, property.value, m.get(value, key, property), scope, declares);
  }
}

/** The object without the members taken out of it; of the environment, all that is left is still the environment. */
function without(m: Machine, value: Value, taken: readonly string[]): Value {
  const plain = plainOf(value);
  if (plain instanceof Thing && plain.native !== undefined) return value;
  const { entries, any } = entriesOf(m, value);
  const rest = m.newObject(Object.fromEntries((entries ?? []).filter(([key]) => !taken.includes(key))));
  if (entries === undefined || any !== undefined) rest.rest = any;
  return tainted(rest, taintOf(value));
}

function bindArray(m: Machine, pattern: ArrayPattern, value: Value, scope: Scope, declares: boolean): void {
  const { items, any } = elementsOf(m, value);
  pattern.elements.forEach((element, index) => {
    if (element === null) return;
    if (element.type === 'RestElement') {
      const rest = m.newArray((items ?? []).slice(index));
      rest.rest = any;
      rest.exact = items !== undefined && any === undefined;
      bindPattern(m, element.argument, rest, scope, declares);
      return;
    }
    const item = items?.[index];
    bindPattern(m, element, item === undefined ? any : item, scope, declares);
  });
}
