import { expect, test } from 'vitest';
import { compareEvents, inCausalOrder } from './order.ts';

const event = (id: string, t_ms: number, run: 'r0' | 'r1' = 'r0') => ({ id, t_ms, run });

test('events of the same instant are ordered by the number in their id, not by its letters', () => {
  const events = [event('e10', 5), event('e9', 5), event('e2', 7), event('e1', 9, 'r1'), event('e8', 1)];
  expect(events.sort(compareEvents).map(({ id }) => id)).toEqual(['e8', 'e9', 'e10', 'e2', 'e1']);
});

test('evidence stands in causal order: what was written before what happened, each once', () => {
  const events = new Map([event('e3', 30), event('e12', 10), event('e4', 10, 'r1')].map((one) => [one.id, one]));
  expect(inCausalOrder(['e3', 's2', 'e4', 'e12', 's1', 'e3'], events)).toEqual(['s1', 's2', 'e12', 'e3', 'e4']);
});
