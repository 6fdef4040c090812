import type { Node } from '@babel/types';
import { type Label, type Taint, union } from '../abstract/taint.ts';
import { plainOf, Thing, type Value } from '../abstract/value.ts';
import type { Machine } from '../interpreter/machine.ts';

const constants: readonly Label[] = ['blob', 'decoded', 'media', 'invisible'];

/**
 * Marks a value as decoded here. Its size is that of the constant it was decoded from, as far as one is known: the text
 * itself, or the largest opaque constant that flowed in.
 */
export function decodedFrom(m: Machine, node: Node, how: string, input: Value, taint: Taint): Taint {
  const plain = plainOf(input);
  const own = typeof plain === 'string' ? plain.length : plain instanceof Thing ? (plain.bytes?.length ?? 0) : 0;
  const source = m.source('decoded', node, how);
  source.size = Math.max(source.size, own, constantSize(taint));
  return union(taint, [source]);
}

/** Characters or bytes of the largest opaque constant that a value was made of. */
export function constantSize(taint: Taint): number {
  return taint.reduce((most, { label, size }) => (constants.includes(label) ? Math.max(most, size) : most), 0);
}
