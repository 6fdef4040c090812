import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DrivenProject, outcomes } from './driven-project.ts';

const project = new DrivenProject();
beforeAll(() => project.prepare());
afterAll(() => project.remove());

const manifest = (fields: object): string => JSON.stringify({ name: 'pkg', version: '1.0.0', ...fields });

describe('the import driver', () => {
  it('loads each specifier as a consumer does and says how it went', async () => {
    const driven = await project.drive(
      'import',
      {
        'node_modules/pkg/package.json': manifest({
          exports: { '.': './a.js', './sub': './b.js', './broken': './c.js' },
        }),
        'node_modules/pkg/a.js':
          'module.exports = { one: 1, two() {} }; console.log(require.main === module, require.main.filename.endsWith("index.js"), module.parent === require.main, process.argv.length)',
        'node_modules/pkg/b.js': 'module.exports = class B {}',
        'node_modules/pkg/c.js': 'throw new TypeError("broken on purpose")',
      },
      { specifiers: ['pkg', 'pkg/sub', 'pkg/broken'] },
    );
    expect(driven).toMatchObject({ code: 0, stdout: 'false true true 2\n', stderr: '' });
    expect(outcomes(driven)).toEqual(['require pkg ok', 'require pkg/sub ok', 'require pkg/broken threw']);
    expect(driven.steps[0]?.detail).toBe('object, 2 keys');
    expect(driven.steps[2]?.detail).toBe('TypeError: broken on purpose');
    expect(driven.records.at(-1)?.kind).toBe('end');
  });

  it('imports modules with their own conditions and waits for their top level', async () => {
    const driven = await project.drive(
      'import',
      {
        'node_modules/pkg/package.json': manifest({
          exports: { '.': { import: './m.mjs', require: './c.cjs' }, './slow': './slow.mjs', './cjs': './c.cjs' },
        }),
        'node_modules/pkg/m.mjs':
          'await new Promise((done) => setTimeout(done, 50)); export const way = "import"; console.log(way)',
        'node_modules/pkg/c.cjs': 'exports.way = "require"; console.log(exports.way)',
        'node_modules/pkg/slow.mjs': 'await new Promise((done) => setTimeout(done, 60_000).unref())',
      },
      { mode: 'import', specifiers: ['pkg', 'pkg/slow', 'pkg/cjs'], loadMs: 200 },
    );
    expect(driven.stdout).toBe('import\nrequire\n');
    expect(outcomes(driven)).toEqual(['import pkg ok', 'import pkg/slow timeout', 'import pkg/cjs ok']);
  });

  it('tells a missing peer, optional dependency, platform binary or browser global from a fault', async () => {
    const driven = await project.drive(
      'import',
      {
        'node_modules/pkg/package.json': manifest({
          peerDependencies: { react: '*' },
          optionalDependencies: { fsevents: '*' },
        }),
        'node_modules/pkg/peer.js': 'require("react/jsx-runtime")',
        'node_modules/pkg/optional.js': 'require("fsevents")',
        'node_modules/pkg/platform.js': 'require("@pkg/core-linux-x64-gnu")',
        'node_modules/pkg/native.js': 'require("./x.node")',
        'node_modules/pkg/x.node': 'no library',
        'node_modules/pkg/browser.js': 'window.document',
        'node_modules/pkg/fault.js': 'require("not-declared")',
        'node_modules/pkg/esm.mjs': 'import "react"',
        'node_modules/pkg/odd.js': 'throw new Proxy({}, { get() { throw 1; } })',
      },
      {
        specifiers: ['peer', 'optional', 'platform', 'native', 'browser', 'fault', 'esm.mjs', 'odd'].map(
          (name) => `pkg/${name}`,
        ),
      },
    );
    expect(driven.steps.map((step) => `${step.step} ${step.missing ?? '-'}`)).toEqual([
      'require pkg/peer peer',
      'require pkg/optional optional',
      'require pkg/platform platform',
      'require pkg/native platform',
      'require pkg/browser browser',
      'require pkg/fault -',
      'require pkg/esm.mjs peer',
      'require pkg/odd -',
    ]);
  });

  it('a package that keeps the process alive without doing anything is ended, and the step says by what', async () => {
    const driven = await project.drive('import', {
      'node_modules/pkg/package.json': manifest({}),
      'node_modules/pkg/index.js': 'require("net").createServer().listen(0, "127.0.0.1"); setInterval(() => {}, 50)',
    });
    expect(driven.code).toBe(0);
    expect(outcomes(driven)).toEqual(['require pkg ok', 'settle timeout']);
    expect(driven.steps[1]?.detail).toMatch(/nothing happened for 300 ms; kept alive by .*TCPServerWrap/);
    expect(driven.records.at(-1)?.kind).toBe('end');
  });

  it('what is left for later runs before the process ends: timers, promises, children, errors', async () => {
    const driven = await project.drive('import', {
      'node_modules/pkg/package.json': manifest({}),
      'node_modules/pkg/index.js': `
        setTimeout(() => { console.log('timer'); setInterval(() => {}, 10); }, 900);
        setTimeout(() => { throw new Error('later'); }, 100); Promise.reject(new TypeError('rejected'));
        require('child_process').exec('sleep 0.6; echo child', (error, out) => console.log(out.trim()));
        process.on('exit', () => console.log('exit'));`,
    });
    expect(driven.stdout.split('\n').sort()).toEqual(['', 'child', 'exit', 'timer']);
    expect(driven.steps.filter((step) => step.step === 'later').map((step) => step.detail)).toEqual([
      'TypeError: rejected',
      'Error: later',
    ]);
  });

  it('a package that ends the process is obeyed, and what was not tried is said', async () => {
    const driven = await project.drive(
      'import',
      {
        'node_modules/pkg/package.json': manifest({}),
        'node_modules/pkg/index.js': 'process.exit(7)',
        'node_modules/pkg/b.js': '',
      },
      { specifiers: ['pkg', 'pkg/b.js'] },
    );
    expect(driven.code).toBe(7);
    expect(outcomes(driven)).toEqual(['require pkg skipped', 'require pkg/b.js skipped']);
    expect(driven.calls.map((call) => `${call.api} ${call.detail}`)).toEqual(['process.exit 7']);
  });

  it('an exit code that the package only sets is not the code of the driver', async () => {
    const files = {
      'node_modules/pkg/package.json': manifest({}),
      'node_modules/pkg/index.js': 'process.exitCode = 3; exports.set = () => { process.exitCode = 4; }',
    };
    expect((await project.drive('import', files)).code).toBe(0);
    expect((await project.drive('execute', files)).code).toBe(0);
  });

  it('nothing of the driver is left for the package to find', async () => {
    const driven = await project.drive('import', {
      'node_modules/pkg/package.json': manifest({}),
      'node_modules/pkg/index.js': `console.log(process._driver, Object.keys(process.env).filter((name) => /PIPE|NODE_OPTIONS/.test(name)), process.execArgv, process.argv.slice(2), Object.keys(require.cache).length, typeof window, globalThis.PARTS)`,
    });
    expect(driven.stdout).toBe('undefined [] [] [] 2 undefined undefined\n');
  });

  it('a package is loaded as Node loads it first, and again with browser globals when its code waits for them', async () => {
    const code = `
      if (typeof window === 'undefined') console.log('node');
      else navigator.clipboard.readText().then((text) => console.log(text, localStorage.getItem('x'), location.protocol, document.createElement('div').tagName));`;
    const files = {
      'node_modules/pkg/package.json': manifest({}),
      'node_modules/pkg/index.js': code,
      'node_modules/pkg/m.mjs': code,
    };
    const input = { browser: true, clipboard: { text: 'copied text', file: '/nonexistent/store' } };
    const required = await project.drive('import', files, input);
    const imported = await project.drive('import', files, { ...input, mode: 'import', specifiers: ['pkg/m.mjs'] });
    const first = await project.drive('import', files, { ...input, browserFirst: true });
    expect([required, imported, first].map(({ stdout }) => stdout)).toEqual([
      'node\ncopied text null https: DIV\n',
      'node\ncopied text null https: DIV\n',
      'copied text null https: DIV\n',
    ]);
    expect(outcomes(required)).toEqual(['require pkg ok', 'browser require pkg ok']);
    expect(outcomes(imported)).toEqual(['import pkg/m.mjs ok', 'browser import pkg/m.mjs ok']);
    for (const driven of [required, imported, first]) {
      expect(driven.patches).toEqual([]);
      expect(driven.calls.map((call) => call.api)).toContain('navigator.clipboard.readText');
    }
  });

  it('what fails only with fake browser globals is no fault of the package, and code without a word of them is not loaded twice', async () => {
    const failing = await project.drive(
      'import',
      {
        'node_modules/pkg/package.json': manifest({}),
        'node_modules/pkg/index.js': `if (typeof window !== 'undefined') document.body.missing.method()`,
      },
      { browser: true },
    );
    expect(failing.steps.map((step) => `${step.step} ${step.outcome} ${step.missing ?? '-'}`)).toEqual([
      'require pkg ok -',
      'browser require pkg threw browser',
    ]);
    const plain = await project.drive(
      'import',
      { 'node_modules/pkg/package.json': manifest({}), 'node_modules/pkg/index.js': 'console.log("once")' },
      { browser: true },
    );
    expect(plain.stdout).toBe('once\n');
  });

  it('a clipboard address that becomes another one is said, through the browser or through a command', async () => {
    const address = `bc1q${'c'.repeat(38)}`;
    const swap = { 'node_modules/pkg/package.json': manifest({}), store: address };
    const browser = await project.drive(
      'import',
      {
        ...swap,
        'node_modules/pkg/index.js': `navigator.clipboard.readText().then((text) => navigator.clipboard.writeText(text.replace(/bc1\\w+/, '0x' + 'FACE'.repeat(10))))`,
      },
      { browser: true, clipboard: { text: address, file: 'store' } },
    );
    const command = await project.drive(
      'import',
      { ...swap, 'node_modules/pkg/index.js': `require('fs').writeFileSync('store', '0x' + 'FACE'.repeat(10))` },
      { clipboard: { text: address, file: 'store' } },
    );
    const copy = await project.drive(
      'import',
      { ...swap, 'node_modules/pkg/index.js': `require('fs').writeFileSync('store', 'some text')` },
      { clipboard: { text: address, file: 'store' } },
    );
    const said = (driven: typeof copy) =>
      driven.calls.filter((call) => call.api === 'driver.clipboard-swapped').map((call) => call.detail);
    expect([browser, command, copy].map(said)).toEqual([
      [`${address} became 0x${'FACE'.repeat(10)}`],
      [`${address} became 0x${'FACE'.repeat(10)}`],
      [],
    ]);
  });
});
