import type { Node } from '@babel/types';
import type { Scope } from '../abstract/scope.ts';
import { unknown, type Value } from '../abstract/value.ts';
import type { Machine } from './machine.ts';

type Keyed = Node & { computed?: boolean | undefined; key?: Node; property?: Node };

/** The key of a member access, a property or a class member. Private names get a `#` of their own. */
export function propertyKey(m: Machine, node: Keyed, scope: Scope): Value {
  const key = node.property ?? node.key;
  if (key === undefined) return unknown;
  if (key.type === 'PrivateName') return `#${key.id.name}`;
  if (node.computed === true) return m.evaluate(key, scope);
  switch (key.type) {
    case 'Identifier':
      return key.name;
    case 'StringLiteral':
      return key.value;
    case 'NumericLiteral':
    case 'BigIntLiteral':
      return String(key.value);
    default:
      return unknown;
  }
}
