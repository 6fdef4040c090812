import {
  armed,
  armedModule,
  finding,
  fires,
  hooked,
  latchCommand,
  pkg,
  quiet,
  type Simulant,
  text,
} from './simulant.ts';

const metadata = finding('cred.metadata-service', 'high', ['net.http'], { phase: ['install', 'import', 'execute'] });
const undeclared = finding('net.import-egress', 'medium', [['net.connect', 'net.http']], { phase: ['import'] });
const direct = finding('net.import-egress', 'high', [['net.connect', 'net.http']], { phase: ['import'] });

/** B19–B20: cloud metadata is asked, or importing alone talks to a host nobody declared. */
export const egress: readonly Simulant[] = [
  {
    id: 'b19-metadata-at-install',
    row: 'B19',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b19-metadata',
        armed`
          const http = require('node:http');
          const request = http.get('http://169.254.169.254/latest/meta-data/', { timeout: 2000 }, (answer) => answer.resume());
          request.on('error', () => {});
          request.on('timeout', () => request.destroy());
        `,
      ),
    ],
    expect: fires('suspicious', [metadata]),
    note: 'Asks only for the index and drops the answer. The one address outside the allowed ranges, as the behaviour has no other.',
  },
  {
    id: 'b19-evasion-cluster-token',
    row: 'B19',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b19-cluster', {
        'index.js': armed`
          const fs = require('node:fs'), https = require('node:https');
          let token = 'none';
          try { token = fs.readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8'); } catch { token = 'none'; }
          const request = https.get({ host: 'kubernetes.default.svc', path: '/api/v1/namespaces/default/secrets',
            headers: { authorization: 'Bearer ' + token }, rejectUnauthorized: false }, (answer) => answer.resume());
          request.on('error', () => {});
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('suspicious', [metadata]),
    note: 'The cluster’s own name, with the service account’s token when there is one.',
  },
  {
    id: 'b19-evasion-decimal-address',
    row: 'B19',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b19-decimal',
        {},
        {
          scripts: {
            install: `${latchCommand}(curl -fs -m 2 -o /dev/null http://2852039166/latest/meta-data/ || true)`,
          },
        },
      ),
    ],
    expect: fires('suspicious', [metadata]),
    note: 'The same address as one decimal number, by curl.',
  },
  {
    id: 'b19-neighbour-ssrf-guard',
    row: 'B19',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n19-guard', {
        'index.js': text`
          const refused = new Set(['169.254.169.254', 'localhost', '127.0.0.1', '[::1]', 'kubernetes.default.svc']);
          exports.isSafe = (address) => {
            try { return !refused.has(new URL(address).hostname); } catch { return false; }
          };
        `,
      }),
    ],
    expect: quiet(['cred.', 'exfil.', 'c2.', 'net.']),
    note: 'Knows the address in order to refuse it.',
  },
  {
    id: 'b20-import-talks-to-undeclared-host',
    row: 'B20',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b20-import', {
        'index.js': armed`
          const http = require('node:http');
          http.get('http://cdn.simulant.invalid/flags.json', (answer) => answer.resume()).on('error', () => {});
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: { findings: [undeclared], never: [] },
    note: 'Medium: by itself not suspicious.',
  },
  {
    id: 'b20-import-talks-to-an-address',
    row: 'B20',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg(
        'b20-direct',
        {
          'index.mjs': armedModule`
            import net from 'node:net';
            const socket = net.connect({ host: '203.0.113.7', port: 443 }, () => socket.end('hello'));
            socket.on('error', () => {});
            export default (rows) => rows;
          `,
        },
        { type: 'module', exports: './index.mjs' },
      ),
    ],
    expect: fires('suspicious', [direct]),
    note: 'ES module, direct address: high.',
  },
  {
    id: 'b20-evasion-at-process-exit',
    row: 'B20',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b20-exit', {
        'index.js': armed`
          process.once('exit', () => {
            delete process.env.NODE_OPTIONS;
            require('node:child_process').spawnSync('curl', ['-fs', '-m', '3', '-o', '/dev/null', 'http://cdn.simulant.invalid/x']);
          });
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: { findings: [undeclared], never: [] },
    note: 'Nothing while loading; curl when the process ends.',
  },
  {
    id: 'b20-evasion-conditional-export',
    row: 'B20',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b20-conditional',
        {
          'lib/a.cjs': text`module.exports = (rows) => rows;`,
          'lib/b.mjs': armedModule`
            const part = ['2001', 'db8', '', '7'].join(':');
            await import('node:http').then(({ get }) => new Promise((done) => {
              get({ host: part, port: 8080, path: '/', timeout: 2000 }, (answer) => answer.resume().on('end', done)).on('error', done).on('timeout', done);
            }));
            export default (rows) => rows;
          `,
        },
        { exports: { '.': { require: './lib/a.cjs', import: './lib/b.mjs' } } },
      ),
    ],
    expect: fires('suspicious', [direct]),
    note: 'Only the ES entry does it, with an IPv6 address put together from pieces.',
  },
  {
    id: 'b20-neighbour-lazy-client',
    row: 'B20',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n20-client',
        {
          'index.js': text`
            const base = 'https://api.acme.test/v1';
            class Client {
              constructor(options = {}) { this.base = options.base === undefined ? base : String(options.base); }
              async get(path) {
                if (typeof path !== 'string' || !path.startsWith('/')) throw new TypeError('path begins with a slash');
                return (await fetch(new URL(base + path))).json();
              }
            }
            module.exports = { Client };
          `,
        },
        {
          homepage: 'https://api.acme.test/docs',
          repository: { type: 'git', url: 'https://code.acme.test/client.git' },
        },
      ),
    ],
    expect: quiet(['net.import-egress', 'exfil.', 'c2.'], { allowed: { 'net.egress': 'low' } }),
    note: 'Nothing at import; its declared host when called.',
  },
];
