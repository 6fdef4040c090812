import type { Taint } from '../abstract/taint.ts';
import { isPrimitive, plainOf, Sketch, Thing, taintOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine } from './machine.ts';

export { clean } from '../abstract/taint.ts';

/** Whether a value counts as true; undefined when nobody knows. */
export function truthOf(value: Value): boolean | undefined {
  const plain = plainOf(value);
  if (plain === unknown) return undefined;
  if (plain instanceof Thing) return plain.native === undefined || plain.native.includes('(') ? true : undefined;
  if (plain instanceof Sketch) return true;
  return Boolean(plain);
}

/** Strict equality; undefined when nobody knows. */
export function sameAs(a: Value, b: Value): boolean | undefined {
  const left = plainOf(a);
  const right = plainOf(b);
  if (isPrimitive(left) && isPrimitive(right)) return left === right;
  if (left instanceof Thing && right instanceof Thing && left.native === undefined && right.native === undefined)
    return left === right;
  return undefined;
}

/** What a test depends on. */
export function taintOfTest(m: Machine, test: Value): Taint {
  return plainOf(test) instanceof Thing ? m.holds(test) : taintOf(test);
}
