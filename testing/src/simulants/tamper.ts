import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const edited = finding('tamper.other-package', 'high', ['file.write'], { phase: ['install', 'import', 'execute'] });
const editedInMemory = finding('tamper.other-package', 'high', ['runtime.hook'], { phase: ['import', 'execute'] });
const extension = finding('tamper.other-extension', 'critical', ['file.write'], { phase: ['install', 'import'] });

const victim = (name: string) =>
  pkg(name, { 'index.js': text`exports.pad = (value, width) => String(value).padEnd(width);` });

/** B28: other packages, the module cache or another extension are changed. Markers are comments. */
export const tamper: readonly Simulant[] = [
  {
    id: 'b28-writes-into-sibling',
    row: 'B28',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg(
        'b28-sibling',
        {
          'setup.js': armed`
            const fs = require('node:fs');
            fs.appendFileSync(require.resolve('simulant-b28-victim'), '\n// simulant marker\n');
          `,
          'index.js': text`module.exports = require('simulant-b28-victim').pad;`,
        },
        { scripts: { postinstall: 'node setup.js' }, dependencies: { 'simulant-b28-victim': '1.0.1' } },
      ),
      victim('b28-victim'),
    ],
    expect: fires('suspicious', [edited]),
    note: 'A comment is added to an installed dependency.',
  },
  {
    id: 'b28-replaces-cached-module',
    row: 'B28',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg(
        'b28-cache',
        {
          'index.js': armed`
            const { pad } = require('simulant-b28-cached');
            require.cache[require.resolve('simulant-b28-cached')].exports = { pad: (value, width) => pad(value, width) };
            module.exports = pad;
          `,
        },
        { dependencies: { 'simulant-b28-cached': '1.0.1' } },
      ),
      victim('b28-cached'),
    ],
    expect: fires('suspicious', [editedInMemory]),
    note: 'The module cache hands out another object under a dependency’s name.',
  },
  {
    id: 'b28-writes-into-editor-extension',
    row: 'B28',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b28-extension',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const root = path.join(os.homedir(), '.vscode', 'extensions');
          fs.mkdirSync(path.join(root, 'simulant.tool-1.0.0'), { recursive: true });
          for (const name of fs.readdirSync(root).filter((entry) => /-\d/.test(entry))) {
            fs.appendFileSync(path.join(root, name, 'extension.js'), '\n// simulant marker\n');
          }
        `,
      ),
    ],
    expect: fires('malicious', [extension]),
    note: 'Every installed editor extension gets a comment; one is made so that there is one.',
  },
  {
    id: 'b28-evasion-link-and-sed',
    row: 'B28',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b28-link',
        {
          'relink.sh': text`
            #!/bin/sh
            ln -sfn ../simulant-b28-linked ./.l
            sed -i '1s|$| // simulant marker|' ./.l/index.js
            unlink ./.l
          `,
        },
        {
          scripts: { postinstall: `${latchCommand}sh relink.sh` },
          dependencies: { 'simulant-b28-linked': '1.0.1' },
        },
      ),
      victim('b28-linked'),
    ],
    expect: fires('suspicious', [
      finding('tamper.other-package', 'high', [['file.write', 'file.rename']], { phase: ['install'] }),
    ]),
    note: 'Through a link of its own, by sed, which renames a copy over the file.',
  },
  {
    id: 'b28-evasion-compile-hook',
    row: 'B28',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b28-compile',
        {
          'index.js': armed`
            const proto = require('node:module').prototype, key = ['_com', 'pile'].join('');
            const real = proto[key];
            proto[key] = function (content, filename) {
              return real.call(this, /b28-compiled/.test(filename) ? content + '\n;exports.marked = 1;' : content, filename);
            };
            setImmediate(() => require('simulant-b28-compiled'));
            module.exports = (rows) => rows;
          `,
        },
        { dependencies: { 'simulant-b28-compiled': '1.0.1' } },
      ),
      victim('b28-compiled'),
    ],
    expect: fires('suspicious', [editedInMemory]),
    note: 'No file changes: another package’s source is extended while it is compiled.',
  },
  {
    id: 'b28-evasion-extension-by-child',
    row: 'B28',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b28-child',
        {},
        {
          scripts: {
            install: `${latchCommand}env -i HOME="$HOME" sh -c 'd="$HOME/.vscode/extensions/simulant.other-1.0.0"; mkdir -p "$d"; echo "// simulant marker" | tee -a "$d/extension.js" > /dev/null'`,
          },
        },
      ),
    ],
    expect: fires('malicious', [extension]),
    note: 'tee, without environment.',
  },
  {
    id: 'b28-neighbour-generates-beside-itself',
    row: 'B28',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      hooked(
        'n28-client',
        text`
          const fs = require('node:fs'), path = require('node:path');
          const target = path.join(__dirname, '..', '.simulant-n28-client');
          fs.mkdirSync(target, { recursive: true });
          fs.writeFileSync(path.join(target, 'index.js'), 'module.exports = {};\n');
        `,
      ),
    ],
    expect: quiet(['tamper.', 'persist.', 'exec.']),
    note: 'A generated client in a hidden folder of its own beside the packages, as database clients do.',
  },
  {
    id: 'b28-neighbour-clears-own-module',
    row: 'B28',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n28-reload', {
        'index.js': text`
          const file = require.resolve('./settings.json');
          exports.settings = function settings() {
            delete require.cache[file];
            return require(file);
          };
        `,
        'settings.json': '{"width":80}\n',
      }),
    ],
    expect: quiet(['tamper.', 'hook.']),
    note: 'Removes its own file from the module cache to read it again; no extension is touched.',
  },
];
