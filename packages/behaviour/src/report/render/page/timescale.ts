import type { Timescale } from './types.ts';

/**
 * A scale over the times at which something happened: between them it is even, but a stretch in which nothing happened
 * grows only with its logarithm. Self-contained: the page carries its source.
 */
export function makeTimescale(times: number[]): Timescale {
  /** Stretches longer than this are squeezed, ms. */
  const idleMs = 300;
  const sorted = [...new Set([0, ...times])].sort((a, b) => a - b);
  let length = 0;
  const knots = sorted.map((ms, index) => {
    const stretch = ms - (sorted[index - 1] ?? ms);
    length += stretch <= idleMs ? stretch : idleMs * (1 + Math.log2(stretch / idleMs) / 2);
    return { ms, at: length };
  });
  // A little room after the last one.
  const whole = length * 1.01 || 1;
  for (const knot of knots) knot.at /= whole;
  /** The knots on both sides of a value of one of their members. */
  const around = (member: 'ms' | 'at', value: number) => {
    let [low, high] = [0, knots.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((knots[middle]?.[member] ?? 0) <= value) low = middle;
      else high = middle;
    }
    return { before: knots[low] ?? { ms: 0, at: 0 }, after: knots[high] ?? { ms: 0, at: 0 } };
  };
  const share = (value: number, from: number, to: number) =>
    to === from ? 0 : Math.min(1, Math.max(0, (value - from) / (to - from)));
  return {
    placeOf: (ms) => {
      const { before, after } = around('ms', ms);
      return before.at + share(ms, before.ms, after.ms) * (after.at - before.at);
    },
    timeAt: (place) => {
      const { before, after } = around('at', place);
      return before.ms + share(place, before.at, after.at) * (after.ms - before.ms);
    },
    gaps: knots.flatMap((knot, index) => {
      const before = knots[index - 1];
      if (before === undefined || knot.ms - before.ms <= idleMs * 3) return [];
      return [{ from: before.at, to: knot.at, ms: knot.ms - before.ms }];
    }),
  };
}
