import type { Settle, World } from './drive.ts';

/**
 * Lets the process come to rest: pending work goes on while something happens (calls the hook saw, resources that come and go,
 * a busy loop, a timer about to fire). A process that is kept alive without anything happening — a server, an interval — is
 * ended, and the step says by what. One that has nothing left ends by itself, as it would at a consumer's.
 */
function makeSettle(world: World): Settle {
  const { handle, input, now, left, end } = world;
  const tickMs = 20;
  const busyMs = 8;
  const { setInterval: every, clearInterval: stop, performance } = globalThis;
  const resources = (process as unknown as { getActiveResourcesInfo: () => string[] }).getActiveResourcesInfo.bind(
    process,
  );
  const utilization = performance.eventLoopUtilization.bind(performance);

  /** What keeps the process alive, e.g. `TCPServerWrap`, `Timeout`. */
  function alive(): string[] {
    return resources()
      .filter((name) => name !== 'TTYWrap')
      .sort();
  }

  /** Asks in every tick whether the process has come to rest; `ours` counts the timer that asks, if it keeps the loop alive. */
  function watch(isRef: boolean, rested: (cause: string, alive: string[]) => void): void {
    let last = { activity: handle.activity(), alive: alive().join() };
    let load = utilization();
    let quietSince = now();
    const timer = handle.silently(() => every(tick, tickMs));
    if (!isRef) timer.unref();

    function tick(): void {
      const names = alive();
      if (isRef && names.includes('Timeout')) names.splice(names.indexOf('Timeout'), 1);
      const next = { activity: handle.activity(), alive: names.join() };
      const current = utilization();
      const isBusy = utilization(current, load).active > busyMs;
      load = current;
      if (isBusy || next.activity !== last.activity || next.alive !== last.alive || handle.awaitsTimer())
        quietSince = now();
      last = next;
      const isOver = left() <= 0;
      // A child may work for a while without this process noticing anything.
      const patience = names.includes('ProcessWrap') ? input.quietMs * 4 : input.quietMs;
      const isEmpty = isRef && names.length === 0;
      if (!isEmpty && !isOver && now() - quietSince < patience) return;
      stop(timer);
      rested(isOver ? `${input.budgetMs} ms were over` : `nothing happened for ${input.quietMs} ms`, names);
    }
  }

  return {
    quiet: () => new Promise((resolve) => watch(true, () => resolve())),
    end() {
      watch(false, (cause, names) => {
        handle.step(
          'settle',
          'timeout',
          `${cause}; kept alive by ${names.length === 0 ? 'nothing' : names.join(', ')}`,
        );
        end(0);
      });
    },
  };
}

module.exports = makeSettle;
