import { union } from '../abstract/taint.ts';
import { join, type Thing, unknown, type Value } from '../abstract/value.ts';
import { entriesOf } from './keys.ts';
import type { Machine } from './machine.ts';
import { setField } from './members.ts';

/** `{...value}`: its members, and what it carries as a whole. */
export function spread(m: Machine, into: Thing, value: Value): void {
  const { entries, any } = entriesOf(m, value);
  for (const [key, one] of entries ?? []) setField(m, into, key, one);
  if (any !== undefined && any !== unknown) into.rest = join(into.rest, any);
  if (entries !== undefined) return;
  into.content = union(into.content, m.holds(value));
  into.rest ??= unknown;
}
