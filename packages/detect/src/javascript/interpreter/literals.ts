import type { ArrayExpression, NumericLiteral, RegExpLiteral, StringLiteral } from '@babel/types';
import { countInvisible, minInvisible } from '../../invisible.ts';
import { make, type Thing, tainted, type Value } from '../abstract/value.ts';
import { looksOpaque, minOpaqueChars } from '../opaque.ts';
import type { Machine } from './machine.ts';

const minNumbers = 24;

/** A string, marked when it may hide something: opaque to a reader, or not visible at all. */
export function stringOf(m: Machine, node: StringLiteral): Value {
  const { value } = node;
  if (value.length < minInvisible) return value;
  const known = m.literals.get(node);
  if (known !== undefined) return known;
  let result: Value = value;
  if (value.length >= minOpaqueChars && looksOpaque(value)) {
    result = make(value, [m.source('blob', node, 'opaque text', '', value.length)]);
  }
  const invisible = countInvisible(value);
  if (invisible >= minInvisible) {
    result = tainted(result, [m.source('invisible', node, `${invisible} invisible characters`, '', invisible)]);
  }
  m.literals.set(node, result);
  return result;
}

/** A long list of small numbers, which may be text; undefined for any other array. */
export function numberList(m: Machine, node: ArrayExpression): Value {
  if (node.elements.length < minNumbers) return undefined;
  const numbers: number[] = [];
  for (const element of node.elements) {
    const value = numberOf(element as NumericLiteral | null);
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  const list = m.newArray(numbers);
  if (numbers.every((value) => Number.isInteger(value) && Math.abs(value) < 0x110000)) {
    list.taint = [m.source('blob', node, 'list of numbers', '', numbers.length)];
  }
  return list;
}

function numberOf(node: ArrayExpression['elements'][number]): number | undefined {
  if (node?.type === 'NumericLiteral') return node.value;
  if (node?.type === 'UnaryExpression' && node.operator === '-' && node.argument.type === 'NumericLiteral')
    return -node.argument.value;
  return undefined;
}

/** A regular expression, to be run only if it cannot run away. */
export function regexpOf(m: Machine, node: RegExpLiteral): Thing {
  return newRegExp(m, node.pattern, node.flags);
}

export function newRegExp(m: Machine, pattern: string, flags: string): Thing {
  const thing = m.newThing('regexp');
  thing.fields = new Map<string, Value>([
    ['source', pattern],
    ['flags', flags],
  ]);
  return thing;
}
