import type { Bag, Channel, DriverHandle, HookConfig, Kit, LazyModules, Part, Parts, Runtime } from './kit.ts';

/** What the bundle's entry receives from `hook.cts`. */
type Surroundings = {
  require: NodeJS.Require;
  process: Runtime['process'];
  global: Runtime['global'];
  hookPath: string;
  ownName: string;
};

/**
 * Starts the hook in this thread: takes its configuration and its own traces out of the environment, opens the channel,
 * installs the parts, and says `start`. Does nothing when there is no configuration or no channel; package code then runs as
 * it would without a hook, and the missing `start` line is what the outside notices.
 */
function start(parts: Parts, { require, process, global, hookPath, ownName }: Surroundings): void {
  const variable = 'NODE_CHANNEL_PIPE';
  const p = parts.primordials();
  const isWorker = (process.abort as { disabled?: boolean } | undefined)?.disabled === true;
  if (isPackageManager()) return;
  const config = takeConfig();
  if (config === undefined) return;

  const hrtime = process.hrtime;
  const util = require('node:util') as typeof import('node:util');
  const nativeBinding = process.binding as (name: string) => unknown;
  const getBuiltin = process.getBuiltinModule as unknown;
  const runtime: Runtime = {
    process,
    global,
    require,
    binding: (name) => p.apply(nativeBinding, process, [name]) as Bag,
    builtin: (id) => p.apply(getBuiltin, process, [id]) as Bag,
    now() {
      const time = hrtime();
      return time[0] * 1e3 + time[1] / 1e6;
    },
    callSites: util.getCallSites as unknown as Runtime['callSites'],
    pid: process.pid,
    hookPath,
    ownName,
    variable,
    thread: isWorker ? (require('node:worker_threads') as typeof import('node:worker_threads')).threadId : 0,
  };
  // With `--pending-deprecation` the first use of the native layer would print a warning.
  const quiet = p.descriptor(process, 'noDeprecation');
  p.define(process, 'noDeprecation', { value: true, configurable: true, writable: true, enumerable: true });
  try {
    const channel = parts.channel(p, runtime, config.fifo);
    if (channel !== undefined) install(channel, config);
  } finally {
    if (quiet === undefined) p.deleteProperty(process, 'noDeprecation');
    else p.define(process, 'noDeprecation', quiet);
  }

  function install(out: Channel, settings: HookConfig): void {
    const lazy: LazyModules = p.map();
    const { driver, input, ...inherited } = settings;
    const kit = parts.assemble(p, runtime, inherited, out, { parts, lazy });
    out.write({ kind: 'start', runtime: 'node', version: process.version });
    const install: Part[] = [
      parts.environment,
      parts.evaluation,
      parts.exit,
      parts.processes,
      parts.workers,
      parts.files,
      parts.clock,
      parts.identity,
      parts.decode,
      parts.network,
      (its) => parts.modules(its, lazy),
      parts.patches,
    ];
    for (let i = 0; i < install.length; i++) kit.guard(() => install[i]?.(kit));
    if (!isWorker && driver !== undefined && driver === process.argv[1]) giveHandle(kit, input);
  }

  /** The driver is the main module and takes the handle away before it loads any package code. */
  function giveHandle(kit: Kit, input: unknown): void {
    const { shared } = kit;
    const handle: DriverHandle = {
      input,
      step: kit.step,
      call: (api, detail, caller) => kit.call(api, detail, { caller }),
      caller: kit.caller,
      checkpoint: (moment) => kit.guard(() => shared.checkpoint(moment)),
      activity: kit.activity,
      files() {
        const files: string[] = [];
        shared.files.each((_true, file) => p.push(files, file));
        return files;
      },
      patches: kit.patches,
      watch: (label, holder, keys) => kit.guard(() => shared.watch(label, holder, keys)),
      locate: (value) => shared.locate(value),
      awaitsTimer: () => runtime.now() < shared.timersUntil,
      onExit(decide) {
        shared.onExit = decide;
      },
      onEnd(last) {
        shared.onEnd = last;
      },
      limitSyncChildren(ms) {
        shared.maxSyncChildMs = ms;
      },
      watchWrites: parts.writes(kit),
      silently(work) {
        const before = shared.isSilent;
        shared.isSilent = true;
        try {
          return work();
        } finally {
          shared.isSilent = before;
        }
      },
    };
    p.define(process, '_driver', { value: handle, configurable: true, enumerable: false });
  }

  /**
   * The package manager itself, from its read-only folder and with no code but its own: it is left as it is, environment
   * included, so that what it starts is hooked. Anything more on its command line, and it is hooked like everybody.
   */
  function isPackageManager(): boolean {
    return (
      !isWorker &&
      process.argv[1] === '/usr/local/lib/node_modules/npm/bin/npm-cli.js' &&
      process.execArgv.length === 0 &&
      process.env.NODE_OPTIONS === `--require ${hookPath}`
    );
  }

  /** Reads the configuration and removes every trace of how the hook came in. */
  function takeConfig(): HookConfig | undefined {
    let text: unknown;
    if (isWorker) {
      const threads = require('node:worker_threads') as typeof import('node:worker_threads');
      text = threads.getEnvironmentData(variable);
      threads.setEnvironmentData(variable);
    }
    text ??= process.env[variable];
    delete process.env[variable];
    const ours = `--require ${hookPath}`;
    const options = process.env.NODE_OPTIONS;
    const at = options === undefined ? -1 : p.indexOf(options, ours);
    if (options !== undefined && at !== -1) {
      const rest = `${p.slice(options, 0, at)}${p.slice(options, at + ours.length + 1)}`;
      if (rest === '') delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = rest;
    }
    const { execArgv } = process;
    for (let i = 0; i + 1 < execArgv.length; i++) {
      if (execArgv[i] === '--require' && execArgv[i + 1] === hookPath) execArgv.splice(i, 2);
    }
    const preloaded = p.get(process, '_preload_modules');
    if (p.isArray(preloaded)) {
      const value = preloaded.filter((module) => module !== hookPath);
      p.define(process, '_preload_modules', { ...p.descriptor(process, '_preload_modules'), value });
    }
    if (typeof text !== 'string' || text === '') return undefined;
    const defaults = { maxLines: 2000 };
    if (p.startsWith(text, '/')) return { ...defaults, fifo: text };
    const parsed = p.parse(text) as Partial<HookConfig>;
    return typeof parsed.fifo === 'string' ? { ...defaults, ...parsed, fifo: parsed.fifo } : undefined;
  }
}

module.exports = start;
