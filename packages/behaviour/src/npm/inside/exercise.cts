import type { ExecuteInput, Exercise, World } from './drive.ts';

/**
 * Uses shared functions as a program around the package would, after the package had the occasion to replace them: requests
 * that carry an address and a credential, events, input. What really leaves is read below every wrapper, where the process
 * writes to its sockets; an address that leaves as another one is said with the place of the wrapper.
 */
function makeExercise(world: World, execute: ExecuteInput): Exercise {
  const { handle, within, left, text } = world;
  const { host, addresses } = execute;
  const credential = execute.canaries[0]?.values[0] ?? 'sk_example';
  const ids = execute.canaries.slice(0, 1).map((canary) => canary.id);
  const answerMs = 700;
  const fetchBefore = globalThis.fetch;
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'message', 'disconnect', 'warning', 'beforeExit'] as const;
  const listeners = new Map<string, number>(signals.map((name) => [name, process.listenerCount(name)]));
  const resources = (process as unknown as { getActiveResourcesInfo: () => string[] }).getActiveResourcesInfo.bind(
    process,
  );
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] };
  /** Matches `0x` and 40 hex digits, `bc1q…`, `1…`, `3…` as addresses are written. */
  const address = /\b(?:0x[0-9a-fA-F]{40}|(?:bc1|[13])[a-zA-Z0-9]{25,60})\b/;
  let rounds = 0;

  function rewritten(from: string, to: string, way: string, wrapper: unknown): void {
    handle.call('driver.rewritten', `${from} left as ${to} through ${way}`, handle.locate(wrapper));
  }

  /** Sends something with an address in it and compares what the process writes with it. */
  async function watched(
    way: string,
    wrapper: () => unknown,
    send: (path: string, body: string) => Promise<void>,
  ): Promise<void> {
    const path = `/orders/${way.replaceAll('.', '-')}-${rounds}`;
    const sent = { to: addresses.ethereum, btc: addresses.bitcoin };
    let seen = '';
    handle.watchWrites((bytes) => {
      if (seen.length < 256 * 1024) seen += bytes;
    });
    try {
      handle.step(`use ${way}`, 'ok', `POST http://shop.${host}${path}`, { canaries: ids });
      await within(send(path, JSON.stringify(sent)), Math.min(answerMs, Math.max(50, left())), undefined);
    } catch {
      // The network may be refused here; what was written before that is compared all the same.
    } finally {
      handle.watchWrites(undefined);
    }
    if (!seen.includes(path)) return;
    const body = seen.slice(seen.indexOf(path) + path.length);
    for (const from of [addresses.ethereum, addresses.bitcoin]) {
      if (body.includes(from)) continue;
      const kind = from.slice(0, 2);
      const to = [...body.matchAll(new RegExp(address, 'g'))]
        .map((match) => match[0])
        .find((found) => found.startsWith(kind));
      if (to !== undefined) rewritten(from, to, way, wrapper());
    }
  }

  function request(id: 'http' | 'https'): (path: string, body: string) => Promise<void> {
    const client = require(`node:${id}`) as typeof import('node:http');
    return (path, body) =>
      new Promise((resolve) => {
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${credential}` };
        const made = client.request({ host: `shop.${host}`, path, method: 'POST', headers }, (answer) => {
          answer.on('data', () => undefined);
          answer.on('end', resolve);
        });
        made.on('error', () => resolve());
        made.end(body);
      });
  }

  function isLoaded(id: string): boolean {
    return moduleLoadList.includes(`NativeModule ${id}`);
  }

  /** Listeners that the package added to events of the process, and input it listens to. */
  function events(): void {
    for (const name of signals) {
      if (process.listenerCount(name) <= (listeners.get(name) ?? 0)) continue;
      listeners.set(name, process.listenerCount(name));
      try {
        process.emit(name as 'message', { cmd: 'sample' }, undefined);
        handle.step(`emit ${name}`, 'ok', 'the package listens to it');
      } catch (error) {
        handle.step(`emit ${name}`, 'threw', text(error, 300));
      }
    }
    try {
      // Only when somebody reads it already: opening it keeps a process alive.
      if (!resources().some((name) => /^(PipeWrap|TTYWrap|FSReqCallback)$/.test(name))) return;
      const { stdin } = process;
      if (stdin.listenerCount('data') + stdin.listenerCount('readable') === 0) return;
      stdin.emit('data', Buffer.from('sample input\n'));
      handle.step('input', 'ok', 'a line on standard input');
    } catch (error) {
      handle.step('input', 'threw', text(error, 300));
    }
  }

  async function clients(): Promise<void> {
    rounds += 1;
    const http = handle.silently(() => require('node:http') as typeof import('node:http'));
    await watched(
      'http.request',
      () => wrapperAmong([http.request, http.OutgoingMessage.prototype.end, http.OutgoingMessage.prototype.write]),
      request('http'),
    );
    // Loading the client behind fetch takes longer than all the rest: only where somebody could have changed it.
    if (globalThis.fetch !== fetchBefore || isLoaded('internal/deps/undici/undici')) {
      await watched(
        'fetch',
        () => globalThis.fetch,
        async (path, body) => {
          const headers = { 'content-type': 'application/json', authorization: `Bearer ${credential}` };
          await fetch(`http://shop.${host}${path}`, { method: 'POST', headers, body }).then((answer) => answer.text());
        },
      );
    }
    if (isLoaded('https')) await within(request('https')(`/orders/https-${rounds}`, '{}'), answerMs, undefined);
  }

  /** Connections that are kept for the next request would keep the process alive. */
  function close(): void {
    try {
      handle.silently(() => (require('node:http') as typeof import('node:http')).globalAgent.destroy());
      const dispatcher: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
      const close: unknown =
        typeof dispatcher === 'object' && dispatcher !== null ? Reflect.get(dispatcher, 'close') : undefined;
      if (typeof close === 'function')
        void Promise.resolve(Reflect.apply(close, dispatcher, [])).catch(() => 'already closed');
    } catch {
      // The package put something else in their place: the process is ended when it is quiet.
    }
  }

  function wrapperAmong(functions: unknown[]): unknown {
    return functions.find((fn) => handle.locate(fn) !== undefined);
  }

  return {
    async around(browser) {
      await clients();
      await browser?.exercise(execute, rewritten);
      events();
    },
    async browser(late) {
      await clients();
      await late.exercise(execute, rewritten);
    },
    close,
  };
}

module.exports = makeExercise;
