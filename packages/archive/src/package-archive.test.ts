import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveLimits } from '@assay/kernel';
import { packPackage, type TarSpec, tgzOf, zipOf } from '@assay/testing';
import { describe, expect, test } from 'vitest';
import { type OpenPackageOptions, openPackageArchive } from './package-archive.ts';

const label = 'left-pad-1.3.0.tgz';
const manifest = { name: 'left-pad', version: '1.3.0', main: 'index.js' };
const keep = { maxMemberBytes: 1_000_000, maxTotalBytes: 10_000_000 };
const open = (bytes: Uint8Array | string, options: Partial<OpenPackageOptions> = {}) =>
  openPackageArchive(bytes, 'npm', archiveLimits, { label, ...options });
const packed = (root: string, ...entries: TarSpec[]) =>
  tgzOf([{ name: `${root}/package.json`, content: JSON.stringify(manifest) }, ...entries]);
const withManifest = (content: string | Uint8Array) => tgzOf([{ name: 'package/package.json', content }]);

describe('an npm artifact', () => {
  test('opens to its manifest, its files and their bytes by the path they are installed at', async () => {
    const bytes = packPackage(manifest, {
      'index.js': 'module.exports = 1',
      'bin/x.js': { content: '#!', mode: 0o755 },
    });
    const opened = await open(bytes, { fileName: 'left-pad-1.3.0.tgz', keep });
    expect(opened).toMatchObject({ kind: 'npm', sizeBytes: bytes.length, rootFolder: 'package' });
    expect(opened.manifest).toEqual({ name: 'left-pad', version: '1.3.0', manifest, notices: [] });
    expect([...opened.files.keys()]).toEqual(['package.json', 'index.js', 'bin/x.js']);
    expect(opened.kept?.members.get('index.js')?.bytes.toString()).toBe('module.exports = 1');
    expect(opened.reading.anomalies).toEqual([]);
  });

  test('opens from disk as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-package-'));
    writeFileSync(join(folder, 'a.tgz'), packPackage(manifest));
    expect((await open(join(folder, 'a.tgz'))).manifest.name).toBe('left-pad');
    rmSync(folder, { recursive: true });
  });

  test('may have any name for its one folder', async () => {
    const opened = await open(packed('left-pad-master', { name: 'left-pad-master/a' }));
    expect(opened.rootFolder).toBe('left-pad-master');
    expect([...opened.files.keys()]).toEqual(['package.json', 'a']);
    expect(opened.reading.anomalies).toEqual([]);
  });

  test('with several folders is merged as npm does, and that is reported', async () => {
    const opened = await open(
      packed('package', { name: 'package/a', content: '1' }, { name: 'other/a', content: '2' }),
      { keep },
    );
    expect(opened.rootFolder).toBeNull();
    expect(opened.kept?.members.get('a')?.bytes.toString()).toBe('2');
    expect(opened.kept?.shadowed.map(({ bytes }) => bytes.toString())).toEqual(['1']);
    expect(opened.reading.anomalies).toEqual([
      { code: 'outside-root-folder', path: 'other/a', detail: 'replaces "package/a" when installed' },
      {
        code: 'outside-root-folder',
        path: 'other/a',
        detail: 'in folder "other", not "package": the installer merges them',
      },
    ]);
  });

  test('loses the files beside its folder, as npm strips one component', async () => {
    const opened = await open(packed('package', { name: 'loose.js' }));
    expect([...opened.files.keys()]).toEqual(['package.json']);
    expect(opened.reading.anomalyCounts).toEqual({ 'outside-root-folder': 1 });
  });

  test('does not list links and hostile names among its files', async () => {
    const opened = await open(
      packed('package', { name: 'package/l', flag: '2', link: 'x' }, { name: 'package/../../evil', content: 'x' }),
    );
    expect([...opened.files.keys()]).toEqual(['package.json']);
    expect(opened.reading.anomalyCounts).toMatchObject({ symlink: 1, 'path-traversal': 1 });
  });

  test('of two manifests the later counts, as it is the one on disk after installing', async () => {
    const later = { ...manifest, version: '6.6.6' };
    const bytes = packed('package', { name: 'package/package.json', content: JSON.stringify(later) });
    const opened = await open(bytes);
    expect(opened.manifest.version).toBe('6.6.6');
    expect(opened.reading.anomalyCounts).toEqual({ 'duplicate-path': 1 });
  });

  test('hands each file to the caller in the same pass', async () => {
    const seen: string[] = [];
    await open(packPackage(manifest, { 'lib/a.js': 'x' }), {
      onFile: (path) => ({ write: (chunk) => void seen.push(`${path} ${chunk.length}`), end: () => undefined }),
    });
    expect(seen.at(-1)).toBe('lib/a.js 1');
  });
});

