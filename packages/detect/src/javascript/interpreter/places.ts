import type { Node } from '@babel/types';
import { plainOf, sketchText, Thing } from '../abstract/value.ts';
import type { Unit } from './machine.ts';

/** How a destination reads in a claim: its text, its address, or what kind of thing it is. */
export function destinationText(plain: ReturnType<typeof plainOf>): string {
  if (!(plain instanceof Thing)) return sketchText(plain);
  const href = plain.fields?.get('@text');
  return href === undefined ? `{${plain.native ?? plain.kind}}` : sketchText(plainOf(href));
}

/** Where something stands, as claims name it. *Units:* lines and columns from 1. */
export function placeOf(
  unit: Unit,
  node: Node,
  what: string,
): { file: string; line: number; column: number; what: string } {
  return {
    file: unit.path,
    line: node.loc?.start.line ?? 1,
    column: (node.loc?.start.column ?? 0) + 1,
    what: what.slice(0, 80),
  };
}
