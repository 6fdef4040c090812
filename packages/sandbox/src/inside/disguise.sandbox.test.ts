import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calls, HookedFolder, isComplete } from './hooked-process.ts';

const folder = new HookedFolder();
beforeAll(() => folder.prepare());
afterAll(() => folder.remove());

/** The same program with and without the hook prints the same. */
async function same(main: string, files: Record<string, string> = {}, argv: string[] = []): Promise<void> {
  const source = { 'main.cjs': main, ...files };
  const bare = await folder.run(source, { bare: true, argv });
  const hooked = await folder.run(source, { argv });
  expect(hooked.stdout.length).toBeGreaterThan(0);
  expect({ ...hooked, records: [] }).toEqual({ ...bare, stdout: bare.stdout, records: [] });
}

describe('package code sees the surroundings it expects', () => {
  it('neither the option nor the variable of the hook is visible', async () => {
    await same(`
      const { inspect } = require('util');
      const text = [inspect(process.env), JSON.stringify(process.env), Object.keys(process.env), process.execArgv, inspect(process._preload_modules), Object.keys(require.cache).length,
        process.env.NODE_OPTIONS, 'NODE_OPTIONS' in process.env, Object.keys(require('module')._pathCache).length, require.main === module, module.children.length, module.parent].join();
      console.log(/require|CHANNEL|hook/.test(text), text.length, process.sourceMapsEnabled, JSON.stringify(require('module').getSourceMapsSupport()), process.noDeprecation);
      console.log(process.argv.length, process.execArgv, Object.getOwnPropertyNames(process).sort().join(), Object.getOwnPropertySymbols(process).length);`);
  });

  it('options that the surroundings have anyway stay what they were', async () => {
    const hooked = await folder.run(
      {
        'main.cjs': 'console.log(process.env.NODE_OPTIONS, require("v8").getHeapStatistics().heap_size_limit < 1e9)',
      },
      { nodeOptions: '--max-old-space-size=100 --no-warnings' },
    );
    expect(hooked.stdout).toBe('--max-old-space-size=100 --no-warnings true\n');
  });

  it('replaced functions look like the originals', async () => {
    await same(`
      const modules = ['fs', 'child_process', 'http', 'https', 'worker_threads', 'crypto', 'zlib', 'vm', 'timers', 'os', 'dns', 'net', 'module', 'util/types', 'fs/promises', 'timers/promises'].map(require);
      const holders = [globalThis, process, Object.getPrototypeOf(process) , Object, Reflect, Function.prototype, JSON, Date, Buffer, WebAssembly, Atomics, ...modules, modules[12].prototype];
      for (const holder of holders) {
        for (const key of Reflect.ownKeys(holder)) {
          if (key === 'emit' && holder === Object.getPrototypeOf(process)) continue;
          const d = Object.getOwnPropertyDescriptor(holder, key);
          const f = d.value ?? d.get;
          const shape = typeof f === 'function' ? [f.name, f.length, Reflect.ownKeys(f).map(String).sort().join(), Function.prototype.toString.call(f).length, Object.getPrototypeOf(f) === Function.prototype, 'prototype' in f] : [typeof f];
          console.log(String(key), d.writable, d.enumerable, d.configurable, shape.join('|'));
        }
      }
      console.log(Object.getOwnPropertyDescriptors(globalThis).fetch.value === fetch, Function.prototype.toString.toString());
      console.log(require('util').types.isProxy(process.env), require('util').types.isProxy(require.cache), require('util').types.isProxy(new Proxy({}, {})));`);
  });

  it('the environment behaves like the native one', async () => {
    await same(`
      const env = process.env;
      env.NUMBER = 1; env.FLAG = true; delete env.HOME; console.log(typeof env.NUMBER, env.FLAG, env.HOME, 'HOME' in env, delete env.NOT_THERE);
      try { env.SYMBOL = Symbol('x'); } catch (error) { console.log(error.message); }
      try { Object.defineProperty(env, 'X', { value: '1' }); } catch (error) { console.log(error.message); }
      Object.defineProperty(env, 'Y', { value: '2', configurable: true, writable: true, enumerable: true });
      console.log(env.Y, Object.prototype.hasOwnProperty.call(env, 'Y'), Object.prototype.toString.call(env), env.toString === Object.prototype.toString, Object.getPrototypeOf(env) !== null);
      console.log(structuredClone(env).Y, { ...env }.Y, Object.assign({}, env).FLAG, env[Symbol.iterator], JSON.stringify(env).includes('NUMBER'));
      console.log(JSON.stringify(Object.getOwnPropertyDescriptor(process, 'env').writable), process.env === env, require('process').env === env);`);
  });

  it('stack traces name no file of ours', async () => {
    const hooked = await folder.run({
      'main.cjs': `
        const traces = [];
        for (const f of [() => require('fs').readFileSync('/nonexistent'), () => require('./missing'), () => require('fs').accessSync('/proc/none'), () => new (require('vm').Script)('}'),
          () => process.kill(-99999, 'SIGNONE'), () => new Function('}'), () => structuredClone(() => {})]) { try { f(); } catch (error) { traces.push(error.stack); } }
        console.log(traces.length, traces.join('\\n').replaceAll(__dirname, ''));`,
    });
    expect(hooked.stdout).toMatch(/^7 /);
    expect(hooked.stdout).not.toMatch(/hook\.cjs|inside/);
  });

  it('a program runs as it would under options that keep the hook out or are its own', async () => {
    const kept = await folder.run({ 'main.cjs': 'console.log(1)' }, { argv: ['--permission', '--allow-fs-read=*'] });
    expect(kept).toMatchObject({ code: 0, stdout: '1\n', stderr: '', records: [] });
    const mapped = await folder.run(
      {
        'main.cjs':
          'console.log(process.sourceMapsEnabled); process.setSourceMapsEnabled(false); console.log(process.sourceMapsEnabled); eval("1" + "+1")',
      },
      { argv: ['--enable-source-maps'] },
    );
    expect(mapped.stdout).toBe('true\nfalse\n');
    expect(calls(mapped, 'eval').length).toBe(1);
  });

  it('warnings about pending deprecations are those of the package alone', async () => {
    const hooked = await folder.run({ 'main.cjs': 'console.log(1)' }, { nodeOptions: '--pending-deprecation' });
    expect(hooked).toMatchObject({ stdout: '1\n', stderr: '' });
  });

  it('circular, conditional, JSON and ESM modules load as they do without the hook', async () => {
    await same(
      `const a = require('./a.cjs'); console.log(a, require('./data.json'), require('pkg'), require('pkg/sub'), require.resolve('pkg').slice(-7));
       import('pkg').then((m) => console.log(Object.keys(m), m.default)); require('./esm.mjs'); try { require('absent'); } catch (error) { console.log(error.code, error.requireStack.length); }
       delete require.cache[require.resolve('./a.cjs')]; console.log(require('./a.cjs') === a, Object.keys(require.cache).length);`,
      {
        'a.cjs': `exports.early = 1; exports.b = require('./b.cjs').seen; exports.late = 2;`,
        'b.cjs': `exports.seen = Object.keys(require('./a.cjs'));`,
        'data.json': '{"x":[1]}',
        'esm.mjs': `import { createRequire } from 'node:module'; export default 1; console.log(import.meta.url.slice(-7), typeof createRequire)`,
        'node_modules/pkg/package.json': JSON.stringify({
          name: 'pkg',
          exports: { '.': { import: './m.mjs', require: './c.cjs' }, './sub': './sub.js' },
        }),
        'node_modules/pkg/m.mjs': 'export default "import"; export const named = 1;',
        'node_modules/pkg/c.cjs': 'module.exports = "require"',
        'node_modules/pkg/sub.js': 'module.exports = "sub"',
      },
    );
  });
});

