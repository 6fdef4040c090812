import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveLimits } from '@assay/kernel';
import { type TarSpec, tarOf, tgzOf, zipOf } from '@assay/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MemberHead } from './entry.ts';
import { ArchiveError } from './errors.ts';
import { packageLayouts } from './package-layout.ts';
import { unpackTo } from './unpack.ts';

let scratch: string;
let dir: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'assay-unpack-'));
  dir = join(scratch, 'tree');
});
afterEach(() => rmSync(scratch, { recursive: true }));

const label = 'case.tgz';
const unpack = (bytes: Uint8Array) => unpackTo(dir, bytes, archiveLimits, { label });
/** Everything below the scratch folder that is no folder, and what kind it is. */
const written = (): string[] =>
  readdirSync(scratch, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(
      (entry) => `${join(entry.parentPath, entry.name).slice(scratch.length + 1)}${entry.isFile() ? '' : ' (no file)'}`,
    )
    .sort();

test('regular files are written with their bytes; of the mode only executable or not', async () => {
  const big = Buffer.alloc(200_000, 'ab');
  const bytes = tgzOf([
    { name: 'p/', flag: '5' },
    { name: 'p/a', content: 'hello' },
    { name: 'p/d/run', content: big, mode: 0o6711 },
  ]);
  const { fileCount, refused } = await unpack(bytes);
  expect({ fileCount, refused, tree: written() }).toEqual({
    fileCount: 2,
    refused: [],
    tree: ['tree/p/a', 'tree/p/d/run'],
  });
  expect(readFileSync(join(dir, 'p/d/run'))).toEqual(big);
  expect(lstatSync(join(dir, 'p/d/run')).mode & 0o7777).toBe(0o755);
  expect(lstatSync(join(dir, 'p/a')).mode & 0o7777).toBe(0o644);
  expect(lstatSync(dir).mode & 0o777).toBe(0o700);
});

describe('nothing is written outside', () => {
  const out = () => join(scratch, 'out');
  test.each<[string, (outside: string) => TarSpec[], string[]]>([
    ['a path that climbs', () => [{ name: 'p/../../out', content: 'x' }], ['path-traversal']],
    ['an absolute path', (outside) => [{ name: outside, content: 'x' }], ['path-absolute']],
    [
      'a path from pax that climbs',
      () => [{ name: 'p/a', content: 'x', pax: [['path', '../out']] }],
      ['path-traversal'],
    ],
    [
      'a link, then a file through it',
      (outside) => [
        { name: 'p/link', flag: '2', link: outside },
        { name: 'p/link/evil', content: 'x' },
      ],
      ['symlink'],
    ],
    [
      'a link, then a file of its name',
      (outside) => [
        { name: 'p/link', flag: '2', link: join(outside, 'evil') },
        { name: 'p/link', content: 'x' },
      ],
      ['symlink'],
    ],
    [
      'a hard link, then a file of its name',
      (outside) => [
        { name: 'p/link', flag: '1', link: outside },
        { name: 'p/link', content: 'x' },
      ],
      ['hardlink'],
    ],
    [
      'a link as the first folder',
      (outside) => [
        { name: 'p', flag: '2', link: outside },
        { name: 'p/evil', content: 'x' },
      ],
      ['symlink'],
    ],
  ])('%s', async (_name, entries, reasons) => {
    mkdirSync(out());
    const { refused } = await unpack(tgzOf(entries(out())));
    expect(refused.map(({ reason }) => reason)).toEqual(reasons);
    expect(written().every((path) => path.startsWith('tree/') && !path.endsWith('(no file)'))).toBe(true);
    expect(readdirSync(out())).toEqual([]);
  });

  test('the same with a zip', async () => {
    const entries = [
      { name: '../out', content: 'x' },
      { name: 'l', unixMode: 0o120777, content: scratch, method: 0 },
      { name: 'l/evil', content: 'x' },
    ];
    const { refused } = await unpack(zipOf(entries));
    expect(refused.map(({ reason }) => reason)).toEqual(['path-traversal', 'symlink']);
    expect(written()).toEqual(['tree/l/evil']);
  });
});

test('devices, fifos, unknown types and hostile names are refused and listed as the archive names them', async () => {
  const bytes = tgzOf([
    { name: 'p/dev', flag: '3' },
    { name: 'p/fifo', flag: '6' },
    { name: 'p/other', flag: 'M', content: 'x' },
    { name: 'p\\a', content: 'x' },
    { name: 'p/a\nb', content: 'x' },
    { name: 'p/ok', content: 'x' },
  ]);
  const { refused } = await unpack(bytes);
  expect(refused.map(({ rawPath, reason }) => [rawPath, reason])).toEqual([
    ['p/dev', 'special-file'],
    ['p/fifo', 'special-file'],
    ['p/other', 'unsupported-type'],
    ['p\\a', 'path-backslash'],
    ['p/a\nb', 'path-control-characters'],
  ]);
  expect(written()).toEqual(['tree/p/ok']);
});

test('a second file of one path replaces the first; a file and a folder of one path do not mix', async () => {
  const bytes = tgzOf([
    { name: 'p/a', content: '1' },
    { name: 'p/a', content: '2' },
    { name: 'p/a/b', content: 'x' },
    { name: 'p', content: 'x' },
  ]);
  const { refused } = await unpack(bytes);
  expect(readFileSync(join(dir, 'p/a'), 'utf8')).toBe('2');
  expect(refused.map(({ path, reason }) => [path, reason])).toEqual([
    ['p/a/b', 'path-conflict'],
    ['p', 'path-conflict'],
  ]);
});

test('paths are mapped by the caller, and judged again after it', async () => {
  const bytes = tgzOf([
    { name: 'p/a', content: 'x' },
    { name: 'p/b', content: 'x' },
    { name: 'p/c', content: 'x' },
  ]);
  const to: Record<string, string | null> = { 'p/a': 'a', 'p/b': null, 'p/c': '../out' };
  const { refused } = await unpackTo(dir, bytes, archiveLimits, { label, pathOf: ({ path }) => to[path] ?? null });
  expect(written()).toEqual(['tree/a']);
  expect(refused.map(({ reason }) => reason)).toEqual(['path-traversal']);
});

test('a package unpacks without its root folder, as an installer does it', async () => {
  const bytes = tgzOf([
    { name: 'package/lib/a', content: 'x' },
    { name: 'other/b', content: 'x' },
    { name: 'loose', content: 'x' },
    { name: 'package//etc', content: 'x' },
  ]);
  const pathOf = ({ rawPath }: MemberHead) => packageLayouts.npm.installedPath(rawPath);
  const { refused } = await unpackTo(dir, bytes, archiveLimits, { label, pathOf });
  expect(written()).toEqual(['tree/b', 'tree/lib/a']);
  expect(refused.map(({ rawPath, reason }) => [rawPath, reason])).toEqual([['package//etc', 'path-absolute']]);
});

describe('what fails leaves nothing', () => {
  test('an archive over a limit', async () => {
    const bytes = tgzOf([
      { name: 'p/a', content: 'x' },
      { name: 'p/b', content: Buffer.alloc(9000) },
    ]);
    const reading = unpackTo(dir, bytes, { ...archiveLimits, maxUnpackedBytes: 5000 }, { label });
    await expect(reading).rejects.toMatchObject({ code: 'ARCHIVE_TOO_LARGE' });
    expect(existsSync(dir)).toBe(false);
  });

  test('bytes that are no archive', async () => {
    await expect(unpack(Buffer.from('<html>'))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    expect(existsSync(dir)).toBe(false);
  });

  test('a folder that exists, or a link in its place, is refused and left alone', async () => {
    mkdirSync(dir);
    await expect(unpack(tgzOf([{ name: 'p/a' }]))).rejects.toMatchObject({
      code: 'UNPACK_FAILED',
      facts: { errno: 'EEXIST' },
    });
    expect(readdirSync(dir)).toEqual([]);
    rmSync(dir, { recursive: true });
    const real = join(scratch, 'real');
    mkdirSync(real);
    symlinkSync(real, dir);
    await expect(unpack(tgzOf([{ name: 'p/a' }]))).rejects.toBeInstanceOf(ArchiveError);
    expect(readdirSync(real)).toEqual([]);
  });
});

test('a truncated archive leaves what could be read and says so', async () => {
  const { reading } = await unpack(
    tarOf(
      [
        { name: 'p/a', content: 'x' },
        { name: 'p/b', content: 'abc', statedSize: 9 },
      ],
      { endBlocks: 0 },
    ).subarray(0, 1539),
  );
  expect(reading.complete).toBe(false);
  expect(readFileSync(join(dir, 'p/a'), 'utf8')).toBe('x');
});
