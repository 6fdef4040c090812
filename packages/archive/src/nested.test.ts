import { gzipSync } from 'node:zlib';
import { archiveLimits } from '@assay/kernel';
import { tarOf, tgzOf, zipOf } from '@assay/testing';
import { expect, test } from 'vitest';
import { readArchive } from './read.ts';

const label = 'case';
const inner = tgzOf([{ name: 'deep/file', content: 'found' }]);

test('archives inside archives are read under the path outer!/inner', async () => {
  const bytes = tgzOf([
    {
      name: 'p/a.zip',
      content: zipOf([
        { name: 'x.tgz', content: inner },
        { name: 'y', content: 'y' },
      ]),
    },
    { name: 'p/b', content: 'b' },
    { name: 'p/c.tar', content: tarOf([{ name: 'z' }]) },
  ]);
  const { entries, anomalies } = await readArchive(bytes, archiveLimits, { label, expandNested: true });
  expect(entries.map(({ path, depth, nested }) => [path, depth, nested])).toEqual([
    ['p/a.zip', 0, 'zip'],
    ['p/a.zip!/x.tgz', 1, 'tar.gz'],
    ['p/a.zip!/x.tgz!/deep/file', 2, undefined],
    ['p/a.zip!/y', 1, undefined],
    ['p/b', 0, undefined],
    ['p/c.tar', 0, 'tar'],
    ['p/c.tar!/z', 1, undefined],
  ]);
  expect(anomalies).toEqual([]);
});

test('without being asked nothing inside is read, but it is said what it is', async () => {
  const { entries } = await readArchive(tgzOf([{ name: 'p/a.tgz', content: inner }]), archiveLimits, { label });
  expect(entries.map(({ path, nested }) => [path, nested])).toEqual([['p/a.tgz', 'tar.gz']]);
});

test('the name does not matter, only the bytes', async () => {
  const bytes = tgzOf([
    { name: 'p/photo.png', content: inner },
    { name: 'p/not.zip', content: 'text' },
  ]);
  const { entries } = await readArchive(bytes, archiveLimits, { label, expandNested: true });
  expect(entries.map(({ path }) => path)).toEqual(['p/photo.png', 'p/photo.png!/deep/file', 'p/not.zip']);
});

test('an inner bomb is an anomaly and the archive around it is read to its end', async () => {
  const bomb = gzipSync(tarOf([{ name: 'a', content: Buffer.alloc(3_000_000) }]));
  const bytes = tgzOf([
    { name: 'p/bomb', content: bomb },
    { name: 'p/after', content: 'x' },
  ]);
  const limits = { ...archiveLimits, ratioAfterBytes: 500_000 };
  const reading = await readArchive(bytes, limits, { label, expandNested: true });
  expect(reading.anomalies).toEqual([{ code: 'ratio-bomb', path: 'p/bomb', detail: 'inside a nested archive' }]);
  expect(reading.entries.at(-1)).toMatchObject({ path: 'p/after', complete: true });
  expect(reading.complete).toBe(true);
});

test('all inner archives together have one further budget', async () => {
  const content = tgzOf([{ name: 'a', content: Buffer.alloc(60_000) }]);
  const bytes = tgzOf(['1', '2', '3'].map((name) => ({ name, content })));
  const limits = { ...archiveLimits, maxUnpackedBytes: 150_000 };
  const { anomalyCounts } = await readArchive(bytes, limits, { label, expandNested: true });
  expect(anomalyCounts).toEqual({ 'unpacked-too-large': 1 });
});

test('a damaged inner archive does not damage the outer one', async () => {
  const bytes = tgzOf([
    { name: 'p/half.tgz', content: inner.subarray(0, -9) },
    { name: 'p/b', content: 'b' },
  ]);
  const reading = await readArchive(bytes, archiveLimits, { label, expandNested: true });
  expect(reading.complete).toBe(true);
  expect(reading.anomalies).toMatchObject([{ code: 'truncated', path: 'p/half.tgz' }]);
});

test('anomalies inside carry the path of the inner archive', async () => {
  const evil = zipOf([
    { name: '../evil', content: 'x' },
    { name: 'h', hidden: true },
  ]);
  const bytes = tgzOf([{ name: 'p/a.zip', content: evil }]);
  const { anomalies } = await readArchive(bytes, archiveLimits, { label, expandNested: true });
  expect(anomalies.map(({ code, path }) => [code, path])).toEqual([
    ['path-traversal', 'p/a.zip!/%2E%2E/evil'],
    ['hidden-entry', 'p/a.zip'],
  ]);
});

test('a gzip that holds no tar is a compressed file, not a broken archive worth an alarm', async () => {
  const bytes = tgzOf([{ name: 'p/data.json.gz', content: gzipSync('{}') }]);
  const { anomalies } = await readArchive(bytes, archiveLimits, { label, expandNested: true });
  expect(anomalies.map(({ code }) => code)).toEqual(['nested-unreadable']);
});
