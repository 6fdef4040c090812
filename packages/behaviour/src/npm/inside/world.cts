import type { DriverHandle } from '@assay/sandbox';
import type { DriverInput, World } from './drive.ts';

/** What a driver lives on, taken before the package is loaded. Without a hook (a run that cannot be observed) it says nothing. */
function makeWorld(given: DriverHandle | undefined): World {
  const { setTimeout: wait, clearTimeout: stop, setImmediate: soon, String: toText, performance } = globalThis;
  const clock = performance.now.bind(performance);
  const begun = clock();
  const exit = process.exit.bind(process);
  const handle: DriverHandle = given ?? {
    input: {},
    step: () => undefined,
    call: () => undefined,
    caller: () => undefined,
    checkpoint: () => undefined,
    activity: () => 0,
    files: () => [],
    patches: () => 0,
    watch: () => undefined,
    locate: () => undefined,
    awaitsTimer: () => false,
    onExit: () => undefined,
    onEnd: () => undefined,
    limitSyncChildren: () => undefined,
    watchWrites: () => undefined,
    silently: (work) => work(),
  };
  const defaults = {
    package: '',
    mode: 'require',
    specifiers: [],
    browser: false,
    loadMs: 10_000,
    quietMs: 300,
    budgetMs: 10_000,
  };
  const input = { ...defaults, ...(handle.input as Partial<DriverInput>) } as DriverInput;
  const endings: (() => void)[] = [];
  handle.onEnd(() => {
    for (const work of endings.splice(0).reverse()) work();
  });
  return {
    handle,
    input,
    inBrowser: false,
    now: clock,
    within(promise, ms, late) {
      return new Promise((resolve, reject) => {
        const timer = handle.silently(() => wait(() => resolve(late), ms));
        const settled = (give: () => void): void => {
          // A timer of ours left behind would keep the process alive.
          stop(timer);
          give();
        };
        Promise.resolve(promise).then(
          (value) => settled(() => resolve(value)),
          (error: unknown) => settled(() => reject(error)),
        );
      });
    },
    turn: () => new Promise((resolve) => soon(resolve)),
    left: () => input.budgetMs - (clock() - begun),
    text(value, most) {
      try {
        return toText(value).slice(0, most);
      } catch {
        // An object of the package whose conversion throws.
        return '<unprintable>';
      }
    },
    atEnd(work) {
      endings.push(work);
    },
    end(code) {
      handle.onExit(() => false);
      handle.silently(() => exit(code));
    },
  };
}

module.exports = makeWorld;
