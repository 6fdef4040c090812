import type { World } from './drive.ts';

/**
 * Lets the process come to rest: pending work goes on while something happens (calls the hook saw, resources that come and go,
 * a busy loop, a timer about to fire). A process that is kept alive without anything happening — a server, an interval — is
 * ended, and the step says by what. One that has nothing left ends by itself, as it would at a consumer's.
 */
function makeSettle(world: World): () => Promise<void> {
  const { handle, input, now, left, end } = world;
  const tickMs = 25;
  const busyMs = 8;
  const { setInterval: every, clearInterval: stop, performance } = globalThis;
  const resources = (process as unknown as { getActiveResourcesInfo: () => string[] }).getActiveResourcesInfo.bind(
    process,
  );
  const utilization = performance.eventLoopUtilization.bind(performance);

  /** What keeps the process alive, e.g. `TCPServerWrap, Timeout`; our own timer does not count. */
  function alive(): string {
    return resources()
      .filter((name) => name !== 'TTYWrap')
      .sort()
      .join(', ');
  }

  return () =>
    new Promise<void>((resolve) => {
      let last = { activity: handle.activity(), alive: alive() };
      let load = utilization();
      let quietSince = now();
      const timer = handle.silently(() =>
        every(() => {
          const next = { activity: handle.activity(), alive: alive() };
          const current = utilization();
          const busy = utilization(current, load).active > busyMs;
          load = current;
          if (busy || next.activity !== last.activity || next.alive !== last.alive || handle.awaitsTimer())
            quietSince = now();
          last = next;
          const isOver = left() <= 0;
          // A child may work for a while without this process noticing anything.
          const patience = next.alive.includes('ProcessWrap') ? input.quietMs * 4 : input.quietMs;
          if (!isOver && now() - quietSince < patience) return;
          stop(timer);
          const cause = isOver ? `${input.budgetMs} ms were over` : `nothing happened for ${input.quietMs} ms`;
          handle.step('settle', 'timeout', `${cause}; kept alive by ${next.alive === '' ? 'nothing' : next.alive}`);
          resolve();
          end(0);
        }, tickMs),
      );
      // Does not keep the process alive: without other work the loop ends, and with it the process.
      timer.unref();
    });
}

module.exports = makeSettle;
