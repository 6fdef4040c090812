import { createHash } from 'node:crypto';
import { elf } from './encode.ts';
import { hooked, pkg, quiet, type Simulant, type SimulantPackage, text } from './simulant.ts';

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Downloads from a declared host to its own folder, and refuses anything but the shipped digest. */
const download = text`
  const crypto = require('node:crypto'), fs = require('node:fs'), path = require('node:path');
  const { binary } = require('./package.json');
  (async () => {
    const name = process.platform + '-' + process.arch;
    const wanted = binary.sha256[name];
    if (!wanted) return console.log('no prebuilt tool for ' + name);
    const answer = await fetch(binary.host + '/v1/tool-' + name);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const got = crypto.createHash('sha256').update(bytes).digest('hex');
    if (got !== wanted) throw new Error('digest of tool-' + name + ' is ' + got + ', wanted ' + wanted);
    const file = path.join(__dirname, 'bin', 'tool');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes, { mode: 0o755 });
    require('node:child_process').execFileSync(file, ['--version']);
  })().catch((error) => { console.error(error.message); process.exitCode = 1; });
`;

const prebuilt = {
  'linux-x64': digest(elf()),
  'linux-arm64': digest(Buffer.from('arm64')),
  'darwin-arm64': digest(Buffer.from('darwin')),
};
const addonSource = text`
  #include <node_api.h>
  static napi_value Add(napi_env env, napi_callback_info info) { napi_value zero; napi_create_int32(env, 0, &zero); return zero; }
  NAPI_MODULE_INIT() {
    napi_value add;
    napi_create_function(env, "add", NAPI_AUTO_LENGTH, Add, 0, &add);
    napi_set_named_property(env, exports, "add", add);
    return exports;
  }
`;

const platformPackage: SimulantPackage = pkg(
  '@simulant/tool-linux-x64',
  { 'bin/tool': elf(), 'index.js': text`exports.path = require('node:path').join(__dirname, 'bin', 'tool');` },
  { os: ['linux'], cpu: ['x64'], preferUnplugged: true },
);

