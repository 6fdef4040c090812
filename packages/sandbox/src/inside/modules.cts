import type { Bag, Kit, LazyModules, SafeMap } from './kit.ts';

/**
 * Public modules that need wrapping are wrapped when they have just been loaded, whoever loads them and however: loading them
 * ahead would cost more than all the rest of the hook. The runtime appends the name of each module to
 * `process.moduleLoadList` at that very moment, and appending to an array asks its prototype for a setter first: there we are.
 *
 * Also code imported from `data:` URLs, and edits of the module cache: entries replaced, and exports of a package that
 * another package changed after loading.
 */
function installModules(kit: Kit, lazy: LazyModules): void {
  const { p, runtime, shared } = kit;
  const { process } = runtime;
  const modules = runtime.require('node:module') as unknown as Bag & { prototype: Bag };

  function apply(id: string): void {
    const waiting = lazy.get(id);
    if (waiting === undefined) return;
    lazy.remove(id);
    const exports = runtime.builtin(id);
    for (let i = 0; i < waiting.length; i++) kit.guard(() => waiting[i]?.(exports));
  }

  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] };
  const prefix = 'NativeModule ';
  const listener = p.proxy(p.prototypeOf(moduleLoadList) as object, {
    set(_target, key, value, receiver) {
      p.define(receiver, key, { value, writable: true, enumerable: true, configurable: true });
      if (typeof value === 'string' && p.startsWith(value, prefix))
        kit.guard(() => apply(p.slice(value, prefix.length)));
      return true;
    },
  });
  p.setPrototypeOf(moduleLoadList, listener);
  for (let i = 0; i < moduleLoadList.length; i++) apply(p.slice(moduleLoadList[i] as string, prefix.length));

  const { subscribe } = runtime.require('node:diagnostics_channel') as typeof import('node:diagnostics_channel');
  subscribe('tracing:module.import:start', (message) =>
    kit.guard(() => {
      const url = p.get(message as object, 'url');
      if (typeof url !== 'string' || !p.startsWith(url, 'data:')) return;
      kit.call('import:data', url, { bytes: url.length, sha256: kit.digest(url), distinct: 16 });
    }),
  );

  // --- the cache ---

  /** `@scope/name` or `name` of the innermost package folder in a path. */
  function packageOf(file: string): string | undefined {
    const at = p.lastIndexOf(file, '/node_modules/');
    if (at === -1) return undefined;
    const rest = p.slice(file, at + 14);
    const first = p.indexOf(rest, '/');
    if (!p.startsWith(rest, '@')) return p.slice(rest, 0, first);
    return p.slice(rest, 0, p.indexOf(rest, '/', first + 1));
  }

  function edited(file: string, what: string, caller: string | undefined): void {
    kit.call('require.cache', `${packageOf(file) ?? file} ${what} ${file}`, { caller, distinct: 32 });
  }

  /** Where exports are written: they themselves or the first function among them that a file holds. */
  function authorOf(exports: unknown): string | undefined {
    const whole = shared.locate(exports);
    if (whole !== undefined || typeof exports !== 'object' || exports === null) return whole;
    const keys = p.ownKeys(exports);
    for (let i = 0; i < keys.length && i < 20; i++) {
      const part = shared.locate(p.descriptor(exports, keys[i] as PropertyKey)?.value);
      if (part !== undefined) return part;
    }
    return undefined;
  }

  function isLoaded(value: unknown): boolean {
    return typeof value === 'object' && value !== null && p.get(value, 'loaded') === true;
  }

  const cache = p.get(modules, '_cache') as Bag;
  const watchedCache = p.proxy(cache, {
    set(target, key, value) {
      const before = p.get(target, key);
      // The loader registers modules that are not loaded yet, each under a new key.
      if (typeof key === 'string' && before !== value && (before !== undefined || isLoaded(value))) {
        kit.guard(() => {
          if (!kit.calledByRuntime()) edited(key, before === undefined ? 'added' : 'replaced', kit.caller());
        });
      }
      return p.set(target, key, value);
    },
  });
  kit.hideProxy(watchedCache);
  p.define(modules, '_cache', { ...p.descriptor(modules, '_cache'), value: watchedCache });

  /** Functions that the first loaded module of each package exported, as they were when it had loaded. */
  type Snapshot = { file: string; module: Bag; exports: unknown; functions: SafeMap<PropertyKey, unknown> };
  const entries = p.map<string, Snapshot>();
  const started = p.map<string, true>();
  const maxKeys = 200;

  function snapshot(module: Bag, file: string): Snapshot {
    const functions = p.map<PropertyKey, unknown>();
    const { exports } = module;
    if ((typeof exports === 'object' && exports !== null) || typeof exports === 'function') {
      const keys = p.ownKeys(exports);
      for (let i = 0; i < keys.length && i < maxKeys; i++) {
        const descriptor = p.descriptor(exports, keys[i] as PropertyKey);
        if (typeof descriptor?.value === 'function') functions.set(keys[i] as PropertyKey, descriptor.value);
      }
    }
    return { file, module, exports, functions };
  }

  const isProxy = (runtime.require('node:util/types') as typeof import('node:util/types')).isProxy;
  kit.replace(modules.prototype, 'load', (original, self, args) => {
    const module = self as Bag;
    const file = typeof args[0] === 'string' ? args[0] : '';
    const name = packageOf(file);
    const isFirst = name !== undefined && !started.has(name);
    if (isFirst) started.set(name, true);
    const result = p.apply(original, self, args);
    if (isFirst) {
      kit.guard(() => {
        if (!isProxy(module.exports)) entries.set(name, snapshot(module, file));
      });
    }
    if (module.id === '.') kit.guard(() => shared.checkpoint('main'));
    return result;
  });

  shared.checkpoint = () => {
    entries.each(({ file, module, exports, functions }, name) => {
      if (module.exports !== exports) {
        const caller = authorOf(module.exports);
        if (caller !== undefined && packageOf(caller) !== name) edited(file, 'exports', caller);
        return entries.remove(name);
      }
      functions.each((before, key) => {
        const now = p.descriptor(exports as object, key)?.value;
        if (now === before || typeof now !== 'function') return;
        functions.set(key, now);
        const caller = shared.locate(now);
        // A package that completes its own exports later is nobody's business.
        if (caller !== undefined && packageOf(caller) !== name) {
          edited(file, `changed ${p.string(key)}`, caller);
        }
      });
    });
  };
}

module.exports = installModules;