describe('programs started by package code are observed as well', () => {
  const child = `console.log(JSON.stringify([process.env.NODE_OPTIONS, process.env.OWN, process.execArgv])); process.env.CHILD_READ;`;

  for (const [way, code, options] of [
    ['execSync', `cp.execSync('"' + process.execPath + '" child.cjs', { stdio: 'inherit' })`, null],
    ['execFileSync', `cp.execFileSync(process.execPath, ['child.cjs'], { stdio: 'inherit', env: { OWN: '1' } })`, null],
    [
      'spawnSync',
      `cp.spawnSync(process.execPath, ['child.cjs'], { stdio: 'inherit', env: { OWN: '1', NODE_OPTIONS: '--no-warnings' } })`,
      '--no-warnings',
    ],
    [
      'exec',
      `cp.exec('"' + process.execPath + '" child.cjs', { env: {} }, (e, out) => process.stdout.write(out))`,
      null,
    ],
    [
      'spawn',
      `cp.spawn(process.execPath, ['child.cjs'], { stdio: 'inherit', env: { ...process.env, OWN: '1' } })`,
      null,
    ],
    ['fork', `cp.fork('./child.cjs', { env: { OWN: '1' } })`, null],
  ] as const) {
    it(`a child made by ${way} is recorded, observed, and sees none of it`, async () => {
      const hooked = await folder.run({
        'main.cjs': `const cp = require('child_process'); ${code}`,
        'child.cjs': child,
      });
      expect(hooked.stderr).toBe('');
      const [nodeOptions, , execArgv] = JSON.parse(hooked.stdout) as unknown[];
      expect([nodeOptions, execArgv]).toEqual([options, []]);
      expect(calls(hooked, `child_process.${way}`)[0]?.detail).toMatch(/child\.cjs/);
      expect(calls(hooked, 'process.env').map((call) => call.detail)).toContain('CHILD_READ');
      expect(new Set(hooked.records.map((record) => record.pid)).size).toBe(2);
      expect(isComplete(hooked)).toBe(true);
    });
  }

  it('workers of a cluster are observed', async () => {
    const hooked = await folder.run({
      'main.cjs': `const cluster = require('cluster');
        if (cluster.isPrimary) cluster.fork().on('exit', (code) => console.log('code', code)); else { process.env.CLUSTER_READ; process.exit(4); }`,
    });
    expect(hooked.stdout).toBe('code 4\n');
    expect(calls(hooked, 'process.env').map((call) => call.detail)).toContain('CLUSTER_READ');
    expect(isComplete(hooked)).toBe(true);
  });

  it('a grandchild below a shell is observed, a program of another kind only recorded', async () => {
    const hooked = await folder.run({
      'main.cjs': `require('child_process').execSync('sh -c "node grandchild.cjs; xclip -o || true"', { stdio: 'ignore' })`,
      'grandchild.cjs': 'process.env.GRANDCHILD_READ',
    });
    expect(calls(hooked).map((call) => call.detail)).toContain('GRANDCHILD_READ');
    expect(calls(hooked, 'clipboard.command').length).toBe(1);
  });

  it('a process that replaces itself goes on being observed', async () => {
    const hooked = await folder.run({
      'main.cjs': `process.execve(process.execPath, [process.execPath, 'child.cjs'], { OWN: '1' })`,
      'child.cjs': child,
    });
    expect(JSON.parse(hooked.stdout)).toEqual([null, '1', []]);
    expect(hooked.records.filter((record) => record.kind === 'start').length).toBe(2);
  });

  it('worker threads of every kind are observed under numbers of their own and see none of it', async () => {
    const options = [
      '{}',
      '{ env: { OWN: "1" } }',
      '{ env: process.env }',
      '{ execArgv: [] }',
      '{ execArgv: ["--no-warnings"], env: { OWN: "1", NODE_OPTIONS: "--no-warnings" } }',
      '{ env: SHARE_ENV }',
      '{ env: SHARE_ENV, execArgv: [] }',
      '{ workerData: process.env }',
    ];
    const hooked = await folder.run({
      'main.mjs': `
        import { Worker, SHARE_ENV } from 'node:worker_threads';
        for (const options of [${options.join()}]) await new Promise((done) => new Worker('./worker.cjs', options).on('exit', done));`,
      'worker.cjs': `${child} new (require('worker_threads').Worker)('process.env.NESTED_READ', { eval: true });`,
    });
    expect(hooked.stderr).toBe('');
    const lines = hooked.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown[]);
    expect(lines.map(([nodeOptions, , execArgv]) => [nodeOptions, execArgv])).toEqual(
      options.map((text) => (text.includes('--no') ? ['--no-warnings', ['--no-warnings']] : [null, []])),
    );
    const readers = (name: string) =>
      new Set(
        calls(hooked, 'process.env')
          .filter((call) => call.detail === name)
          .map((call) => call.thread),
      );
    expect(readers('CHILD_READ').size).toBe(options.length);
    expect(readers('NESTED_READ').size).toBe(options.length);
    expect(readers('CHILD_READ').has(0)).toBe(false);
    expect(isComplete(hooked)).toBe(true);
  });
});
