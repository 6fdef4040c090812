import type { Part, SampleGate } from './kit.ts';

/**
 * Reads of environment variables: a proxy in place of `process.env`. Names that every program reads are left out; an
 * enumeration (`Object.keys`, spread, `JSON.stringify`) is recorded once as `*`, not once per variable.
 *
 * The runtime itself reads `process.env.NODE_V8_COVERAGE` from here just before `eval` or `Function` compile text: that read
 * is how direct `eval` is noticed at all (see `evaluation.cts`).
 */
const installEnvironment: Part = (kit) => {
  const { p, runtime, shared } = kit;
  const { process } = runtime;
  const real = process.env;
  const ordinary = p.map<string, true>();
  const names = [
    'NODE_ENV NODE_DEBUG DEBUG PATH HOME PWD OLDPWD SHELL TERM TERM_PROGRAM COLORTERM TMPDIR TMP TEMP',
    'LANG COLUMNS LINES FORCE_COLOR NO_COLOR NODE_DISABLE_COLORS NODE_PATH NODE_OPTIONS NODE_V8_COVERAGE',
    'NODE_NO_WARNINGS NODE_PENDING_DEPRECATION NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED',
    'NODE_COMPILE_CACHE NODE_CHANNEL_FD NODE_UNIQUE_ID READABLE_STREAM UV_THREADPOOL_SIZE',
    'WATCH_REPORT_DEPENDENCIES HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy',
    'npm_lifecycle_event npm_config_user_agent npm_execpath npm_node_execpath INIT_CWD TZ _ toJSON',
    'constructor then prototype __esModule',
  ]
    .join(' ')
    .split(' ');
  for (let i = 0; i < names.length; i++) ordinary.set(names[i] as string, true);

  const seen = p.map<string, SampleGate>();
  const enumeration: SampleGate = { count: 0, last: 0 };
  // Keys of the last enumeration and how far a reader has followed them.
  let sweep: PropertyKey[] = [];
  let position = 0;
  let sweptAt = 0;
  const sweepMs = 50;
  const cacheFile = 'node:internal/source_map/source_map_cache';

  function read(name: string): void {
    if (sweep[position] === name && runtime.now() - sweptAt < sweepMs) {
      position = (position + 1) % sweep.length;
      return;
    }
    if (ordinary.has(name)) return;
    let gate = seen.get(name);
    if (gate === undefined) {
      if (seen.size() > 2000) return;
      gate = { count: 0, last: 0 };
      seen.set(name, gate);
    }
    if (!kit.sampled(gate) || kit.calledByRuntime()) return;
    kit.call('process.env', name, { distinct: 64 });
  }

  const watched = p.map<string, true>();
  const tampering = 'NODE_OPTIONS LD_PRELOAD LD_LIBRARY_PATH PATH HOME NODE_PATH NODE_TLS_REJECT_UNAUTHORIZED'.split(
    ' ',
  );
  for (let i = 0; i < tampering.length; i++) watched.set(tampering[i] as string, true);

  const environment = p.proxy(real, {
    get(target, key, receiver) {
      if (key === 'NODE_V8_COVERAGE') {
        // Asked with every module that loads, so with as few frames as tell: this one, the asking one, the evaluating one.
        const frames = runtime.callSites(3);
        const asking = frames[1];
        if (asking?.functionName === 'maybeCacheGeneratedSourceMap' && asking.scriptName === cacheFile) {
          kit.guard(() => shared.onGenerate?.(frames[2]));
        }
      } else if (typeof key === 'string') kit.guard(() => read(key));
      return p.get(target, key, receiver === environment ? target : receiver);
    },
    has(target, key) {
      if (typeof key === 'string') kit.guard(() => read(key));
      return p.has(target, key);
    },
    ownKeys(target) {
      const keys = p.ownKeys(target) as string[];
      kit.guard(() => {
        sweep = keys;
        position = 0;
        sweptAt = runtime.now();
        if (kit.sampled(enumeration) && !kit.calledByRuntime()) kit.call('process.env', '*', { distinct: 1 });
      });
      return keys;
    },
    getOwnPropertyDescriptor(target, key) {
      const descriptor = p.descriptor(target, key);
      // Enumerations ask for every key they list, so only a name that does not exist is surely a question about that name.
      if (descriptor === undefined && typeof key === 'string') kit.guard(() => read(key));
      return descriptor;
    },
    set(target, key, value) {
      if (typeof key === 'string' && watched.has(key)) {
        kit.guard(() => kit.call('process.env.set', `${key}=${p.string(value)}`));
      }
      // Without a receiver: the native object refuses the partial descriptor that an ordinary `set` on a proxy defines.
      return p.set(target, key, value);
    },
  }) as NodeJS.ProcessEnv;
  kit.hideProxy(environment);
  const descriptor = p.descriptor(process, 'env');
  p.define(process, 'env', { ...descriptor, value: environment });

  // A proxy cannot be cloned, the real environment can: the few places that clone get a copy.
  kit.replace(runtime.global, 'structuredClone', (original, self, args) => {
    if (args[0] === environment) args[0] = { ...real };
    return p.apply(original, self, args);
  });
};

module.exports = installEnvironment;
