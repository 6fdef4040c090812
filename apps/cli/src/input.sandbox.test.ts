import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packPackage, type Registry, startRegistry, tgzOf, zipOf } from '@assay/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CliPlace, type Ended } from './started-cli.ts';

const place = new CliPlace();
let registry: Registry;

beforeAll(async () => {
  registry = await startRegistry({
    packages: {
      fine: { versions: { '1.0.0': {} } },
      twisted: {
        versions: { '1.0.0': { integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`, shasum: null } },
      },
    },
  });
  place.registry = registry.url;
});
beforeEach(() => registry.heal());
afterAll(async () => {
  await registry.close();
  place.remove();
});

function expectOneLine(ended: Ended, code: number): void {
  expect({ code: ended.code, stdout: ended.stdout, lines: ended.stderr }).toEqual({
    code,
    stdout: '',
    lines: expect.stringMatching(/^assay: [^\n]{10,}\n$/),
  });
}

const manifest = { name: 'x', version: '1.0.0' };
/** 64 KiB that become 64 MiB. */
const bomb = () => gzipSync(Buffer.alloc(64 * 1024 * 1024));

const badPurls = [
  ['a capital scheme', 'PKG:npm/x'],
  ['no scheme', 'npm/x'],
  ['outer blanks', ' pkg:npm/x@1.0.0 '],
  ['an inner blank', 'pkg:npm/x y@1.0.0'],
  ['a control character', 'pkg:npm/x\u0007@1.0.0'],
  ['a line break', 'pkg:npm/x\n@1.0.0'],
  ['a bad escape', 'pkg:npm/%zz@1.0.0'],
  ['no name', 'pkg:npm/'],
  ['a bare @', 'pkg:npm/x@'],
  ['path steps', 'pkg:npm/..%2f..%2fetc@1.0.0'],
  ['a backslash', 'pkg:npm/a%5Cb@1.0.0'],
  ['a shell', 'pkg:npm/$(id)@1.0.0'],
  ['a long name', `pkg:npm/${'a'.repeat(215)}@1.0.0`],
  ['two namespaces', 'pkg:npm/@a/b/c@1.0.0'],
  ['a range', 'pkg:npm/x@^1.0.0'],
  ['a tag', 'pkg:npm/x@next'],
  ['a leading v', 'pkg:npm/x@v1.0.0'],
  ['an unknown qualifier', 'pkg:npm/x@1.0.0?arch=x64'],
  ['a foreign registry', 'pkg:npm/x@1.0.0?repository_url=https://registry.example/'],
  ['a subpath', 'pkg:npm/x@1.0.0#lib'],
  ['an extension without publisher', 'pkg:vscode-extension/x@1.0.0'],
  ['another type', 'pkg:maven/x@1.0.0'],
  ['an ecosystem to come', 'pkg:pypi/requests@2.25.1'],
] as const;

describe('a package URL with', () => {
  it.concurrent.each(badPurls)('%s is bad input', { timeout: 60_000 }, async (_, purl) => {
    expectOneLine(await place.start(['analyze', purl]), 2);
  });
});

const badArguments = [
  ['no target', []],
  ['two targets', ['pkg:npm/fine@1.0.0', 'pkg:npm/fine@1.0.0']],
  ['a target and an archive', ['pkg:npm/fine@1.0.0', '--archive', 'x.tgz']],
  ['an unknown option', ['pkg:npm/fine@1.0.0', '--fast']],
  ['an unknown level', ['pkg:npm/fine@1.0.0', '--fail-on', 'odd']],
  ['unknown runs', ['pkg:npm/fine@1.0.0', '--runs', 'r9']],
  ['an unknown isolation', ['pkg:npm/fine@1.0.0', '--isolation', 'none']],
  ['an output in no folder', ['pkg:npm/fine@1.0.0', '--html', 'absent/report.html']],
  ['an output that is a folder', ['pkg:npm/fine@1.0.0', '--sarif', '.']],
  ['an output below a file', ['pkg:npm/fine@1.0.0', '--trace', '/etc/hostname/trace']],
  ['one output twice', ['pkg:npm/fine@1.0.0', '--html', 'a', '--sarif', './a']],
  ['no version before', ['pkg:npm/fine@1.0.0', '--previous', 'absent.tgz']],
] as const;

describe('a command line with', () => {
  it.concurrent.each(badArguments)('%s is bad input', { timeout: 60_000 }, async (_, argv) => {
    expectOneLine(await place.start(['analyze', ...argv]), 2);
  });
});

const badArchives: [string, string, () => Uint8Array | undefined][] = [
  ['a missing file', 'missing.tgz', () => undefined],
  ['an empty file', 'empty.tgz', () => Buffer.alloc(0)],
  [
    'a zip by another name',
    'zip.tgz',
    () => zipOf([{ name: 'package/package.json', content: JSON.stringify(manifest) }]),
  ],
  ['text', 'text.tgz', () => Buffer.from('not an archive')],
  ['half a tarball', 'half.tgz', () => packPackage(manifest, { 'a.js': 'x'.repeat(9999) }).subarray(0, 150)],
  ['no package.json', 'bare.tgz', () => tgzOf([{ name: 'package/index.js', content: '1' }])],
  ['a package.json that is none', 'odd.tgz', () => tgzOf([{ name: 'package/package.json', content: '[]' }])],
  ['a package.json without a name', 'nameless.tgz', () => packPackage({ version: '1.0.0' })],
  ['a bomb', 'bomb.tgz', bomb],
];

describe('an archive that is', () => {
  it.concurrent.each(badArchives)('%s is bad input', { timeout: 60_000 }, async (_, name, make) => {
    const bytes = make();
    if (bytes !== undefined) writeFileSync(place.file(name), bytes);
    expectOneLine(await place.start(['analyze', place.file(name)]), 2);
  });

  it('a folder is bad input', async () => {
    mkdirSync(place.file('folder.tgz'));
    expectOneLine(await place.start(['analyze', place.file('folder.tgz')]), 2);
  });

  it('one with paths that escape writes nothing outside and is no clean answer', async () => {
    writeFileSync(
      place.file('escape.tgz'),
      tgzOf([
        { name: 'package/package.json', content: JSON.stringify(manifest) },
        { name: 'package/../../../escaped-7712', content: 'x' },
        { name: '../escaped-7712', content: 'x' },
      ]),
    );
    const ended = await place.start(['analyze', place.file('escape.tgz'), '--runs', 'r0', '--json']);
    const report = JSON.parse(ended.stdout) as { verdict?: { level: string }; error?: { code: string } };
    expect(report.error?.code ?? report.verdict?.level).toMatch(/^(ARCHIVE_INVALID|suspicious|malicious)$/);
    for (const folder of [place.directory, path.dirname(place.directory), place.temporary, '/']) {
      expect(readdirSync(folder)).not.toContain('escaped-7712');
    }
  });
});

describe('a registry', () => {
  it.concurrent.each([
    ['without the package', 'pkg:npm/absent@1.0.0', /no package absent/],
    ['without the version', 'pkg:npm/fine@9.9.9', /no version 9\.9\.9/],
    ['with another digest than it announced', 'pkg:npm/twisted@1.0.0', /sha512|integrity|digest/i],
  ])('%s is our failure, with the reason', { timeout: 60_000 }, async (_, purl, reason) => {
    const ended = await place.start(['analyze', purl]);
    expectOneLine(ended, 3);
    expect(ended.stderr).toMatch(reason);
  });

  it('that is down is our failure, with the reason', async () => {
    const ended = await place.start(['analyze', 'pkg:npm/other@1.0.0'], {
      env: { ASSAY_NPM_REGISTRY: 'http://127.0.0.1:9/' },
    });
    expectOneLine(ended, 3);
    expect(ended.stderr).toMatch(/127\.0\.0\.1:9/);
  });

  it.each([
    ['500', '/fails', { kind: 'status', status: 500 }],
    ['a page', '/page', { kind: 'html' }],
    ['half a tarball', '/half/-/half-1.0.0.tgz', { kind: 'half' }],
  ] as const)('that answers %s is our failure, with the reason', async (_, where, fault) => {
    const name = where.split('/')[1] ?? '';
    registry.publish(name, { versions: { '1.0.0': { files: { 'a.js': '1'.repeat(5000) } } } });
    registry.fail(where, fault);
    expectOneLine(await place.start(['analyze', `pkg:npm/${name}@1.0.0`]), 3);
  });
});

it('with --json every refusal is one object on standard output and nothing else', async () => {
  for (const [argv, code, exit] of [
    [['npm/x'], 'PURL_SYNTAX', 2],
    [['x', '--nope'], 'USAGE', 2],
    [['pkg:npm/absent@1.0.0'], 'PACKAGE_NOT_FOUND', 3],
  ] as const) {
    const ended = await place.start(['analyze', ...argv, '--json']);
    expect([ended.code, ended.stderr]).toEqual([exit, '']);
    expect(JSON.parse(ended.stdout)).toEqual({ error: { code, message: expect.any(String) } });
  }
});

it('a missing wall is our failure, names what to install, and nothing is run', async () => {
  const folder = place.file('few-tools');
  mkdirSync(folder);
  const cover = `mount --bind '${folder}' /usr/bin && exec "$@"`;
  writeFileSync(path.join(folder, 'sh'), '#!/bin/false\n');
  chmodSync(path.join(folder, 'sh'), 0o755);
  // A mount namespace in which the machine has hardly any programs.
  const ended = await place.start(['analyze', 'pkg:npm/fine@1.0.0'], {
    before: ['unshare', '-rm', 'sh', '-c', cover, 'sh'],
  });
  expectOneLine(ended, 3);
  expect(ended.stderr).toMatch(/bwrap, strace.*apt-get install .*bubblewrap strace/);
});
