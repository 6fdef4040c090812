import type { Part } from './kit.ts';

/**
 * Child processes, at the runtime's native layer: every public way (`spawn`, `exec`, `fork`, sync or not, CommonJS or ESM,
 * replaced or not) ends there with program, arguments and environment. There the hook's own variables, which package code
 * never sees, are put back, so that Node programs further down are observed as well.
 */
const installProcesses: Part = (kit) => {
  const { p, runtime, shared } = kit;
  const { process } = runtime;
  const injectedOption = `--require ${runtime.hookPath}`;
  const unlimited = Number.POSITIVE_INFINITY;
  const channel = `${runtime.variable}=${p.stringify(kit.config)}`;

  /** `given` without our variables and with them put back in front; the process' own environment when nothing is given. */
  function environmentPairs(given: unknown): unknown[] {
    const pairs: unknown[] = [];
    let options = injectedOption;
    const source = p.isArray(given) ? given : ownPairs();
    for (let i = 0; i < source.length; i++) {
      const pair = p.string(source[i]);
      if (p.startsWith(pair, 'NODE_OPTIONS=')) options = `${injectedOption} ${p.slice(pair, 13)}`;
      else if (!p.startsWith(pair, `${runtime.variable}=`)) p.push(pairs, pair);
    }
    return p.push(p.push(pairs, `NODE_OPTIONS=${options}`), channel);
  }

  function ownPairs(): unknown[] {
    const pairs: unknown[] = [];
    const keys = p.ownKeys(process.env);
    for (let i = 0; i < keys.length; i++) {
      const key = p.string(keys[i]);
      p.push(pairs, `${key}=${p.string(p.get(process.env, key))}`);
    }
    return pairs;
  }

  /** The public function the package called: the last frame of `child_process` before its own code. */
  function publicName(fallback: string): string {
    const frames = runtime.callSites(24);
    let name = fallback;
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i];
      if (frame === undefined || !p.startsWith(frame.scriptName, 'node:')) break;
      if (
        frame.scriptName === 'node:child_process' &&
        frame.functionName !== '' &&
        !p.includes(frame.functionName, '.')
      ) {
        name = frame.functionName;
      }
    }
    return p.startsWith(name, 'normalize') ? fallback : name;
  }

  const clipboardTools =
    /(?:^|[\s/"'])(?:xclip|xsel|wl-copy|wl-paste|pbcopy|pbpaste|clip\.exe|termux-clipboard-(?:get|set))(?:$|[\s"'])/;

  function record(name: string, file: unknown, args: unknown): void {
    let line = p.string(file);
    if (p.isArray(args)) {
      // args[0] repeats the program.
      for (let i = 1; i < args.length && line.length < 1000; i++) line += ` ${p.string(args[i])}`;
    }
    kit.call(`child_process.${name}`, line, { distinct: 64 });
    if (p.exec(clipboardTools, p.slice(line, 0, 2000)) !== null) kit.call('clipboard.command', line);
  }

  const { Process } = runtime.binding('process_wrap') as { Process: { prototype: object } };
  kit.replace(Process.prototype, 'spawn', (original, self, args) => {
    kit.guard(() => {
      const options = args[0];
      if (typeof options === 'object' && options !== null) {
        // Older signature of the native function: one object.
        record(publicName('spawn'), p.get(options, 'file'), p.get(options, 'args'));
        args[0] = { ...options, envPairs: environmentPairs(p.get(options, 'envPairs')) };
      } else {
        record(publicName('spawn'), args[0], args[1]);
        args[3] = environmentPairs(args[3]);
      }
    });
    return p.apply(original, self, args);
  });

  kit.replace(runtime.binding('spawn_sync'), 'spawn', (original, self, args) => {
    kit.guard(() => {
      const options = args[0];
      if (typeof options !== 'object' || options === null) return;
      record(publicName('spawnSync'), p.get(options, 'file'), p.get(options, 'args'));
      const asked = p.get(options, 'timeout');
      const most = shared.maxSyncChildMs;
      const timeout = typeof asked === 'number' && asked > 0 ? p.min(asked, most) : most;
      args[0] = {
        ...options,
        envPairs: environmentPairs(p.get(options, 'envPairs')),
        ...(most === unlimited ? {} : { timeout }),
      };
    });
    return p.apply(original, self, args);
  });

  // Replaces this process: the environment is an object of its own here.
  kit.replace(process, 'execve', (original, self, args) => {
    kit.guard(() => {
      kit.call('process.execve', `${p.string(args[0])} ${p.isArray(args[1]) ? p.stringify(args[1]) : ''}`);
      const given = (args[2] ?? process.env) as Record<string, string>;
      const options = p.get(given, 'NODE_OPTIONS');
      args[1] = args[1] ?? [];
      args[2] = {
        ...given,
        NODE_OPTIONS: typeof options === 'string' ? `${injectedOption} ${options}` : injectedOption,
        [runtime.variable]: p.stringify(kit.config),
      };
      kit.end();
    });
    return p.apply(original, self, args);
  });
};

module.exports = installProcesses;
