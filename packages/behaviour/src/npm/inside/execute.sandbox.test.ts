import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Driven, DrivenProject, executeInput, outcomes } from './driven-project.ts';

const project = new DrivenProject();
beforeAll(() => project.prepare());
afterAll(() => project.remove());

const fake = `0x${'FACE'.repeat(10)}`;
const { addresses, canaries } = executeInput;
const [key = '', privateKey = ''] = canaries[0]?.values ?? [];

function execute(
  code: string,
  input: Parameters<DrivenProject['drive']>[2] = {},
  files: Record<string, string> = {},
): Promise<Driven> {
  const manifest = JSON.stringify({ name: 'pkg', version: '1.0.0' });
  return project.drive(
    'execute',
    { 'node_modules/pkg/package.json': manifest, 'node_modules/pkg/index.js': code, ...files },
    input,
  );
}

const of = (driven: Driven, prefix: string): string[] => outcomes(driven).filter((step) => step.startsWith(prefix));
const details = (driven: Driven, api: string): string[] =>
  driven.calls.filter((call) => call.api === api).map((call) => call.detail);

describe('calling what is exported', () => {
  it('functions, classes, statics, methods and nested objects are called in the order of their keys', async () => {
    const driven = await execute(`
      class Box { constructor(value) { this.value = value; } open() { return this.value; } static of(value) { return new Box(value); } }
      function Old(name) { this.name = name; } Old.prototype.greet = function () { return this.name; };
      module.exports = { add: (a, b) => a + b, Box, Old, deep: { er: { still() { return 1; }, too: { far() {} } } }, text: 'x' };`);
    expect([...new Set(of(driven, 'call '))]).toEqual([
      'call exports.add ok',
      'call new exports.Box ok',
      'call new exports.Box().open ok',
      'call new exports.Old ok',
      'call new exports.Old().greet ok',
      'call exports.Box.of ok',
      'call exports.Box.of().open ok',
      'call exports.deep.er.still ok',
    ]);
    expect(driven.steps.find((step) => step.step === 'call exports.add')?.detail).toBe('(a, b) gave number');
  });

  it('decoys are announced before the first call and passed where a name asks for a key, with their ids', async () => {
    const driven = await execute(`
      const seen = [];
      exports.sign = function sign(message, privateKey) { seen.push(privateKey); return message; };
      exports.login = async ({ user, apiKey: k }, done) => { seen.push(k); };
      exports.client = (options) => { seen.push(options.token, options.headers.authorization); return { get(path) { return path; } }; };
      exports.plain = (text) => text;
      process.on('exit', () => console.log(JSON.stringify([...new Set(seen)])));`);
    expect(JSON.parse(driven.stdout) as unknown[]).toEqual(expect.arrayContaining([privateKey, key, `Bearer ${key}`]));
    const withCanaries = driven.steps.filter((step) => step.canaries !== undefined).map((step) => step.step);
    expect(withCanaries.indexOf('arguments')).toBeLessThan(withCanaries.indexOf('call exports.sign'));
    expect(withCanaries).toEqual(expect.arrayContaining(['call exports.login', 'call exports.client']));
    expect(of(driven, 'call exports.client().get')).toEqual(['call exports.client().get ok']);
  });

  it('one call that never returns does not keep the others from being called', async () => {
    const driven = await execute(`
      exports.loop = () => { for (;;); };
      exports.lock = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      exports.regex = () => /^(a+)+$/.test('a'.repeat(50) + 'b');
      exports.child = () => require('child_process').execSync('sleep 30');
      exports.promise = () => new Promise(() => {});
      exports.last = () => 'reached';`);
    for (const name of ['loop', 'lock', 'regex', 'promise'])
      expect(of(driven, `call exports.${name} `)[0]).toBe(`call exports.${name} timeout`);
    expect(of(driven, 'call exports.child ')[0]).toBe('call exports.child timeout');
    expect(of(driven, 'call exports.last ')[0]).toBe('call exports.last ok');
  });

  it('what a call leaves for a little later still happens', async () => {
    const driven = await execute(`
      const kept = []; exports.Wallet = class { constructor(secret) { kept.push(secret); } };
      setTimeout(() => console.log(kept.length > 0), 1500);`);
    expect(driven.stdout).toBe('true\n');
  });

  it('a package that ends the process in a call is recorded and not obeyed', async () => {
    const driven = await execute(`
      exports.quit = () => process.exit(5); exports.abort = () => process.abort(); exports.kill = () => process.kill(process.pid, 'SIGKILL');
      exports.really = () => process.reallyExit(6); exports.after = () => 'reached';`);
    expect(driven.code).toBe(0);
    expect(of(driven, 'call exports.after ')[0]).toBe('call exports.after ok');
    for (const api of ['process.exit', 'process.abort', 'process.kill', 'process.reallyExit'])
      expect(details(driven, api).length).toBeGreaterThan(0);
    expect(driven.records.at(-1)?.kind).toBe('end');
  });

  it('exports that resist being looked at are passed over', async () => {
    const driven = await execute(`
      module.exports = { get thrower() { throw new Error('no'); }, proxy: new Proxy({}, { ownKeys() { throw 1; }, get() { throw 2; } }), revoked: (() => { const r = Proxy.revocable(() => {}, {}); r.revoke(); return r.proxy; })(),
        thenable: () => ({ get then() { throw 3; } }), circular: {}, plainly() { throw new RangeError('too much'); }, odd: () => { throw { toString() { throw 4; } }; }, fine() { return 1; } };
      module.exports.circular.self = module.exports;`);
    expect(of(driven, 'call exports.fine ')[0]).toBe('call exports.fine ok');
    expect(of(driven, 'call exports.odd ')[0]).toBe('call exports.odd threw');
    expect(driven.steps.find((step) => step.step === 'call exports.plainly')?.detail).toBe('RangeError: too much');
    expect(of(driven, 'driver')).toEqual([]);
  });

  it('calls and time are bounded, and what was left out is said', async () => {
    const many = await execute(`for (let i = 0; i < 400; i++) exports['f' + i] = () => i;`, {
      execute: { ...executeInput, maxCalls: 20 },
    });
    expect(of(many, 'call ').length).toBe(20);
    expect(of(many, 'calls')).toEqual(['calls skipped']);
    const slow = await execute(`for (let i = 0; i < 40; i++) exports['f' + i] = () => new Promise(() => {});`, {
      budgetMs: 1200,
    });
    expect(of(slow, 'calls')).toEqual(['calls skipped']);
  });

  it('three runs make the same steps', async () => {
    const code = `exports.a = (x) => x; exports.B = class { m(options) { return options; } }; exports.c = async (cb) => cb(1);`;
    const runs = await Promise.all([1, 2, 3].map(() => execute(code)));
    const [first] = runs.map(outcomes);
    for (const run of runs) expect(outcomes(run)).toEqual(first);
  });
});

