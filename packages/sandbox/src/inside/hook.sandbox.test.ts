import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calls, HookedFolder, isComplete } from './hooked-process.ts';

const folder = new HookedFolder();
beforeAll(() => folder.prepare());
afterAll(() => folder.remove());

describe('the channel', () => {
  it('a process says start, numbers its lines without a gap and says how many there were', async () => {
    const hooked = await folder.runThroughFifo({ 'main.cjs': 'process.env.SOME_NAME; console.log("done")' });
    expect(hooked.stdout).toBe('done\n');
    expect(hooked.records.map((record) => record.kind)).toEqual(['start', 'call', 'end']);
    expect(isComplete(hooked)).toBe(true);
  });

  it('a process whose channel has no reader runs as if there were no hook', async () => {
    const hooked = await folder.run(
      { 'main.cjs': 'console.log(typeof eval("1"))' },
      { config: { fifo: '/nonexistent/fifo' } },
    );
    expect(hooked).toMatchObject({ code: 0, stdout: 'number\n', stderr: '', records: [] });
  });

  it('no line is longer than what a pipe takes at once', async () => {
    const hooked = await folder.run({
      'main.cjs': `
        eval("'" + '\\u0001\\ud800'.repeat(2000) + "'");
        new Function('return "' + 'é中'.repeat(3000) + '"');`,
    });
    expect(hooked.stderr).toBe('');
    const lengths = hooked.records.map((record) => Buffer.byteLength(`${JSON.stringify(record)}\n`));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(4096);
    expect(calls(hooked, 'eval')[0]?.bytes).toBeGreaterThan(4000);
    expect(isComplete(hooked)).toBe(true);
  });

  it('a package that calls a million times yields a handful of lines with the counts', async () => {
    const hooked = await folder.run({
      'main.cjs': `
        for (let i = 0; i < 1e6; i++) { Date.now(); }
        for (let i = 0; i < 1e5; i++) { new Date(); process.env.MY_FLAG; Buffer.from('00'.repeat(200), 'hex'); }
        for (let i = 0; i < 1500; i++) { require('fs').existsSync('/proc/self/' + i); }`,
    });
    expect(hooked.records.length).toBeLessThan(100);
    const probes = calls(hooked, 'fs.existsSync');
    expect(probes.at(-1)?.count).toBe(1500);
    expect(isComplete(hooked)).toBe(true);
  });

  it('a thread that has said its share says so and only counts from there', async () => {
    const hooked = await folder.run(
      { 'main.cjs': 'for (let i = 0; i < 500; i++) { const f = new Function("return process.env.NAME_" + i); f(); }' },
      { config: { maxLines: 50 } },
    );
    const said = calls(hooked).map((call) => call.api);
    expect(said.indexOf('hook.cap')).toBe(49);
    expect(said.length).toBeLessThan(60);
    expect(isComplete(hooked)).toBe(true);
  });
});

describe('package code cannot switch the hook off unseen', () => {
  const evidence = `process.env.AFTERWARDS_READ; eval('"after" + "wards"'); require('child_process').spawnSync('true', ['afterwards']);`;
  const attempts: [string, string][] = [
    [
      'replaces the functions of fs',
      `const fs = require('fs'); for (const k of Object.keys(fs)) { try { if (typeof fs[k] === 'function') fs[k] = () => 0; } catch { /* read-only */ } }`,
    ],
    [
      'closes every descriptor',
      `const fs = require('fs'); for (let i = 3; i < 64; i++) { try { fs.closeSync(i); } catch { /* not open */ } }`,
    ],
    [
      'closes the descriptor and opens another file under its number',
      `const fs = require('fs'); const mine = [];
       for (let i = 17; i < 64; i++) { let t = ''; try { t = fs.readlinkSync('/proc/self/fd/' + i); } catch { /* none */ }
         if (t.endsWith('/lines')) { fs.closeSync(i); for (let j = 0; j < 64; j++) mine.push(fs.openSync('mine.txt', 'a')); } }
       process.on('exit', () => { console.log(fs.readFileSync('mine.txt', 'utf8') === ''); });`,
    ],
    [
      'poisons the prototypes',
      `for (const p of [Array.prototype, String.prototype, Map.prototype, Set.prototype, WeakMap.prototype, RegExp.prototype, Function.prototype]) {
         for (const k of Object.getOwnPropertyNames(p)) { if (k !== 'constructor' && k !== 'length') { try { Object.defineProperty(p, k, { get() { throw new Error(k); }, configurable: true }); } catch { /* fixed */ } } } }
       Object.prototype.toJSON = () => 'nothing'; Object.defineProperty(Array.prototype, '0', { set() {}, configurable: true });`,
    ],
    [
      'deletes globals',
      `delete globalThis.JSON; delete globalThis.Reflect; delete globalThis.Buffer; delete globalThis.Map; Math.min = Math.max = Math.floor = () => 0; Error.stackTraceLimit = 0; Error.prepareStackTrace = () => 'nowhere';`,
    ],
    [
      'removes listeners',
      `process.removeAllListeners(); process.emit = () => true; process.reallyExit = process.reallyExit;`,
    ],
    [
      'replaces the module cache and loader',
      `const M = require('module'); M._load = M._load.bind(M); M._cache = {}; M.prototype.require = M.prototype.require;`,
    ],
  ]; // prettier-ignore

  for (const [attempt, code] of attempts) {
    it(`a package that ${attempt} is still heard`, async () => {
      const hooked = await folder.run({
        'main.cjs': `const spawnSync = require('child_process').spawnSync; const load = require;\n${code}\n${evidence.replace("require('child_process').", '')}`,
      });
      const heard = calls(hooked).map((call) => `${call.api} ${call.detail}`);
      expect(heard).toContain('process.env AFTERWARDS_READ');
      expect(heard).toContain('eval "after" + "wards"');
      // With its prototypes gone the runtime itself cannot start a process any more.
      if (!attempt.startsWith('poisons')) expect(heard).toContain('child_process.spawnSync true afterwards');
    });
  }

  it('a descriptor that was taken over receives no line of ours', async () => {
    const [, code = ''] = attempts[2] ?? [];
    const hooked = await folder.run({ 'main.cjs': `${code}\n${evidence}` });
    expect(hooked.stdout).toBe('true\n');
    expect(isComplete(hooked)).toBe(true);
  });

  it('a process that swallows its exit event leaves no end line behind', async () => {
    const hooked = await folder.run({ 'main.cjs': 'process.emit = () => true;' });
    expect(hooked.records.at(-1)?.kind).not.toBe('end');
  });
});
