import type { Callable, Describe, ExecuteInput, Loaded, Parts, World } from './drive.ts';

/**
 * Calls what the package exports, one after the other, in the order of its keys.
 *
 * A synchronous call cannot be left from outside it, so each runs under V8's own watchdog (`vm` with a timeout), which also
 * ends endless loops, `Atomics.wait` and pathological regular expressions; synchronous children are limited by the hook.
 * What only the kernel could interrupt ends with the phase's deadline.
 */
function makeCalls(
  world: World,
  describe: Describe,
  execute: ExecuteInput,
  parts: Parts,
): (loaded: readonly Loaded[]) => Promise<void> {
  const { handle, left, within, turn, text, atEnd } = world;
  const maxMethods = 12;
  const shapes = parts.shapes(world);
  const maker = parts.arguments(world, execute);
  const later = {};
  let work: () => unknown = () => undefined;
  let remaining = execute.maxCalls;
  let current = '';

  /** Runs `work` below the watchdog; throws what it threw, or the watchdog's own error. */
  const run = handle.silently(() => {
    const vm = require('node:vm') as typeof import('node:vm');
    let ended: { value: unknown } | { error: unknown } | undefined;
    // Reading the property of the context calls back into this realm. It must not throw: the context would then look the
    // name up elsewhere and report it as not defined.
    const get = (): boolean => {
      try {
        ended = { value: work() };
      } catch (error) {
        ended = { error };
      }
      return true;
    };
    const context = vm.createContext(Object.defineProperty({}, 'run', { get }));
    const script = new vm.Script('run');
    const runInContext = script.runInContext.bind(script);
    return (): unknown => {
      ended = undefined;
      runInContext(context, { timeout: execute.callMs });
      const result = ended as { value: unknown } | { error: unknown } | undefined;
      if (result !== undefined && 'error' in result) throw result.error;
      return result?.value;
    };
  });

  function isTimeout(error: unknown): boolean {
    try {
      return (
        typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
      );
    } catch {
      // A thrown proxy: not the watchdog's error.
      return false;
    }
  }

  function thenOf(value: unknown): boolean {
    try {
      return (
        ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
        typeof Reflect.get(value, 'then') === 'function'
      );
    } catch {
      // A getter that throws: nothing to wait for.
      return false;
    }
  }

  function nameOf(value: unknown): string {
    if (value === null || typeof value !== 'object') return typeof value;
    return text(Object.prototype.toString.call(value), 40);
  }

  type Result = { value: unknown; isObject: boolean };

  /** One call with one set of arguments; returns what it gave, or undefined when it gave nothing usable. */
  async function once(callable: Callable, variant: number): Promise<Result | undefined> {
    const { values, canaries } = maker.make(callable, variant);
    const step = `call ${callable.isClass ? 'new ' : ''}${callable.path}`;
    const facts = canaries.length === 0 ? {} : { canaries };
    current = step;
    remaining -= 1;
    work = () =>
      callable.isClass ? Reflect.construct(callable.fn, values) : Reflect.apply(callable.fn, callable.self, values);
    try {
      let value = run();
      if (thenOf(value)) {
        const most = Math.max(20, Math.min(execute.awaitMs, left() / 8));
        value = await within(value, most, later);
        if (value === later) {
          handle.step(step, 'timeout', `its promise was open after ${Math.round(most)} ms`, facts);
          return undefined;
        }
      }
      handle.step(step, 'ok', `(${callable.parameters.join(', ')}) gave ${nameOf(value)}`, facts);
      return { value, isObject: (typeof value === 'object' && value !== null) || typeof value === 'function' };
    } catch (error) {
      if (isTimeout(error)) handle.step(step, 'timeout', `ran longer than ${execute.callMs} ms`, facts);
      else handle.step(step, 'threw', describe(error).detail, facts);
      return undefined;
    } finally {
      work = () => undefined;
      current = '';
    }
  }

  function isOver(): boolean {
    return remaining <= 0 || left() <= 0;
  }

  async function several(callable: Callable, depth: number): Promise<void> {
    const first = await once(callable, 0);
    const isGuided = callable.parameters.some((name) => name.startsWith('{') || /^(opts?|options?|config)/i.test(name));
    // A second time with an options object: what a function does may depend on getting one.
    const second = isOver() || isGuided || depth > 0 ? undefined : await once(callable, 1);
    const result = first?.isObject === true ? first : (second ?? first);
    await turn();
    if (result === undefined || !result.isObject || depth > 0) return;
    const path = callable.isClass ? `new ${callable.path}()` : `${callable.path}()`;
    for (const method of shapes.methods(result.value, path, maxMethods)) {
      if (isOver()) return;
      await several(method, depth + 1);
    }
  }

  return async (loaded) => {
    handle.limitSyncChildren(execute.callMs * 2);
    handle.step('arguments', 'ok', 'decoys are passed to exported functions from here on', {
      canaries: [...maker.ids],
    });
    atEnd(() => {
      if (current !== '') handle.step(current, 'timeout', 'the process ended during this call');
    });
    for (const { exports, specifier } of loaded) {
      const name = specifier === world.input.package ? 'exports' : `exports[${specifier}]`;
      const callables = shapes.find(exports, name, remaining);
      for (const callable of callables) {
        if (isOver()) {
          handle.step(
            'calls',
            'skipped',
            `${remaining <= 0 ? `${execute.maxCalls} calls were made` : 'the time was over'} before ${callable.path}`,
          );
          return;
        }
        await several(callable, 0);
      }
    }
  };
}

module.exports = makeCalls;
