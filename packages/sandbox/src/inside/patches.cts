import type { Bag, Part } from './kit.ts';

/**
 * Replaced globals and built-ins: identities are compared at checkpoints (the main module has loaded, a driver asks, the loop
 * is empty, the process exits), so that neither who replaced them nor how matters. Where the new function is written is
 * found by its source text among the files that package code was loaded from.
 *
 * *Limits:* a replacement that is undone before the next checkpoint is seen only where an accessor traps the assignment
 * (`fetch`, `http.request`, `https.request`); native and bound functions have no text to find.
 */
const installPatches: Part = (kit) => {
  const { p, runtime, shared } = kit;
  const { global, process } = runtime;
  const { readFileSync } = runtime.require('node:fs') as typeof import('node:fs');
  type Target = { label: string; holder: object; key: PropertyKey; value: unknown; isLazy: boolean };
  const targets: Target[] = [];
  const words = (names: string): string[] => names.split(' ');

  function watch(label: string, holder: unknown, keys: readonly string[]): void {
    if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const { value, isLazy } = look(holder, key);
      p.push(targets, { label: `${label}.${p.string(key)}`, holder, key, value, isLazy });
    }
  }

  /** An accessor (a global that is loaded when it is first read, `process.stdout`) is not read: it stands for itself. */
  function look(holder: object, key: PropertyKey): { value: unknown; isLazy: boolean } {
    const descriptor = kit.shownDescriptor(holder, key);
    if (descriptor?.get !== undefined) return { value: descriptor.get, isLazy: true };
    return { value: descriptor === undefined ? p.get(holder, key) : descriptor.value, isLazy: false };
  }

  watch(
    'globalThis',
    global,
    words(
      'fetch XMLHttpRequest Promise Date Function eval setTimeout setInterval structuredClone ethereum window process Buffer WebAssembly crypto',
    ),
  ); // prettier-ignore
  watch('JSON', global.JSON, words('parse stringify'));
  watch('Function.prototype', global.Function.prototype, words('toString call apply bind'));
  watch('Object', global.Object, words('defineProperty keys assign'));
  watch('Promise', global.Promise, words('resolve all'));
  watch('Promise.prototype', global.Promise.prototype, words('then catch'));
  watch('Array.prototype', global.Array.prototype, words('push map forEach'));
  watch('String.prototype', global.String.prototype, words('replace split'));
  watch('Error', global.Error, words('captureStackTrace'));
  watch(
    'process',
    process,
    words('env emit on exit reallyExit kill binding dlopen nextTick stdout stderr emitWarning'),
  );
  watch('console', global.console, words('log error warn info debug'));
  const events = runtime.require('node:events') as unknown as { prototype: object };
  watch('EventEmitter.prototype', events.prototype, words('emit on addListener once'));
  watch('EventTarget.prototype', global.EventTarget.prototype, words('addEventListener dispatchEvent'));
  const fs = runtime.require('node:fs') as unknown as Bag;
  watch('fs', fs, words('readFile readFileSync writeFile writeFileSync writeSync openSync existsSync closeSync'));
  const modules = runtime.require('node:module') as unknown as Bag & { prototype: object };
  watch('Module', modules, words('_load _resolveFilename _compile _cache wrap runMain'));
  watch('Module._extensions', modules._extensions, words('.js .json .node'));
  watch('Module.prototype', modules.prototype, words('require _compile load'));

  /** Public modules: what of them, and of the prototypes of their classes, is watched from when they are loaded. */
  const lazies: [string, string, string?, string?][] = [
    ['http', 'request get ClientRequest Agent globalAgent createServer', 'ClientRequest', 'onSocket'],
    ['http', 'OutgoingMessage', 'OutgoingMessage', 'write end setHeader'],
    ['https', 'request get Agent globalAgent'],
    ['http2', 'connect'],
    ['net', 'connect createConnection Socket', 'Socket', 'connect write'],
    ['tls', 'connect'],
    ['dns', 'lookup resolve'],
    ['child_process', 'spawn exec execFile fork execSync spawnSync'],
    ['crypto', 'createHash createSign createCipheriv createDecipheriv randomBytes generateKeyPairSync sign'],
    ['worker_threads', 'Worker'],
    ['vm', 'Script runInThisContext runInNewContext'],
  ];
  for (const [id, names, className, methodNames] of lazies) {
    const keys = words(names);
    const methods = words(methodNames ?? '');
    kit.whenLoaded(id, (exports) => {
      watch(id, exports, keys);
      const made = className === undefined ? undefined : exports[className];
      if (typeof made === 'function') watch(`${id}.${className}.prototype`, made.prototype, methods);
    });
  }

  const minText = 8;
  const maxSearchedBytes = 64 * 1024 * 1024;

  shared.watch = watch;
  shared.locate = (value) => {
    if (typeof value !== 'function') return undefined;
    const text = p.functionText(value);
    if (text.length < minText || p.endsWith(text, '{ [native code] }')) return undefined;
    let found: string | undefined;
    shared.files.each((_true, file) => {
      if (found !== undefined) return;
      const source = sourceOf(file);
      const at = p.indexOf(source, text);
      if (at !== -1) found = position(file, source, at);
    });
    return found;
  };

  /** Texts of files during one checkpoint: several functions are looked for in the same files. */
  const sources = p.map<string, string>();
  let searched = 0;
  function sourceOf(file: string): string {
    let source = sources.get(file);
    if (source !== undefined) return source;
    source = '';
    try {
      if (searched < maxSearchedBytes) source = readFileSync(file, 'utf8');
    } catch {
      // Deleted after it was loaded: another file may hold the text.
    }
    searched += source.length;
    sources.set(file, source);
    return source;
  }

  function position(file: string, source: string, at: number): string {
    let line = 1;
    let start = 0;
    for (let next = p.indexOf(source, '\n'); next !== -1 && next < at; next = p.indexOf(source, '\n', next + 1)) {
      line += 1;
      start = next + 1;
    }
    return `${file}:${line}:${at - start + 1}`;
  }

  /** Globals whose mere descriptor loads the runtime's HTTP client (60 ms): looked at only once something else loaded it. */
  const heavy = ['WebSocket', 'Request', 'Response', 'Headers', 'FormData'];
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] };
  let heavyIsLoaded = false;
  function lookAtHeavy(moment: string): void {
    for (let i = moduleLoadList.length - 1; i >= 0 && !heavyIsLoaded; i--) {
      heavyIsLoaded = moduleLoadList[i] === 'NativeModule internal/deps/undici/undici';
    }
    for (let i = 0; i < heavy.length && heavyIsLoaded; i++) {
      const key = heavy[i];
      if (key === undefined || key === '') continue;
      const value = p.get(global, key);
      // The runtime's own are all written against its interface definitions.
      if (typeof value !== 'function' || p.includes(p.functionText(value), 'webidl.')) continue;
      const caller = shared.locate(value);
      if (caller === undefined) continue;
      kit.patch(`globalThis.${key}`, caller, moment);
      heavy[i] = '';
    }
  }

  const others = shared.checkpoint;
  shared.checkpoint = (moment) => {
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i] as Target;
      const { value, isLazy } = look(target.holder, target.key);
      if (value === target.value) continue;
      const isKnown = shared.assigned.has(target.label) && shared.assigned.get(target.label) === value;
      const caller = isKnown ? undefined : shared.locate(value);
      // Reading a lazily loaded global turns it into what it stands for, which no file of the package holds.
      const isLoaded = target.isLazy && !isLazy && caller === undefined;
      target.value = value;
      target.isLazy = isLazy;
      if (!isLoaded && !isKnown) kit.patch(target.label, caller, moment);
    }
    lookAtHeavy(moment);
    others(moment);
    sources.each((_source, file) => sources.remove(file));
  };
};

module.exports = installPatches;