describe('using shared functions around the package', () => {
  const cases: [string, string, string][] = [
    [
      'fetch',
      'fetch',
      `const f = fetch; globalThis.fetch = function patched(url, init) { return f(url, { ...init, body: init.body.replace(/0x[0-9a-fA-F]{40}/g, '${fake}') }); };`,
    ],
    [
      'fetch behind a getter and a proxy',
      'fetch',
      `const f = fetch; const proxy = new Proxy(f, { apply(g, self, args) { args[1].body = String(args[1].body).replace(/0x[\\da-f]{40}/gi, '${fake}'); return Reflect.apply(g, self, args); } });
       Object.defineProperty(globalThis, 'fetch', { get: () => proxy, configurable: true });`,
    ],
    [
      'the prototype below http.request',
      'http.request',
      `const { OutgoingMessage } = require('http'); const end = OutgoingMessage.prototype.end;
       OutgoingMessage.prototype.end = function ending(data, ...rest) { return end.call(this, typeof data === 'string' ? data.replace(/0x[\\da-f]{40}/gi, '${fake}') : data, ...rest); };`,
    ],
  ]; // prettier-ignore
  for (const [what, way, code] of cases) {
    it(`an address that ${what} changes is noticed where it leaves`, async () => {
      const server = `const server = require('http').createServer((q, s) => q.resume().on('end', () => s.end('{}'))).listen(0, '127.0.0.1'); server.unref();`;
      // No network here: names of the driver's host lead to a server in the package itself.
      const dns = `require('dns').lookup = (name, options, done) => { const cb = done ?? options; options.all ? cb(null, [{ address: '127.0.0.1', family: 4 }]) : cb(null, '127.0.0.1', 4); };
        const connect = require('net').Socket.prototype.connect; require('net').Socket.prototype.connect = function (...args) { const o = Array.isArray(args[0]) ? args[0][0] : args[0]; if (o && o.port == 80) o.port = server.address().port; return connect.apply(this, args); };`;
      const driven = await execute(`${server}${dns}${code}`);
      expect(details(driven, 'driver.rewritten')).toEqual([`${addresses.ethereum} left as ${fake} through ${way}`]);
      expect(driven.patches.length).toBeGreaterThan(0);
    });
  }

  it('a wallet that pays somebody else, a clipboard and a request that change addresses are noticed', async () => {
    const driven = await execute(
      `const { request } = window.ethereum;
       window.ethereum.request = function patched(call) { if (call.method === 'eth_sendTransaction') call.params[0].to = '${fake}'; return request.call(this, call); };
       const { writeText } = navigator.clipboard; navigator.clipboard.writeText = function copied(text) { return writeText.call(this, text.replace(/0x[\\da-f]{40}/gi, '${fake}')); };`,
      { browser: true, clipboard: { text: 'nothing', file: '/nonexistent' } },
    );
    expect(details(driven, 'driver.rewritten')).toEqual([
      `${addresses.ethereum} left as ${fake} through window.ethereum.request`,
    ]);
    expect(details(driven, 'driver.clipboard-swapped')).toEqual([`${addresses.ethereum} became ${fake}`]);
    expect(driven.patches.map((patch) => patch.target)).toEqual([
      'window.ethereum.request',
      'navigator.clipboard.writeText',
    ]);
    for (const call of driven.calls.filter(({ api }) => api.startsWith('driver.')))
      expect(call.caller).toMatch(/pkg\/index\.js:\d/);
  });

  it('a wrapper that forwards unchanged is a patch and nothing else', async () => {
    const driven = await execute(
      `const http = require('http'), { request } = http; http.request = function timed(...args) { return request.apply(this, args); };
       const f = fetch; globalThis.fetch = (...args) => f(...args);
       const { send } = XMLHttpRequest.prototype; XMLHttpRequest.prototype.send = function logged(body) { return send.call(this, body); };`,
      { browser: true, clipboard: { text: addresses.bitcoin, file: '/nonexistent' } },
    );
    expect([...new Set(driven.patches.map((patch) => patch.target))].sort()).toEqual([
      'XMLHttpRequest.prototype.send',
      'globalThis.fetch',
      'http.request',
    ]);
    expect([...details(driven, 'driver.rewritten'), ...details(driven, 'driver.clipboard-swapped')]).toEqual([]);
  });

  it('a patch that a call makes is exercised as well', async () => {
    const driven = await execute(
      `exports.activate = () => { const http = require('http'), { get } = http; http.get = function mine(...args) { return get.apply(this, args); }; };`,
    );
    expect(of(driven, 'use http.request').length).toBe(2);
  });

  it('events that the package listens to are sent', async () => {
    const driven = await execute(
      `process.on('SIGTERM', () => console.log('signal')); process.on('message', (m) => console.log('message', typeof m)); process.on('beforeExit', () => console.log('before'));`,
    );
    expect(driven.stdout.split('\n').sort()).toEqual(['', 'before', 'before', 'message object', 'signal']);
  });
});
