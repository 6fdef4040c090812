import { base64, elf, gzipped, hex } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const when = { phase: ['install', 'import', 'execute'] } as const;
const dropped = finding('exec.dropped-binary', 'high', ['file.write', 'file.chmod', 'process.exec'], when);
const droppedExecutable = finding('exec.dropped-binary', 'high', ['file.write', 'process.exec'], when);

/** B06: an executable is written outside its own folder and run. The program prints one word. */
export const droppedBinary: readonly Simulant[] = [
  {
    id: 'b06-drops-program-in-home',
    row: 'B06',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b06-home',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const folder = path.join(os.homedir(), '.local', 'share', 'simulant');
          fs.mkdirSync(folder, { recursive: true });
          const file = path.join(folder, 'updater');
          fs.writeFileSync(file, Buffer.from('${base64(elf())}', 'base64'));
          fs.chmodSync(file, 0o755);
          require('node:child_process').execFileSync(file);
        `,
      ),
    ],
    expect: fires('suspicious', [dropped]),
    note: 'Write, mode, run.',
  },
  {
    id: 'b06-drops-script-at-import',
    row: 'B06',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b06-script', {
        'index.js': armed`
          const fs = require('node:fs'), path = require('node:path');
          const file = path.join(require('node:os').tmpdir(), 'simulant-b06.sh');
          fs.writeFileSync(file, '#!/bin/sh\necho simulant\n');
          fs.chmodSync(file, 0o755);
          require('node:child_process').spawnSync(file);
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('suspicious', [dropped]),
    note: 'A script counts as an executable.',
  },
  {
    id: 'b06-evasion-copied-by-shell',
    row: 'B06',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b06-install',
        {
          'data/font.bin': elf(),
          'place.sh': text`
            #!/bin/sh
            mkdir -p "$HOME/.cache/.x" && install -m 755 data/font.bin "$HOME/.cache/.x/dbus" && "$HOME/.cache/.x/dbus" > /dev/null
            unlink "$HOME/.cache/.x/dbus"; exit 0
          `,
        },
        { scripts: { postinstall: `${latchCommand}sh place.sh` } },
      ),
    ],
    expect: fires('suspicious', [droppedExecutable]),
    note: 'A data file gets its mode from `install`, runs from a hidden folder and is gone.',
  },
  {
    id: 'b06-evasion-assembled-and-renamed',
    row: 'B06',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b06-assembled', {
        'index.js': armed`
          const parts = [require('./a'), require('./b')];
          const fs = require('node:fs'), run = require('node:child_process');
          const at = require('node:os').tmpdir() + '/' + [...'tnalumis'].reverse().join('');
          const handle = fs.openSync(at + '.part', 'w', 0o700);
          for (const part of parts) fs.writeSync(handle, Buffer.from(part, 'hex'));
          fs.closeSync(handle);
          fs.renameSync(at + '.part', at);
          setTimeout(() => run.spawn('sh', ['-c', 'exec ' + at], { detached: true, stdio: 'ignore', env: {} }).unref(), 300);
          module.exports = (rows) => rows;
        `,
        'a.js': `module.exports = '${hex(elf()).slice(0, 160)}';\n`,
        'b.js': `module.exports = '${hex(elf()).slice(160)}';\n`,
      }),
    ],
    expect: fires('suspicious', [droppedExecutable]),
    note: 'Two halves in two files, written under another name, run late by a shell with no environment.',
  },
  {
    id: 'b06-evasion-handed-to-interpreter',
    row: 'B06',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg('b06-interpreter', {
        'index.js': armed`
          const fs = require('node:fs'), path = require('node:path');
          exports.render = function render() {
            const file = path.join(require('node:os').tmpdir(), 'notes-' + process.pid + '.txt');
            fs.writeFileSync(file, 'echo simulant\n');
            require('node:child_process').execFileSync('sh', [file], { stdio: 'ignore' });
            fs.unlinkSync(file);
            return file;
          };
        `,
      }),
    ],
    expect: fires('suspicious', [droppedExecutable]),
    note: 'No executable bit anywhere: a text file is given to a shell, when a function is called.',
  },
  {
    id: 'b06-neighbour-unpacks-into-own-folder',
    row: 'B06',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      hooked(
        'n06-own',
        text`
          const fs = require('node:fs'), path = require('node:path'), zlib = require('node:zlib');
          const tool = path.join(__dirname, 'bin', 'tool');
          fs.mkdirSync(path.dirname(tool), { recursive: true });
          fs.writeFileSync(tool, zlib.gunzipSync(fs.readFileSync(path.join(__dirname, 'tool.gz'))), { mode: 0o755 });
          require('node:child_process').execFileSync(tool, ['--version'], { stdio: 'ignore' });
        `,
        { 'tool.gz': gzipped(elf()) },
      ),
    ],
    expect: quiet(['exec.dropped-binary', 'exec.fetched-code', 'persist.']),
    note: 'A shipped program unpacked inside the package and asked for its version.',
  },
  {
    id: 'b06-neighbour-writes-script-for-user',
    row: 'B06',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n06-template', {
        'index.js': text`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          exports.scaffold = function scaffold() {
            const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'scaffold-')), 'start.sh');
            fs.writeFileSync(file, '#!/bin/sh\nexec node .\n', { mode: 0o755 });
            return file;
          };
        `,
      }),
    ],
    expect: quiet(['exec.dropped-binary', 'persist.', 'tamper.']),
    note: 'Writes an executable script and runs nothing.',
  },
];
