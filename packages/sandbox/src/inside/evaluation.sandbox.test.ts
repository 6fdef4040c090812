import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calls, HookedFolder } from './hooked-process.ts';

const folder = new HookedFolder();
beforeAll(() => folder.prepare());
afterAll(() => folder.remove());

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('code from text', () => {
  it('a direct eval keeps its scope and is recorded with its text, digest and place', async () => {
    const hooked = await folder.run({
      'main.cjs': `function f(text) { const secret = 41; return eval(text); }
console.log(f('secret + 1; // some more text to be digested'));`,
    });
    expect(hooked.stdout).toBe('42\n');
    const [call] = calls(hooked, 'eval');
    expect(call).toMatchObject({ detail: 'secret + 1; // some more text to be digested', bytes: 44 });
    expect(call?.sha256).toBe(sha256('secret + 1; // some more text to be digested'));
    expect(call?.caller).toMatch(/main\.cjs:1:\d+$/);
  });

  it('indirect eval, eval in a timer and eval in evaluated code are recorded', async () => {
    const hooked = await folder.run({
      'main.cjs': `const e = eval; const t = (x) => x + ' '; e(t('1')); setTimeout(eval, 1, t('2')); eval("ev" + "al('3')"); setTimeout(e(t("() => eval('4' + ' ')")), 1);`,
    });
    expect(calls(hooked, 'eval').map((call) => call.detail.trim())).toEqual([
      '1',
      "eval('3')",
      '3',
      "() => eval('4' + ' ')",
      '2',
      '4',
    ]);
  });

  it('Function, its asynchronous and generator kin and subclasses are recorded with their body', async () => {
    const hooked = await folder.run({
      'main.cjs': `
        const A = (async () => {}).constructor, G = Object.getPrototypeOf(function* () {}).constructor;
        console.log(new Function('a', 'b', 'return a+b')(1, 2), Function('return this')() === globalThis, (function () {}).constructor === Function);
        new A('await 1'); new G('yield 2');
        class Mine extends Function {} ; console.log(new Mine('return 9')() , new Mine('') instanceof Mine, Function instanceof Function);`,
    });
    expect(hooked.stdout).toBe('3 true true\n9 true true\n');
    expect(calls(hooked, 'Function').map((call) => call.detail)).toEqual(['return a+b', 'return this', 'return 9', '']);
    expect(calls(hooked, 'AsyncFunction')[0]?.detail).toBe('await 1');
    expect(calls(hooked, 'GeneratorFunction')[0]?.detail).toBe('yield 2');
  });

  it('an object that turns into another text the second time it is asked shows its true face', async () => {
    const hooked = await folder.run({
      'main.cjs': `let n = 0; console.log(Function({ toString: () => (n++ === 0 ? 'return "first"' : 'return "second"') })());`,
    });
    expect(hooked.stdout).toBe('first\n');
    expect(calls(hooked, 'Function')[0]?.detail).toBe('return "first"');
  });

  it('vm, modules compiled by hand, WebAssembly and data URLs are recorded', async () => {
    const hooked = await folder.run({
      'main.mjs': `
        import vm, { runInNewContext } from 'node:vm';
        import Module, { createRequire } from 'node:module';
        runInNewContext('1 + 1'); vm.runInThisContext('2 + 2', { filename: 'node:fs' }); new vm.Script('3 + 3').runInThisContext(); vm.compileFunction('return 4');
        vm.runInContext('5 + 5', vm.createContext({}));
        new Module('x')._compile('module.exports = 6', '/x.js');
        await import('data:text/javascript,export default 7');
        const wasm = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
        console.log(new WebAssembly.Module(wasm) instanceof WebAssembly.Module, new vm.Script('8') instanceof vm.Script);
        await WebAssembly.instantiate(wasm);`,
    });
    expect(hooked).toMatchObject({ stdout: 'true true\n', stderr: '' });
    expect(calls(hooked).map((call) => `${call.api} ${call.detail}`)).toEqual([
      'vm.runInNewContext 1 + 1',
      'vm.runInThisContext [as node:fs] 2 + 2',
      'vm.Script 3 + 3',
      'vm.compileFunction return 4',
      'vm.runInContext 5 + 5',
      'Module._compile module.exports = 6',
      'import:data data:text/javascript,export default 7',
      'WebAssembly.Module 8 bytes',
      'vm.Script 8',
      'WebAssembly.instantiate 8 bytes',
    ]);
    for (const call of calls(hooked)) expect(call.caller).toMatch(/main\.mjs:\d+:\d+$/);
  });

  it('loading modules is no evaluation', async () => {
    const hooked = await folder.run({
      'main.cjs': `require('./a.cjs'); require('./b.json'); import('./c.mjs');`,
      'a.cjs': 'exports.a = 1',
      'b.json': '{}',
      'c.mjs': 'export const c = 1',
    });
    expect(calls(hooked)).toEqual([]);
  });
});

describe('decoding before evaluating', () => {
  const payload = `globalThis.reached = true; //${' padding'.repeat(60)}`;

  for (const [way, api, code] of [
    ['base64', 'Buffer.from:base64', `eval(Buffer.from(text, 'base64').toString())`],
    ['hex', 'Buffer.from:hex', `Function(Buffer.from(text, 'hex').toString())()`],
    ['base64', 'atob', 'eval(atob(text))'],
    [
      'base64',
      'Buffer.from:base64',
      `eval([...Buffer.from(Buffer.from(text, 'base64').map((b) => b ^ 1))].map((b) => String.fromCharCode(b ^ 1)).join(''))`,
    ],
  ] as const) {
    it(`text that was decoded by ${api} names it with the digest of what is evaluated: ${code.slice(0, 40)}`, async () => {
      const text = Buffer.from(payload).toString(way);
      const hooked = await folder.run({
        'main.cjs': `const text = ${JSON.stringify(text)}; ${code}; console.log(reached)`,
      });
      expect(hooked).toMatchObject({ stdout: 'true\n', stderr: '' });
      expect(calls(hooked, api)[0]).toMatchObject({ sha256: sha256(payload), bytes: payload.length });
    });
  }

  it('compressed text and ciphers are recorded, and the decompressor is named by the evaluation', async () => {
    const hooked = await folder.run({
      'main.cjs': `const zlib = require('zlib'), crypto = require('crypto');
        const text = zlib.deflateSync(${JSON.stringify(payload)}).toString('base64');
        eval(zlib.inflateSync(Buffer.from(text, 'base64')).toString());
        crypto.createDecipheriv('aes-256-cbc', Buffer.alloc(32), Buffer.alloc(16)); console.log(reached)`,
    });
    expect(hooked.stdout).toBe('true\n');
    expect(calls(hooked, 'zlib.inflateSync')[0]?.sha256).toBe(sha256(payload));
    expect(calls(hooked, 'crypto.createDecipheriv')[0]?.detail).toBe('aes-256-cbc');
  });

  it('a decoded binary beside an unrelated eval is no decoded code', async () => {
    const hooked = await folder.run({
      'main.cjs': `const wasm = Buffer.from('${Buffer.concat([Buffer.from('\0asm'), Buffer.alloc(400, 7)]).toString('base64')}', 'base64'); new Function('return ' + wasm.length)();`,
    });
    expect(calls(hooked).map((call) => `${call.api} ${call.detail}`)).toEqual([
      'Buffer.from base64 wasm',
      'Function return 404',
    ]);
  });
});