/** G01–G04, G11, G15: hooks that do what hooks are for. */
export const neighboursInstall: readonly Simulant[] = [
  {
    id: 'g01-prebuilt-with-digest',
    row: 'G01',
    near: ['B02', 'B06'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g01-prebuilt',
        { 'install.js': download },
        {
          binary: { host: 'https://dl.acme.test', sha256: prebuilt },
          homepage: 'https://acme.test/tool',
          scripts: { postinstall: 'node install.js' },
        },
      ),
    ],
    expect: quiet(['exec.fetched-code', 'c2.', 'net.import-egress', 'exec.dropped-binary'], {
      allowed: { 'install.prebuilt-download': 'low', 'net.egress': 'low' },
      findings: [{ id: 'install.prebuilt-download', severityAtLeast: 'info', evidenceTypes: [['net.http', 'signal']] }],
    }),
    note: 'Digest checked before use; against the sinkhole’s answer the check refuses and the hook fails, which counts as completed.',
  },
  {
    id: 'g01-prebuilt-list-file-with-redirects',
    row: 'G01',
    near: ['B02'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g01-list',
        {
          'checksums.txt': `${digest(elf())}  tool-linux-x64\n`,
          'scripts/fetch.js': text`
            const { createHash } = require('node:crypto'), fs = require('node:fs'), https = require('node:https'), path = require('node:path');
            const sums = new Map(fs.readFileSync(path.join(__dirname, '../checksums.txt'), 'utf8').trim().split('\n').map((line) => line.split('  ').reverse()));
            const get = (url, left, done) => https.get(url, (answer) => {
              const { location } = answer.headers;
              if (location && left > 0 && new URL(location, url).hostname.endsWith('.acme.test')) return get(new URL(location, url), left - 1, done);
              const parts = [];
              answer.on('data', (part) => parts.push(part)).on('end', () => done(Buffer.concat(parts)));
            }).on('error', (error) => console.log('will build from source: ' + error.message));
            get('https://dl.acme.test/v2/tool-linux-x64', 3, (bytes) => {
              if (createHash('sha256').update(bytes).digest('hex') !== sums.get('tool-linux-x64')) return console.log('will build from source: digest differs');
              fs.writeFileSync(path.join(__dirname, '../tool'), bytes, { mode: 0o755 });
            });
          `,
        },
        { homepage: 'https://dl.acme.test/', scripts: { install: 'node scripts/fetch.js' } },
      ),
    ],
    expect: quiet(['exec.fetched-code', 'c2.', 'net.import-egress'], {
      allowed: { 'install.prebuilt-download': 'low', 'net.egress': 'low' },
    }),
    note: 'A sums file, redirects kept to its own domain, and a fallback instead of a failure.',
  },
  {
    id: 'g02-browser-without-digest',
    row: 'G02',
    near: ['B02', 'B06'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g02-browser',
        {
          'install.js': text`
            const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
            const folder = path.join(os.homedir(), '.cache', 'simulant-g02-browser', '120.0.1');
            fetch('https://browsers.acme.test/120.0.1/linux64.zip').then((answer) => answer.arrayBuffer()).then((bytes) => {
              fs.mkdirSync(folder, { recursive: true });
              fs.writeFileSync(path.join(folder, 'browser.zip'), Buffer.from(bytes));
              console.log('browser downloaded to ' + folder);
            }).catch((error) => { console.error('browser not downloaded: ' + error.message); process.exitCode = 1; });
          `,
        },
        { homepage: 'https://browsers.acme.test/', scripts: { postinstall: 'node install.js' } },
      ),
    ],
    expect: quiet(['exec.fetched-code', 'c2.', 'net.import-egress', 'persist.'], {
      allowed: { 'install.prebuilt-download': 'low', 'net.egress': 'low' },
      levelAtMost: 'inconclusive',
    }),
    note: 'Downloaded into its own cache and not run at install.',
  },
  {
    id: 'g02-addon-without-digest',
    row: 'G02',
    near: ['B02'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g02-addon',
        {
          'install.js': text`
            const fs = require('node:fs'), path = require('node:path'), https = require('node:https');
            const file = path.join(__dirname, 'prebuilds', 'addon.node');
            fs.mkdirSync(path.dirname(file), { recursive: true });
            https.get('https://addons.acme.test/napi-v8-linux-x64.node', (answer) => answer.pipe(fs.createWriteStream(file)))
              .on('error', () => console.log('addon not available, using JavaScript'));
          `,
          'index.js': text`
            exports.native = () => { try { return require('./prebuilds/addon.node'); } catch { return null; } };
            exports.add = (a, b) => a + b;
          `,
        },
        { homepage: 'https://addons.acme.test/', scripts: { install: 'node install.js' } },
      ),
    ],
    expect: quiet(['c2.', 'net.import-egress'], {
      allowed: { 'install.prebuilt-download': 'low', 'net.egress': 'low' },
      levelAtMost: 'inconclusive',
    }),
    note: 'Loaded only when asked for; what the sinkhole serves is no addon.',
  },
  {
    id: 'g03-banner',
    row: 'G03',
    near: ['B01', 'B38'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      hooked(
        'g03-banner',
        text`
          const ci = ['CI', 'BUILD_NUMBER', 'TRAVIS'].some((name) => process.env[name]);
          const quiet = process.env.ADBLOCK || process.env.npm_config_loglevel === 'silent';
          if (!ci && !quiet) console.log('\u001b[96mThank you for using columns! Please consider supporting its author.\u001b[0m');
        `,
      ),
    ],
    expect: quiet(['cred.', 'exec.', 'exfil.', 'evade.', 'net.', 'persist.'], {
      allowed: { 'install.lifecycle-hook': 'info' },
    }),
    note: 'A plea on the terminal.',
  },
  {
    id: 'g03-checks-versions',
    row: 'G03',
    near: ['B32'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g03-versions',
        {
          'check.js': text`
            const [major] = process.versions.node.split('.').map(Number);
            if (major < 14) { console.error('columns needs Node 14'); process.exit(1); }
            const glibc = process.report?.getReport?.().header?.glibcVersionRuntime;
            console.log(glibc ? 'glibc ' + glibc : 'musl');
          `,
        },
        { scripts: { preinstall: 'node check.js' } },
      ),
    ],
    expect: quiet(['exec.', 'evade.', 'net.', 'persist.'], { allowed: { 'install.lifecycle-hook': 'info' } }),
    note: 'Asks the runtime about itself.',
  },
  {
    id: 'g03-picks-platform-package',
    row: 'G03',
    near: ['B05', 'B06'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g03-platform',
        {
          'install.js': text`
            const { execFileSync } = require('node:child_process'), fs = require('node:fs'), path = require('node:path');
            let tool;
            try { tool = require('@simulant/tool-' + process.platform + '-' + process.arch).path; } catch { console.log('no tool for this platform'); process.exit(0); }
            execFileSync(tool, ['--version'], { stdio: 'pipe' });
            const here = path.join(__dirname, 'bin', 'tool');
            fs.rmSync(here, { force: true });
            try { fs.linkSync(tool, here); } catch { fs.copyFileSync(tool, here); }
          `,
          'bin/tool':
            "#!/usr/bin/env node\nrequire('node:child_process').spawnSync(require('@simulant/tool-linux-x64').path, { stdio: 'inherit' });\n",
        },
        {
          bin: { 'simulant-tool': 'bin/tool' },
          optionalDependencies: { '@simulant/tool-linux-x64': '1.0.1' },
          scripts: { postinstall: 'node install.js' },
        },
      ),
      platformPackage,
    ],
    expect: quiet(['exec.dropped-binary', 'exec.fetched-code', 'tamper.', 'dep.', 'net.', 'install.build-effect'], {
      allowed: { 'install.lifecycle-hook': 'info' },
    }),
    note: 'Runs its platform package’s program for a version and links it over its own launcher.',
  },
  {
    id: 'g03-new-banner',
    row: 'G03',
    near: ['B38'],
    kind: 'neighbour',
    form: 'plain',
    packages: [hooked('g03-new', text`console.log('columns: see CHANGELOG.md for what is new');`)],
    previous: pkg('g03-new', {}, { version: '1.0.0' }),
    expect: quiet(['cred.', 'exec.', 'exfil.', 'net.', 'persist.'], {
      allowed: { 'install.lifecycle-hook': 'medium' },
      findings: [
        {
          id: 'install.lifecycle-hook',
          severityAtLeast: 'medium',
          baseline: 'new',
          evidenceTypes: [['signal', 'process.exec']],
        },
      ],
    }),
    note: 'The hook is new against the previous version: medium, and benign.',
  },
  {
    id: 'g04-git-hooks-installer',
    row: 'G04',
    near: ['B24', 'B25', 'B28'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      hooked(
        'g04-hooks',
        text`
          const fs = require('node:fs'), path = require('node:path'), { spawnSync } = require('node:child_process');
          const project = process.env.INIT_CWD ?? process.cwd();
          if (!fs.existsSync(path.join(project, '.git'))) { console.log('no .git here, hooks not installed'); process.exit(0); }
          const folder = path.join(project, '.githooks', '_');
          fs.mkdirSync(folder, { recursive: true });
          fs.writeFileSync(path.join(folder, 'pre-commit'), '#!/bin/sh\nexec npm test\n', { mode: 0o755 });
          spawnSync('git', ['config', 'core.hooksPath', '.githooks/_'], { cwd: project });
        `,
      ),
    ],
    expect: quiet(['persist.', 'tamper.', 'exec.dropped-binary'], { allowed: { 'install.lifecycle-hook': 'info' } }),
    note: 'In the consumer’s project, and only where that is a git work tree.',
  },
  {
    id: 'g11-node-gyp-addon',
    row: 'G11',
    near: ['B22', 'B34'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g11-addon',
        {
          'binding.gyp': `{ "targets": [{ "target_name": "addon", "sources": ["src/addon.c"], "defines": ["NAPI_VERSION=8"], "cflags": ["-O2"],\n  "include_dirs": ["<!(node -p \\"require('node:path').resolve('include')\\")"] }] }\n`,
          'src/addon.c': addonSource,
          'include/columns.h': '#define COLUMNS 1\n',
          'index.js': text`
            let native;
            try { native = require('./build/Release/addon.node'); } catch { native = { add: (a, b) => a + b }; }
            module.exports = native;
          `,
        },
        { scripts: { install: 'node-gyp rebuild || echo "using JavaScript"' }, gypfile: true },
      ),
    ],
    expect: quiet(['install.build-effect', 'exec.dropped-binary', 'exec.fixture-to-exec'], {
      allowed: { 'install.lifecycle-hook': 'info', 'net.egress': 'low' },
      levelAtMost: 'inconclusive',
    }),
    note: 'The usual addon with a command expansion for an include folder. Headers may not be served here: inconclusive allowed.',
  },
  {
    id: 'g11-compiler-called-directly',
    row: 'G11',
    near: ['B22'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'g11-cc',
        {
          'build.sh': text`
            #!/bin/sh
            mkdir -p build && (cc -O2 -shared -fPIC -o build/columns.so src/columns.c || echo "no compiler: using JavaScript")
          `,
          'src/columns.c': 'int columns(int a) { return a + 1; }\n',
        },
        { scripts: { install: 'sh build.sh' } },
      ),
    ],
    expect: quiet(['install.build-effect', 'exec.dropped-binary', 'exec.fixture-to-exec'], {
      allowed: { 'install.lifecycle-hook': 'info' },
    }),
    note: 'cc, as and ld with temporary files of their own.',
  },
  {
    id: 'g15-npm-reads-its-configuration',
    row: 'G15',
    near: ['B01'],
    kind: 'neighbour',
    form: 'plain',
    packages: [pkg('g15-npm', {}, { scripts: { postinstall: 'npm config get fund' } })],
    expect: quiet(['cred.', 'exfil.'], { allowed: { 'install.lifecycle-hook': 'info' } }),
    note: 'npm reads the decoy configuration by itself.',
  },
  {
    id: 'g15-git-reads-its-configuration',
    row: 'G15',
    near: ['B01', 'B03'],
    kind: 'neighbour',
    form: 'plain',
    packages: [
      hooked(
        'g15-git',
        text`
          const { spawnSync } = require('node:child_process');
          const name = spawnSync('git', ['config', '--get', 'user.name'], { encoding: 'utf8' }).stdout?.trim();
          console.log(name ? 'author: ' + name : 'author not set');
        `,
      ),
    ],
    expect: quiet(['cred.', 'exfil.', 'spread.'], { allowed: { 'install.lifecycle-hook': 'info' } }),
    note: 'git reads its own files; the name is printed.',
  },
];
