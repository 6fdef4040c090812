import type { Bag, Part, Replacement, SampleGate } from './kit.ts';

/**
 * Time: first readings of the clock per caller, waits of a second or more, and waits made shorter where the run asks for it.
 * All waits keep their order when long ones are shortened: none becomes shorter than the threshold, and each doubling beyond
 * it adds a tenth of a second.
 */
const installClock: Part = (kit) => {
  const { p, runtime, config, shared } = kit;
  const { global } = runtime;
  const minRecordedMs = 1000;
  const longTimers: SampleGate = { count: 0, last: 0 };
  const { shorten } = config;
  type Interval = { _destroyed?: boolean };
  const plainTimeout = global.setTimeout;
  const probe = plainTimeout(() => undefined, 1);
  const { unref } = probe;
  global.clearTimeout(probe);

  function shortened(ms: number): number {
    if (shorten === undefined || ms < shorten.overMs) return ms;
    // Never sooner than a timer that is left alone: what is set first to fire first does.
    return p.min(ms, p.max(shorten.toMs, shorten.overMs) + p.floor(100 * p.log2(ms / shorten.overMs)));
  }

  /** Duration that package code asked for, as the runtime reads it; undefined when it is short or not a duration. */
  function long(value: unknown): number | undefined {
    const ms = typeof value === 'string' ? +value : value;
    // Beyond 2^31-1 the runtime takes 1 ms.
    return typeof ms === 'number' && ms >= minRecordedMs && ms <= 2147483647 ? ms : undefined;
  }

  function note(api: string, ms: number): number {
    if (!kit.sampled(longTimers, 500) || kit.calledByRuntime()) return shortened(ms);
    const actual = shortened(ms);
    if (actual !== ms) shared.timersUntil = p.max(shared.timersUntil, runtime.now() + actual + 50);
    kit.call(api, actual === ms ? '' : `shortened to ${actual} ms`, { ms, distinct: 4 });
    return actual;
  }

  const timers = runtime.require('node:timers') as unknown as Bag;
  const promises = runtime.require('node:timers/promises') as unknown as Bag;

  /** Same object on both places, as it was: `setTimeout === require('timers').setTimeout`. */
  function wrapBoth(name: string, run: Replacement): void {
    kit.replace(global, name, run);
    p.define(timers, name, { ...p.descriptor(timers, name), value: p.get(global, name) });
  }

  /** A driver waits for timers of this length before it calls the process quiet; the rest of a wait is short by then. */
  const awaitedTimers: SampleGate = { count: 0, last: 0 };
  const minAwaitedMs = 200;
  const maxAwaitedMs = 3000;
  function awaited(value: unknown): void {
    if (typeof value !== 'number' || value < minAwaitedMs || value > maxAwaitedMs || shared.isSilent) return;
    // The runtime's HTTP client keeps timers of its own going for as long as a connection may be used again.
    if (!kit.sampled(awaitedTimers, 500) || kit.calledByRuntime()) return;
    shared.timersUntil = p.max(shared.timersUntil, runtime.now() + value + 20);
  }

  wrapBoth('setTimeout', (original, self, args) => {
    kit.guard(() => {
      const ms = long(args[1]);
      if (ms !== undefined) args[1] = note('setTimeout', ms);
      awaited(args[1]);
    });
    return p.apply(original, self, args);
  });

  wrapBoth('setInterval', (original, self, args) => {
    let early: number | undefined;
    kit.guard(() => {
      awaited(args[1]);
      const ms = long(args[1]);
      if (ms === undefined) return;
      const actual = note('setInterval', ms);
      if (actual !== ms) early = actual;
    });
    const timer = p.apply(original, self, args);
    if (early !== undefined && typeof args[0] === 'function') once(timer as Interval, args, early);
    return timer;
  });

  /** Fires a long interval once early; the interval itself keeps its pace, so it cannot spin. */
  function once(timer: Interval, args: unknown[], ms: number): void {
    const given: unknown[] = [];
    for (let i = 2; i < args.length; i++) p.push(given, args[i]);
    const fire = (): void => {
      if (timer._destroyed !== true) p.apply(args[0], timer, given);
    };
    p.apply(unref, p.apply(plainTimeout, undefined, [fire, ms]), []);
  }

  function wrapPromise(target: Bag, name: string, api: string, position: number): void {
    kit.replace(target, name, (original, self, args) => {
      kit.guard(() => {
        const ms = long(args[position]);
        if (ms !== undefined) args[position] = note(api, ms);
      });
      return p.apply(original, self, args);
    });
  }
  wrapPromise(promises, 'setTimeout', 'timers/promises.setTimeout', 0);
  wrapPromise(promises, 'setInterval', 'timers/promises.setInterval', 0);
  wrapPromise(p.get(promises, 'scheduler') as Bag, 'wait', 'scheduler.wait', 0);
  wrapPromise(global.Atomics as unknown as Bag, 'wait', 'Atomics.wait', 3);

  const now: SampleGate = { count: 0, last: 0 };
  kit.observe(global.Date, 'now', () => {
    if (kit.sampled(now) && !kit.calledByRuntime()) kit.call('Date.now', '', { distinct: 1 });
  });
  const dates: SampleGate = { count: 0, last: 0 };
  kit.observeConstructor(global, 'Date', (args) => {
    // With arguments it converts and does not read the clock.
    if (args.length === 0 && kit.sampled(dates) && !kit.calledByRuntime()) kit.call('Date', '', { distinct: 1 });
    return undefined;
  });
};

module.exports = installClock;
