/**
 * Entry of the runtime hook: the file that `NODE_OPTIONS=--require` names. `bundle.ts` puts the parts in front of it as one
 * string. They are compiled under a name of the runtime's own kind, so that stack traces of package code read as usual, and
 * the module itself is taken out of the caches again.
 *
 * Run as a program it prints V8's code cache of itself; with that in place the hook starts in half the time (`launch.ts`).
 */
declare const BUNDLE: string;
declare const CACHE: string;

{
  const { Script } = require('node:vm') as typeof import('node:vm');
  const modules = require('node:module') as unknown as Record<'_cache' | '_pathCache', Record<string, unknown>>;
  const ownName = 'node:internal/process/observe';
  const hookPath = __filename;
  const isProgram = require.main === module;
  delete modules._cache[hookPath];
  for (const key of Object.keys(modules._pathCache)) {
    if (modules._pathCache[key] === hookPath) delete modules._pathCache[key];
  }
  const cachedData = CACHE === '' ? undefined : Buffer.from(CACHE, 'base64');
  const script = new Script(`(function(require){${BUNDLE}\n})`, {
    filename: ownName,
    ...(cachedData && { cachedData }),
  });
  const load = script.runInThisContext() as (
    require: NodeJS.Require,
  ) => Record<string, (parts: unknown, surroundings: object) => void>;
  const parts = load(require);
  try {
    parts.main?.(parts, { require, process, global: globalThis, hookPath, ownName });
  } catch {
    // A runtime that keeps its own layer from us (`--permission`): package code runs unobserved, and no `start` line says so.
  }
  if (isProgram) {
    // What has run is in the cache compiled: the usual ways through the hook are taken once.
    require('node:fs').existsSync('/proc/self/status');
    require('node:http');
    require('node:worker_threads');
    void [
      process.env.USER,
      Object.keys(process.env),
      Date.now(),
      new Date(),
      setTimeout(() => undefined, 1000).unref(),
    ];
    setImmediate(() => process.stdout.write(script.createCachedData()));
  }
}
