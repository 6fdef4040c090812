import { union } from '../abstract/taint.ts';
import { join, plainOf, Thing, unknown, type Value } from '../abstract/value.ts';
import { entriesOf } from './keys.ts';
import type { Machine } from './machine.ts';
import { setField } from './members.ts';

/** `{...value}`: its members, and what it carries as a whole. */
export function spread(m: Machine, into: Thing, value: Value): void {
  const plain = plainOf(value);
  if (plain instanceof Thing && plain.native === 'process.env') {
    // A copy of the environment: all of it as a whole, and one variable by its name.
    into.content = union(into.content, plain.content);
    into.proto ??= plain;
    return;
  }
  const { entries, any } = entriesOf(m, value);
  for (const [key, one] of entries ?? []) setField(m, into, key, one);
  if (any !== undefined && any !== unknown) into.rest = join(into.rest, any);
  if (entries !== undefined) return;
  into.content = union(into.content, m.holds(value));
  into.rest ??= unknown;
}
