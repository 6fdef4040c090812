import type { BinaryExpression, Node } from '@babel/types';
import type { Scope } from '../abstract/scope.ts';
import { digested, type Taint, union } from '../abstract/taint.ts';
import {
  hole,
  isPrimitive,
  make,
  type Plain,
  type Primitive,
  plainOf,
  Sketch,
  sketchOf,
  sketchText,
  Thing,
  taintOf,
  type Unknown,
  unknown,
  type Value,
} from '../abstract/value.ts';
import type { Machine } from './machine.ts';
import { textOfThing } from './to-text.ts';
import { sameAs } from './truth.ts';

/** Longest string the interpreter keeps; a doubling loop must not fill the memory. */
export const maxText = 4 * 1024 * 1024;

const comparisons = new Set(['==', '!=', '===', '!==', '<', '>', '<=', '>=', 'in', 'instanceof']);

/** Long chains of `+` lean to the left: they are walked, not descended into. */
export function evaluateBinary(m: Machine, node: BinaryExpression, scope: Scope): Value {
  if (node.operator !== '+') {
    const left = node.left.type === 'PrivateName' ? unknown : m.evaluate(node.left, scope);
    return binary(m, node.operator, left, m.evaluate(node.right, scope));
  }
  const operands: Node[] = [];
  let first: Node = node;
  while (first.type === 'BinaryExpression' && first.operator === '+') {
    operands.push(first.right);
    first = first.left;
  }
  let result = m.evaluate(first, scope);
  for (let index = operands.length - 1; index >= 0; index--) {
    result = add(m, result, m.evaluate(operands[index], scope));
  }
  return result;
}

export function binary(m: Machine, operator: string, left: Value, right: Value): Value {
  if (operator === '+') return add(m, left, right);
  const taint = union(taintOf(left), taintOf(right));
  if (comparisons.has(operator)) return make(compare(operator, left, right), digested(taint));
  const a = plainOf(left);
  const b = plainOf(right);
  if (!isPrimitive(a) || !isPrimitive(b)) return make(unknown, taint);
  return make(arithmetic(operator, a, b), taint);
}

function compare(operator: string, left: Value, right: Value): boolean | Unknown {
  if (operator === '===' || operator === '!==') {
    const same = sameAs(left, right);
    return same === undefined ? unknown : same === (operator === '===');
  }
  const a = plainOf(left);
  const b = plainOf(right);
  if (!isPrimitive(a) || !isPrimitive(b) || operator === 'in' || operator === 'instanceof') return unknown;
  switch (operator) {
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: this is the operator that the program wrote
      return a == b;
    case '!=':
      // biome-ignore lint/suspicious/noDoubleEquals: this is the operator that the program wrote
      return a != b;
    default:
      return ordered(operator, a, b);
  }
}

function ordered(operator: string, a: Primitive, b: Primitive): boolean | Unknown {
  if (a === undefined || a === null || b === undefined || b === null)
    return operator === '<=' || operator === '>=' ? unknown : false;
  if (operator === '<') return a < b;
  if (operator === '>') return a > b;
  return operator === '<=' ? a <= b : a >= b;
}

function arithmetic(operator: string, a: Primitive, b: Primitive): Plain {
  // Powers and shifts of big integers can fill the memory in one step.
  if (typeof a === 'bigint' || typeof b === 'bigint') return unknown;
  const x = Number(a);
  const y = Number(b);
  switch (operator) {
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      return x / y;
    case '%':
      return x % y;
    case '**':
      return x ** y;
    case '&':
      return x & y;
    case '|':
      return x | y;
    case '^':
      return x ^ y;
    case '<<':
      return x << y;
    case '>>':
      return x >> y;
    case '>>>':
      return x >>> y;
    default:
      return unknown;
  }
}

/** `+`: numbers are added; as soon as one side is text the result is text, with holes for what is not known. */
export function add(m: Machine, left: Value, right: Value): Value {
  const a = plainOf(left);
  const b = plainOf(right);
  if (typeof a === 'number' && typeof b === 'number') return make(a + b, union(taintOf(left), taintOf(right)));
  const taint = union(taintAsText(m, left), taintAsText(m, right));
  if (isPrimitive(a) && isPrimitive(b)) {
    if (typeof a === 'string' || typeof b === 'string') return concatenated(String(a), String(b), taint);
    return make(typeof a === 'bigint' || typeof b === 'bigint' ? unknown : Number(a) + Number(b), taint);
  }
  if (!isText(a) && !isText(b) && !(a instanceof Thing) && !(b instanceof Thing)) return make(unknown, taint);
  return make(sketchOf(asText(m, left) + asText(m, right)), taint);
}

function concatenated(a: string, b: string, taint: Taint): Value {
  return a.length + b.length > maxText ? make(unknown, taint) : make(a + b, taint);
}

function isText(plain: Plain): boolean {
  return typeof plain === 'string' || plain instanceof Sketch;
}

/** A value as a string, with holes. */
export function asText(m: Machine, value: Value): string {
  const plain = plainOf(value);
  if (plain instanceof Thing) return textOfThing(m, plain) ?? hole;
  return sketchText(plain);
}

/** What of a value's carriage survives in its text: all of an array's or a buffer's, nothing of a plain object's members. */
export function taintAsText(m: Machine, value: Value): Taint {
  const plain = plainOf(value);
  if (!(plain instanceof Thing)) return taintOf(value);
  return plain.kind === 'object' || plain.native === 'process.env' ? taintOf(value) : m.holds(value);
}
