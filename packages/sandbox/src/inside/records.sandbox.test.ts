import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calls, HookedFolder, isComplete, patches } from './hooked-process.ts';

const folder = new HookedFolder();
beforeAll(() => folder.prepare());
afterAll(() => folder.remove());

const said = (hooked: Awaited<ReturnType<HookedFolder['run']>>): string[] =>
  calls(hooked)
    .filter((call) => call.count === undefined)
    .map((call) => `${call.api} ${call.detail}`.trim());

describe('environment', () => {
  it('a name that every program reads is no news, any other is, once per caller', async () => {
    const hooked = await folder.run({
      'main.cjs': `const read = () => process.env.AWS_SECRET_ACCESS_KEY; read(); read();
        process.env.NODE_ENV; process.env.HOME; 'CI' in process.env; Object.hasOwn(process.env, 'GITHUB_TOKEN'); const { NPM_TOKEN } = process.env;`,
    });
    expect(said(hooked)).toEqual([
      'process.env AWS_SECRET_ACCESS_KEY',
      'process.env CI',
      'process.env GITHUB_TOKEN',
      'process.env NPM_TOKEN',
    ]);
  });

  it('an enumeration is one record, however it is done', async () => {
    for (const code of [
      'JSON.stringify(process.env)',
      'Object.keys(process.env)',
      '({ ...process.env })',
      'Object.entries(process.env).map(([k, v]) => process.env[k])',
      'for (const name in process.env) process.env[name]',
    ]) {
      const hooked = await folder.run({ 'main.cjs': code }, { env: { ONE: '1', TWO: '2', THREE: '3' } });
      expect(said(hooked)).toEqual(['process.env *']);
    }
  });

  it('what the runtime reads for itself is not recorded', async () => {
    const hooked = await folder.run({
      'main.cjs': `require('child_process').execSync('true'); console.log(require('os').tmpdir())`,
    });
    expect(said(hooked)).toEqual(['child_process.execSync /bin/sh -c true']);
  });

  it('writes that change what other programs load are recorded', async () => {
    const hooked = await folder.run({
      'main.cjs': `process.env.LD_PRELOAD = '/tmp/x.so'; process.env.OTHER = 1; console.log(process.env.LD_PRELOAD, process.env.OTHER)`,
    });
    expect(hooked.stdout).toBe('/tmp/x.so 1\n');
    expect(calls(hooked, 'process.env.set').map((call) => call.detail)).toEqual(['LD_PRELOAD=/tmp/x.so']);
  });
});

describe('network', () => {
  it('names, addresses and URLs are recorded with whose code asked', async () => {
    const hooked = await folder.run({
      'main.mjs': `
        import http, { request } from 'node:http'; import https from 'https'; import net from 'net'; import dgram from 'dgram'; import dns from 'dns'; import { lookup } from 'node:dns/promises';
        const quiet = (x) => x.on('error', () => {});
        quiet(request('http://plain.example.test/a?b=c', { method: 'POST' })).end('x');
        quiet(https.get('https://secure.example.test/d'));
        quiet(net.connect(9, '127.0.0.1'));
        quiet(net.connect('/nonexistent.sock'));
        const udp = dgram.createSocket('udp4'); udp.send('x', 9, '127.0.0.1', () => udp.close());
        dns.resolveTxt('txt.example.test', () => {}); lookup('promised.example.test').catch(() => {});
        await fetch('http://fetched.example.test/e', { method: 'PUT' }).catch(() => {});
        process.exit(0);`,
    });
    expect(hooked.stderr).toBe('');
    for (const expected of [
      'dns.lookup plain.example.test',
      'http.request POST http://plain.example.test/a?b=c',
      'https.request GET https://secure.example.test/d',
      'net.connect 127.0.0.1:9',
      'net.connect unix:/nonexistent.sock',
      'dgram.send 127.0.0.1:9',
      'dns.resolve TXT txt.example.test',
      'dns.lookup promised.example.test',
      'fetch PUT http://fetched.example.test/e',
      'undici.request PUT http://fetched.example.test/e',
    ]) {
      expect(said(hooked)).toContain(expected);
    }
    for (const call of calls(hooked, 'fetch')) expect(call.caller).toMatch(/main\.mjs:\d+:\d+$/);
  });
});

