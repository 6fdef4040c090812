import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeTimescale } from './page/index.ts';

const times = fc.array(fc.nat(1_000_000), { maxLength: 50 });

test('a later time never stands before an earlier one, and every time stands on the strip', () => {
  fc.assert(
    fc.property(times, fc.nat(1_000_000), fc.nat(1_000_000), (all, a, b) => {
      const { placeOf } = makeTimescale(all);
      const [first, second] = [placeOf(Math.min(a, b)), placeOf(Math.max(a, b))];
      expect(first).toBeLessThanOrEqual(second);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(second).toBeLessThanOrEqual(1);
    }),
  );
});

test('the time at the place of a time is that time', () => {
  fc.assert(
    fc.property(times, (all) => {
      const { placeOf, timeAt } = makeTimescale(all);
      for (const ms of all) expect(timeAt(placeOf(ms))).toBeCloseTo(ms, 3);
    }),
  );
});

test('a minute of waiting does not hide the second before it', () => {
  const { placeOf, gaps } = makeTimescale([0, 200, 400, 600, 800, 1000, 61_000]);
  expect(placeOf(1000)).toBeGreaterThan(0.3);
  expect(gaps).toMatchObject([{ ms: 60_000 }]);
});
