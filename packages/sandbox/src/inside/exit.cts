import type { Part } from './kit.ts';

/**
 * The end of a process: the last line says how many lines there were. Written after `exit` listeners have run, or when the
 * process is left through `process.reallyExit`. A killed process writes none, and the tracer knows the signal.
 *
 * Also what ends or changes the process from inside: `exit`, `abort`, `kill`, user and group ids, native libraries.
 */
const installExit: Part = (kit) => {
  const { p, runtime, shared } = kit;
  const { process } = runtime;

  /** Between `process` and `EventEmitter.prototype`: one level above the object, so that `process` itself gains no property. */
  const base = p.prototypeOf(process) as Record<PropertyKey, unknown>;
  const emit = p.get(process, 'emit');
  p.define(base, 'emit', { value: emit, writable: true, enumerable: false, configurable: true });
  kit.replace(base, 'emit', (original, self, args) => {
    const event = args[0];
    if (self !== process || (event !== 'exit' && event !== 'beforeExit')) return p.apply(original, self, args);
    kit.guard(() => shared.checkpoint(event));
    try {
      return p.apply(original, self, args);
    } finally {
      if (event === 'exit') finish();
    }
  });

  let finished = false;
  function finish(): void {
    if (finished) return;
    finished = true;
    kit.guard(() => shared.checkpoint('end'));
    kit.guard(() => shared.onEnd?.());
    kit.guard(kit.end);
  }

  /** Records the call and asks a driver, if there is one, whether it may have its effect. */
  function decide(
    key: string,
    detail: (args: ArrayLike<unknown>) => string,
    applies: (args: ArrayLike<unknown>) => boolean,
  ) {
    kit.replace(process, key, (original, self, args) => {
      let kept = false;
      kit.guard(() => {
        if (kit.calledByRuntime()) return;
        const text = detail(args);
        kit.call(`process.${key}`, text);
        if (applies(args)) kept = shared.onExit?.(`process.${key}`, text) ?? false;
      });
      if (kept) return undefined;
      return p.apply(original, self, args);
    });
  }
  const code = (args: ArrayLike<unknown>): string => p.string(args[0] ?? process.exitCode ?? 0);
  decide('exit', code, () => true);
  decide(
    'abort',
    () => '',
    () => true,
  );
  decide(
    'kill',
    (args) => `${p.string(args[0])} ${p.string(args[1] ?? 'SIGTERM')}`,
    (args) => {
      const target = typeof args[0] === 'string' ? +args[0] : args[0];
      return (target === runtime.pid || target === 0 || target === -1) && args[1] !== 0;
    },
  );
  kit.replace(process, 'reallyExit', (original, self, args) => {
    let kept = false;
    kit.guard(() => {
      if (kit.calledByRuntime()) return;
      kit.call('process.reallyExit', code(args));
      kept = shared.onExit?.('process.reallyExit', code(args)) ?? false;
    });
    if (kept) return undefined;
    finish();
    return p.apply(original, self, args);
  });

  const identities = ['setuid', 'setgid', 'seteuid', 'setegid', 'setgroups', 'initgroups'];
  for (let i = 0; i < identities.length; i++) {
    const name = identities[i] as string;
    kit.observe(process, name, (args) => kit.call(`process.${name}`, p.string(args[0])));
  }
  kit.observe(process, 'dlopen', (args) => kit.call('process.dlopen', p.string(args[1]), { distinct: 32 }));
  kit.observe(process, 'binding', (args) => kit.call('process.binding', p.string(args[0])));
  kit.observe(process, '_linkedBinding', (args) => kit.call('process.binding', p.string(args[0])));
};

module.exports = installExit;