describe('a manifest', () => {
  test('without name and version opens: the caller decides', async () => {
    expect((await open(withManifest('{"name":5}'))).manifest).toMatchObject({ name: null, version: null });
  });

  test('in which readers can differ is noticed', async () => {
    const text = '\ufeff{"name":"a","name":"b","scripts":{"x":"1","x":"2"},"list":[{"k":1,"k":2}],"__proto__":{}}';
    const { name, notices } = (await open(withManifest(text))).manifest;
    expect(name).toBe('b');
    expect(notices.map(({ code, detail }) => `${code} ${detail}`)).toEqual([
      'byte-order-mark package.json begins with a byte order mark',
      'duplicate-key "name" is there twice',
      'duplicate-key "scripts.x" is there twice',
      'duplicate-key "list.k" is there twice',
      'prototype-key a member named "__proto__" changes objects it is merged into',
    ]);
  });

  test('spelled with escapes is the same key', async () => {
    const { notices } = (await open(withManifest('{"na\\u006de":"a","name":"b","x":{"name":"c"}}'))).manifest;
    expect(notices).toEqual([{ code: 'duplicate-key', detail: '"name" is there twice' }]);
  });

  test.each<[string, Uint8Array, string]>([
    ['missing', tgzOf([{ name: 'package/index.js' }]), 'it has no package.json in its folder'],
    ['only a link', tgzOf([{ name: 'package/package.json', flag: '2', link: 'x' }]), 'it has no package.json'],
    [
      'one level too deep, behind "./"',
      tgzOf([{ name: './package/package.json', content: '{}' }]),
      'it has no package.json',
    ],
    ['not JSON', withManifest('module.exports = {}'), 'its package.json is not JSON'],
    ['an array', withManifest('[]'), 'its package.json is not an object'],
    ['null', withManifest('null'), 'its package.json is not an object'],
    ['too deep', withManifest(`{"a":${'['.repeat(300)}${']'.repeat(300)}}`), 'its package.json nests 301 levels deep'],
    ['too large', withManifest(`{"a":"${'x'.repeat(5_000_000)}"}`), 'its package.json is larger than 4194304 bytes'],
  ])('that is %s makes the artifact invalid', async (_name, bytes, message) => {
    const opening = open(bytes);
    await expect(opening).rejects.toMatchObject({ code: 'ARCHIVE_INVALID', message: expect.stringContaining(message) });
  });
});

describe('content, name and kind must agree', () => {
  test.each<[string, Uint8Array, Partial<OpenPackageOptions>, string]>([
    ['a zip', zipOf([{ name: 'package/package.json', content: '{}' }]), {}, 'is a tar.gz archive, this is zip'],
    ['a web page', Buffer.from('<html>'), {}, 'its first bytes are those of no archive'],
    ['nothing', Buffer.alloc(0), {}, 'it is empty'],
    ['a tgz named .whl', packPackage(manifest), { fileName: 'x.whl' }, 'is named .tgz or .tar.gz, not "x.whl"'],
  ])('%s', async (_name, bytes, options, message) => {
    const opening = open(bytes, options);
    await expect(opening).rejects.toMatchObject({ code: 'ARCHIVE_INVALID', message: expect.stringContaining(message) });
  });

  test('half a tarball is invalid, with what was seen in the facts', async () => {
    const bytes = packPackage(manifest, { 'a.js': 'x' });
    const opening = open(bytes.subarray(0, bytes.length - 12));
    await expect(opening).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      facts: { anomalies: [expect.objectContaining({ code: 'truncated' })] },
    });
  });
});