describe('files, clock, machine', () => {
  it('questions about credentials and about being watched are recorded, ordinary files are not', async () => {
    const hooked = await folder.run({
      'main.mjs': `
        import fs, { existsSync, promises } from 'node:fs'; import { readFile } from 'fs/promises';
        existsSync('/home/nobody/.ssh/id_rsa'); try { fs.readFileSync(new URL('file:///proc/self/nothing')); } catch {}
        fs.stat('/.dockerenv', () => {}); await promises.readFile('.env').catch(() => {}); await readFile('/sys/class/dmi/id/none').catch(() => {});
        fs.readFileSync(import.meta.filename); existsSync('/home/nobody/notes.txt');`,
    });
    expect(hooked.stderr).toBe('');
    expect(said(hooked)).toEqual([
      'fs.existsSync /home/nobody/.ssh/id_rsa',
      'fs.readFileSync /proc/self/nothing',
      'fs.stat /.dockerenv',
      'fs.promises.readFile .env',
      'fs.promises.readFile /sys/class/dmi/id/none',
    ]);
  });

  it('first readings of the clock and long waits are recorded, conversions and short waits are not', async () => {
    const hooked = await folder.run({
      'main.cjs': `
        Date.now(); new Date(); Date(); new Date(0); new Date('2024-01-01');
        setTimeout(() => {}, 999).unref(); setTimeout(() => {}, 1000).unref(); setInterval(() => {}, 5000).unref();
        require('timers/promises').setTimeout(60000, undefined, { ref: false }); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 3600000);
        console.log(new Date(5).getTime(), new Date() instanceof Date, new Date().constructor === Date, typeof Date(), Date.length, setTimeout === require('timers').setTimeout);`,
    });
    expect(hooked).toMatchObject({ stdout: '5 true true string 7 true\n', stderr: '' });
    expect(calls(hooked, 'Date.now').length).toBe(1);
    expect(calls(hooked, 'Date').length).toBeGreaterThanOrEqual(2);
    const waits = calls(hooked).filter((call) => call.ms !== undefined);
    expect(waits.map((call) => `${call.api} ${call.ms}`)).toEqual([
      'setTimeout 1000',
      'setInterval 5000',
      'timers/promises.setTimeout 60000',
      'Atomics.wait 3600000',
    ]);
  });

  it('long waits are shortened where the run asks for it, in their order, and say so', async () => {
    const hooked = await folder.run(
      {
        'main.mjs': `
          import { setTimeout as sleep } from 'timers/promises';
          setTimeout((x) => console.log('week', x), 604800000, 'arg'); setTimeout(() => console.log('hour'), 3600000);
          const cancelled = setTimeout(() => console.log('never'), 7200000); clearTimeout(cancelled);
          const i = setInterval((x) => { console.log('interval', x); clearInterval(i); }, 86400000, 'arg');
          setTimeout(() => console.log('second'), 999); await sleep(1800000); console.log('slept');`,
      },
      { config: { shorten: { overMs: 1000, toMs: 100 } } },
    );
    expect(hooked.stdout.trim().split('\n')).toEqual(['second', 'slept', 'hour', 'interval arg', 'week arg']);
    for (const call of calls(hooked)) expect(call.detail).toMatch(/^shortened to \d+ ms$/);
    expect(calls(hooked, 'timers/promises.setTimeout')[0]?.ms).toBe(1_800_000);
  });

  it('who and where the machine is, its native libraries and the ends of the process are recorded', async () => {
    const hooked = await folder.run({
      'main.mjs': `
        import os, { networkInterfaces } from 'os'; import { createRequire } from 'module';
        os.hostname(); os.userInfo(); networkInterfaces(); os.tmpdir();
        try { createRequire(import.meta.url)('./x.node'); } catch {}
        process.kill(process.pid, 0); try { process.setuid('nobody-such'); } catch {}
        process.exit(3);`,
      'x.node': 'not a library',
    });
    expect(hooked).toMatchObject({ code: 3, stderr: '' });
    const pid = hooked.records[0]?.pid;
    expect(said(hooked).map((line) => line.replace(/\/.*\//, ''))).toEqual([
      'os.hostname',
      'os.userInfo',
      'os.networkInterfaces',
      'process.dlopen x.node',
      `process.kill ${pid} 0`,
      'process.setuid nobody-such',
      'process.exit 3',
    ]);
    expect(isComplete(hooked)).toBe(true);
  });
});

describe('replaced functions', () => {
  it('replacements are found with the place where they are written', async () => {
    const hooked = await folder.run({
      'main.cjs': `require('./patch.cjs');`,
      'patch.cjs': `const https = require('https');
const send = globalThis.fetch;
globalThis.fetch = async function (...args) { return send(...args); };
https.request = function (...args) { return { changed: args }; };
JSON.parse = function parse(text) { return 'changed' + text; };
process.emit = function (name, ...args) { return 'also changed'; };
globalThis.XMLHttpRequest = class XMLHttpRequest { open() { return 'mine'; } };`,
    });
    const found = patches(hooked).map((patch) => `${patch.target} ${patch.caller?.replace(/.*\//, '')}`);
    expect(found).toEqual([
      'globalThis.fetch patch.cjs:3:18',
      'https.request patch.cjs:4:15',
      'globalThis.XMLHttpRequest patch.cjs:7:29',
      'JSON.parse patch.cjs:5:14',
      'process.emit patch.cjs:6:16',
    ]);
  });

  it('a patch that is taken back before the end has been seen where assignment is trapped', async () => {
    const hooked = await folder.run({
      'main.cjs': `const http = require('http'); const before = http.get; http.get = function () {}; http.get = before; const f = fetch; fetch = null; fetch = f;`,
    });
    expect(patches(hooked).map((patch) => patch.target)).toEqual([
      'http.get',
      'http.get',
      'globalThis.fetch',
      'globalThis.fetch',
    ]);
  });

  it('using everything and replacing nothing leaves no patch', async () => {
    const hooked = await folder.run({
      'main.mjs': `
        import * as all from 'node:module';
        for (const name of all.builtinModules) { // The runtime's own domain module, which repl loads, replaces EventEmitter.prototype.emit.
          if (!/^_|^node:|punycode|sys|wasi|domain|repl/.test(name)) await import('node:' + name).catch(() => {}); }
        void [WebSocket, Request, Response, Headers, FormData, crypto, navigator, performance, console.log, process.stdout, structuredClone, Blob];
        Object.getOwnPropertyDescriptors(globalThis); JSON.parse('1');`,
    });
    expect(patches(hooked)).toEqual([]);
  });

  it('editing what another package exports or what the cache holds is recorded', async () => {
    const hooked = await folder.run({
      'main.cjs': `require('victim'); require('attacker');`,
      'node_modules/victim/index.js': `exports.send = function send() { return 'victim'; }; exports.lazy = undefined; exports.complete = () => { exports.send2 = () => 2; };`,
      'node_modules/other/index.js': `module.exports = { a() { return 'other'; } };`,
      'node_modules/attacker/index.js': `
        const victim = require('victim'); const send = victim.send;
        victim.send = function stolen(...args) { return send(...args); };
        const other = require('other');
        require.cache[require.resolve('other')].exports = { a() { return 'replaced by attacker'; } };
        require.cache[require.resolve('other')] = { exports: {}, loaded: true };`,
    });
    expect(hooked.stderr).toBe('');
    const edits = calls(hooked, 'require.cache').map(
      (call) => `${call.detail.split('/')[0]} by ${call.caller?.replace(/.*node_modules\//, '').replace(/:.*/, '')}`,
    );
    expect(edits).toContain('other replaced  by attacker/index.js');
    expect(edits).toContain('victim changed send  by attacker/index.js');
    expect(edits).toContain('other exports  by attacker/index.js');
  });
});
