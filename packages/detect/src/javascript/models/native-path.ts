/**
 * Names of things of the runtime: `fs.readFileSync`, `process.env`, `https.request()` for what a call gave,
 * `require:axios` for packages that are not at hand. One thing has one name, however the program came to it.
 */

const builtins = new Set([
  'assert',
  'async_hooks',
  'buffer',
  'child_process',
  'cluster',
  'console',
  'crypto',
  'dgram',
  'diagnostics_channel',
  'dns',
  'domain',
  'events',
  'fs',
  'http',
  'http2',
  'https',
  'inspector',
  'module',
  'net',
  'os',
  'path',
  'perf_hooks',
  'process',
  'punycode',
  'querystring',
  'readline',
  'repl',
  'stream',
  'string_decoder',
  'timers',
  'tls',
  'tty',
  'url',
  'util',
  'v8',
  'vm',
  'worker_threads',
  'zlib',
  'sqlite',
  'test',
]);

/** Packages that hand on a module of the runtime under its own members' names. */
const standIns: Readonly<Record<string, string>> = {
  'fs-extra': 'fs',
  'graceful-fs': 'fs',
  'original-fs': 'fs',
  'node:fs-extra': 'fs',
  'cross-spawn': 'child_process.spawn',
  'path-browserify': 'path',
  'safe-buffer': 'buffer',
  isomorphic_fetch: 'fetch',
  'isomorphic-fetch': 'fetch',
  'cross-fetch': 'fetch',
  'node-fetch': 'fetch',
  'node-fetch-native': 'fetch',
  'make-fetch-happen': 'fetch',
};

const roots = new Set(['globalThis', 'global', 'window', 'self', 'root', 'top', 'parent', 'frames']);

/** The same thing under a longer name. */
const synonyms: Readonly<Record<string, string>> = {
  'buffer.Buffer': 'Buffer',
  'buffer.atob': 'atob',
  'buffer.btoa': 'btoa',
  'util.TextDecoder': 'TextDecoder',
  'util.TextEncoder': 'TextEncoder',
  'url.URL': 'URL',
  'url.URLSearchParams': 'URLSearchParams',
  'timers.setTimeout': 'setTimeout',
  'timers.setInterval': 'setInterval',
  'timers.setImmediate': 'setImmediate',
  'events.EventEmitter': 'events',
  'module.Module': 'module',
  'module.constructor': 'module',
  'require.main': 'process.mainModule',
  'process.mainModule.require': 'require',
  'process.mainModule.constructor': 'module',
  'module.prototype.require': 'require',
  'module._load': 'require',
  'process.getBuiltinModule': 'require',
  'import.meta.require': 'require',
  'undici.fetch': 'fetch',
  'require:undici.fetch': 'fetch',
  'require:cross-fetch.fetch': 'fetch',
  'fetch.fetch': 'fetch',
  'process.binding': 'require',
  'process.env.env': 'process.env',
  'process.process': 'process',
  'Object.getPrototypeOf().constructor': 'Function',
};

export function isRoot(name: string): boolean {
  return roots.has(name);
}

/** Name of a module by the text it is required with; undefined for files of the package. */
export function modulePath(request: string): string | undefined {
  const name = request.replace(/^node:/, '');
  const [first = '', ...rest] = name.split('/');
  if (first === '' || first === '.' || first === '..') return undefined;
  if (builtins.has(first))
    return rest.some((part) => part !== 'posix' && part !== 'win32' && part !== 'promises') ? `require:${name}` : first;
  return (Object.hasOwn(standIns, name) ? standIns[name] : undefined) ?? `require:${name}`;
}

/** Name of a member. */
export function memberPath(path: string, name: string): string {
  if (name === 'default' || name === 'promises' || (name === 'webcrypto' && path === 'crypto')) return path;
  if (path === '') return name;
  if (path.length + name.length > 160) return `${path.slice(0, 120)}.*`;
  // The prototype of a kind of things leads back to what makes them.
  if (name === 'constructor' && path.endsWith('.prototype')) return path.slice(0, -'.prototype'.length);
  if (
    name === 'constructor' &&
    !path.includes('(') &&
    path !== 'module' &&
    path !== 'process' &&
    path !== 'process.mainModule'
  )
    return 'Function';
  const full = `${path}.${name}`;
  return (Object.hasOwn(synonyms, full) ? synonyms[full] : undefined) ?? full;
}
