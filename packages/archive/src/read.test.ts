import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveLimits, sha256 } from '@assay/kernel';
import { tarOf, tgzOf, zipOf } from '@assay/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { readAllMembers } from './members.ts';
import { readArchive, readTar } from './read.ts';

const scratch = mkdtempSync(join(tmpdir(), 'assay-archive-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const label = 'case';
const keep = { maxMemberBytes: 1_000_000, maxTotalBytes: 10_000_000 };
const big = Buffer.alloc(300_000, 'the quick brown fox ');
const gitBlob = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

const formats = {
  'tar.gz': tgzOf([{ name: 'p/a', content: 'hello\n' }, { name: 'p/empty' }, { name: 'p/big', content: big }]),
  tar: tarOf([{ name: 'p/a', content: 'hello\n' }, { name: 'p/empty' }, { name: 'p/big', content: big }]),
  zip: zipOf([
    { name: 'p/a', content: 'hello\n' },
    { name: 'p/empty' },
    { name: 'p/big', content: big, unixMode: 0o100755 },
  ]),
};

describe.each(Object.entries(formats))('%s', (format, bytes) => {
  test('every member is digested twice in one pass, as SHA-256 and as a Git blob', async () => {
    const { entries } = await readArchive(bytes, archiveLimits, { label });
    expect(entries.map(({ path, size }) => [path, size])).toEqual([
      ['p/a', 6],
      ['p/empty', 0],
      ['p/big', big.length],
    ]);
    expect(entries[0]).toMatchObject({
      sha256: sha256('hello\n'),
      gitBlobSha1: 'ce013625030ba8dba906f756967f9e9ca394464a',
    });
    expect(entries[1]).toMatchObject({ sha256: sha256(''), gitBlobSha1: 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391' });
    expect(entries[2]).toMatchObject({ sha256: sha256(big), gitBlobSha1: gitBlob(big) });
  });

  test('the reading knows its format, its sizes and the digest of the archive', async () => {
    const reading = await readArchive(bytes, archiveLimits, { label });
    expect(reading).toMatchObject({ format, complete: true, sha256: sha256(bytes), packedBytes: bytes.length });
  });

  test('a file on disk reads like the same bytes in memory', async () => {
    const path = join(scratch, `${format}.bin`);
    writeFileSync(path, bytes);
    expect(await readArchive(path, archiveLimits, { label })).toEqual(
      await readArchive(bytes, archiveLimits, { label }),
    );
  });

  test('members are handed on in order and one at a time', async () => {
    const seen: string[] = [];
    await readArchive(bytes, archiveLimits, {
      label,
      onMember: ({ path }) => {
        let size = 0;
        return {
          write: async (chunk) => {
            await new Promise((resolve) => setImmediate(resolve));
            size += chunk.length;
          },
          end: (entry) => void seen.push(`${path} ${size} ${entry.size}`),
        };
      },
    });
    expect(seen).toEqual(['p/a 6 6', 'p/empty 0 0', `p/big ${big.length} ${big.length}`]);
  });

  test('an error of the visitor comes out as it went in', async () => {
    const reason = new Error('visitor');
    const write = () => {
      throw reason;
    };
    const reading = readArchive(bytes, archiveLimits, { label, onMember: () => ({ write, end: () => undefined }) });
    await expect(reading).rejects.toBe(reason);
  });

  test('kept members have their bytes, and say when some are missing', async () => {
    const { members } = await readAllMembers(bytes, archiveLimits, { label, keep: { ...keep, maxMemberBytes: 1000 } });
    expect(members.get('p/a')).toMatchObject({ bytes: Buffer.from('hello\n'), truncated: false });
    expect(members.get('p/big')).toMatchObject({ bytes: big.subarray(0, 1000), truncated: true });
    const none = await readAllMembers(bytes, archiveLimits, { label, keep: { ...keep, maxTotalBytes: 6 } });
    expect(none.members.get('p/empty')).toMatchObject({ truncated: false });
    expect(none.members.get('p/big')).toMatchObject({ bytes: Buffer.alloc(0), truncated: true });
  });
});

test('chunks may be cut anywhere', async () => {
  const bytes = formats['tar.gz'];
  const bytewise = (async function* () {
    for (const byte of bytes) yield Uint8Array.of(byte);
  })();
  const whole = await readTar(bytes, archiveLimits, { label });
  expect(await readTar(bytewise, archiveLimits, { label })).toEqual(whole);
});

test('of two members with one path the later is kept and the earlier is still there', async () => {
  const bytes = tgzOf([
    { name: 'p/a', content: '1' },
    { name: 'p/a', content: '2' },
  ]);
  const { members, shadowed } = await readAllMembers(bytes, archiveLimits, { label, keep });
  expect(members.get('p/a')?.bytes.toString()).toBe('2');
  expect(shadowed.map(({ bytes: earlier }) => earlier.toString())).toEqual(['1']);
});

test('types, modes and link targets are told', async () => {
  const tar = await readArchive(
    tgzOf([
      { name: 'd/', flag: '5', mode: 0o755 },
      { name: 'd/run', mode: 0o104755 },
      { name: 'd/s', flag: '2', link: 'run' },
      { name: 'd/h', flag: '1', link: 'd/run' },
      { name: 'd/c', flag: '3' },
    ]),
    archiveLimits,
    { label },
  );
  expect(tar.entries.map(({ type, mode, linkTarget }) => [type, mode, linkTarget])).toEqual([
    ['directory', 0o755, undefined],
    ['file', 0o4755, undefined],
    ['symlink', 0o644, 'run'],
    ['hardlink', 0o644, 'd/run'],
    ['device', 0o644, undefined],
  ]);
  const zip = await readArchive(
    zipOf([
      { name: 'd/', unixMode: 0o040755 },
      { name: 'd/run', unixMode: 0o100755 },
      { name: 'd/s', unixMode: 0o120777, content: 'run', method: 0 },
      { name: 'd/t', unixMode: 0o120777, content: '../../out' },
    ]),
    archiveLimits,
    { label },
  );
  expect(zip.entries.map(({ type, mode, linkTarget }) => [type, mode, linkTarget])).toEqual([
    ['directory', 0o755, undefined],
    ['file', 0o755, undefined],
    ['symlink', 0o777, 'run'],
    ['symlink', 0o777, '../../out'],
  ]);
  expect(zip.anomalyCounts).toEqual({ symlink: 2, 'link-escapes-root': 1 });
});

test('a truncated archive gives its entries up to the cut and says that it is not complete', async () => {
  const noise = createHash('shake256', { outputLength: 50_000 }).update('noise').digest();
  const bytes = tgzOf([
    { name: 'p/a', content: 'hello\n' },
    { name: 'p/b', content: noise },
  ]);
  const reading = await readArchive(bytes.subarray(0, 20_000), archiveLimits, { label });
  expect(reading.complete).toBe(false);
  expect(reading.anomalyCounts).toEqual({ truncated: 1 });
  expect(reading.entries).toMatchObject([
    { path: 'p/a', complete: true },
    { path: 'p/b', complete: false, sha256: null, gitBlobSha1: null },
  ]);
  expect(reading.entries[1]?.size).toBeGreaterThan(10_000);
});

test('a zip member that is encrypted or of an unknown method is listed, without digests', async () => {
  const flags = { flags: 1 };
  const bytes = zipOf([
    { name: 'e', content: 'x', local: flags, central: flags },
    { name: 'm', content: 'x', method: 12 },
  ]);
  const reading = await readArchive(bytes, archiveLimits, { label });
  expect(reading.complete).toBe(false);
  expect(reading.entries.map(({ path, sha256: digest }) => [path, digest])).toEqual([
    ['e', null],
    ['m', null],
  ]);
});

test('a zip name that is not UTF-8 is read in code page 437, as its readers do', async () => {
  const name = { name: Buffer.from([0x63, 0x61, 0x66, 0x82]) };
  const reading = await readArchive(zipOf([{ name: 'cafe', local: name, central: name }]), archiveLimits, { label });
  expect(reading.entries[0]?.path).toBe('café');
  expect(reading.anomalyCounts).toEqual({ 'path-not-utf8': 1 });
});
