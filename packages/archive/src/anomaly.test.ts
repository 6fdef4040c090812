import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { type ArchiveLimits, archiveLimits } from '@assay/kernel';
import { type TarSpec, tarOf, tgzOf, zipExtra, zipOf } from '@assay/testing';
import { describe, expect, test } from 'vitest';
import { type AnomalyCode, AnomalyLog, anomalyGravity, quote } from './anomaly.ts';
import type { ReadOptions } from './entry.ts';
import { readArchive } from './read.ts';

type Case = { bytes: Uint8Array; options?: Partial<ReadOptions>; limits?: Partial<ArchiveLimits> };
const file = (name: string, more: Partial<TarSpec> = {}): TarSpec => ({ name, content: 'x', ...more });
const tgz = (...entries: TarSpec[]): Case => ({ bytes: tgzOf(entries) });
const nested = (bytes: Uint8Array, limits: Case['limits'] = {}): Case => ({
  bytes: tgzOf([{ name: 'p/inner.bin', content: bytes }]),
  options: { expandNested: true },
  limits,
});
const unicodePath = (name: string, real: string) => {
  const data = Buffer.concat([Buffer.alloc(5), Buffer.from(real)]);
  data[0] = 1;
  data.writeUInt32LE(crc32(Buffer.from(name)), 1);
  return zipExtra(0x7075, data);
};
const twice = { name: 'p/a', content: 'a' };

/** One archive per code: the smallest that shows it. A code without a case does not compile. */
const shownBy: Record<AnomalyCode, Case> = {
  'path-traversal': tgz(file('p/../../evil')),
  'path-absolute': tgz(file('/etc/passwd')),
  'path-backslash': tgz(file('p\\evil')),
  'path-control-characters': tgz(file('p/a\u0007b')),
  'path-not-utf8': tgz({ name: Buffer.from([0x70, 0x2f, 0xff, 0xfe]) }),
  'path-too-long': tgz(file('p/short', { pax: [['path', `p/${'a'.repeat(300)}`]] })),
  'path-ambiguous': tgz(file('p//a')),
  'duplicate-path': tgz(file('p/a'), file('p/a')),
  'case-collision': tgz(file('p/Read.js'), file('p/read.js')),
  'unicode-collision': tgz(file('p/\u00e9'), file('p/e\u0301')),
  'path-conflict': tgz(file('p/a'), file('p/a/b')),
  'path-through-link': tgz({ name: 'p/a', flag: '2', link: '/tmp' }, file('p/a/b')),
  symlink: tgz({ name: 'p/a', flag: '2', link: 'b' }),
  hardlink: tgz(file('p/b'), { name: 'p/a', flag: '1', link: 'p/b' }),
  'link-escapes-root': tgz({ name: 'p/a', flag: '2', link: '../../etc' }),
  'special-file': tgz({ name: 'p/fifo', flag: '6' }),
  'unsupported-type': tgz(file('p/a', { flag: 'M' })),
  'sparse-file': tgz(file('p/a', { pax: [['GNU.sparse.major', '1']] })),
  'size-mismatch': { bytes: zipOf([{ name: 'a', content: 'abc', central: { size: 2 }, local: { size: 2 } }]) },
  'checksum-mismatch': { bytes: zipOf([{ name: 'a', content: 'abc', central: { crc: 1 }, local: { crc: 1 } }]) },
  'ratio-bomb': nested(gzipSync(tarOf([{ name: 'a', content: Buffer.alloc(100_000) }])), { ratioAfterBytes: 50_000 }),
  'too-many-entries': nested(tgzOf([file('a'), file('b'), file('c')]), { maxEntries: 2 }),
  'unpacked-too-large': nested(tgzOf([file('a', { content: Buffer.alloc(9000) })]), { maxUnpackedBytes: 4000 }),
  'nesting-too-deep': nested(tgzOf([{ name: 'a', content: tgzOf([file('b')]) }]), { maxNesting: 1 }),
  'nested-unreadable': nested(Buffer.from('PK\x03\x04 and nothing else')),
  truncated: { bytes: tgzOf([file('p/a', { content: randomBytes(9000) })]).subarray(0, -100) },
  'corrupt-data': { bytes: zipOf([{ name: 'a', content: 'abc', packed: Buffer.from([0xff, 0xff, 0xff]) }]) },
  'header-invalid': tgz(file('p/a', { wrongChecksum: true }), file('p/b')),
  'missing-end': { bytes: gzipSync(tarOf([file('p/a')], { endBlocks: 0 })) },
  'trailing-data': { bytes: tgzOf([file('p/a')], { trailing: Buffer.alloc(600, 'x') }) },
  'prepended-data': {
    bytes: Buffer.concat([zipOf([]), zipOf([{ name: 'a' }], { prepend: Buffer.from('#!/bin/sh\n') })]),
  },
  'multiple-streams': {
    bytes: Buffer.concat([gzipSync(tarOf([file('a')], { endBlocks: 0 })), gzipSync(tarOf([file('b')]))]),
  },
  'header-mismatch': { bytes: zipOf([{ name: 'good.py', content: 'x', local: { name: 'evil.py' } }]) },
  'hidden-entry': { bytes: zipOf([{ name: 'a' }, { name: 'evil', hidden: true }, { name: 'b' }]) },
  'hidden-data': { bytes: zipOf([{ name: 'a' }, { name: 'b', gap: Buffer.from('secret') }]) },
  'overlapping-entries': { bytes: zipOf([twice, { ...twice, name: 'p/b', central: { localOffset: 0 } }]) },
  'ambiguous-end': { bytes: zipOf([{ name: 'a' }], { comment: zipOf([{ name: 'b' }]) }) },
  'zip64-mismatch': { bytes: zipOf([{ name: 'a' }], { zip64Count: 7 }) },
  'descriptor-mismatch': { bytes: zipOf([{ name: 'a', content: 'x', descriptor: 'wrong' }]) },
  encrypted: { bytes: zipOf([{ name: 'a', content: 'x', local: { flags: 1 }, central: { flags: 1 } }]) },
  'unsupported-method': { bytes: zipOf([{ name: 'a', content: 'x', method: 14 }]) },
  'pax-conflict': tgz(file('p/good.js', { pax: [['path', 'p/evil.js']] })),
  'pax-duplicate-key': tgz(file('p/a', { rawPax: '12 path=p/a\n12 path=p/a\n' })),
  // Only a package has a root folder: package-archive.test.ts shows it.
  'outside-root-folder': { bytes: Buffer.alloc(0) },
};

describe('each anomaly is seen', () => {
  const codes = Object.keys(anomalyGravity).filter((code) => code !== 'outside-root-folder') as AnomalyCode[];
  test.each(codes)('%s', async (code) => {
    const { bytes, options = {}, limits = {} } = shownBy[code];
    const reading = await readArchive(bytes, { ...archiveLimits, ...limits }, { label: 'case', ...options });
    expect(Object.keys(reading.anomalyCounts)).toContain(code);
    expect(reading.anomalies.find((anomaly) => anomaly.code === code)?.detail).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe('ordinary archives show no anomaly', () => {
  test.each<[string, Case]>([
    [
      'a tgz with folders, dot names and an executable',
      {
        bytes: tgzOf([
          { name: 'package/', flag: '5', mode: 0o755 },
          file('package/package.json'),
          file('package/.npmignore'),
          file('package/bin/x y.js', { mode: 0o755 }),
        ]),
      },
    ],
    ['a tar that begins with "./"', { bytes: tarOf([{ name: './', flag: '5' }, file('./a'), file('./b/c')]) }],
    [
      'a name longer than its header field, by pax',
      tgz(file('p/cut', { pax: [['path', `p/${'d/'.repeat(60)}a.js`]] })),
    ],
    ['a name longer than its header field, by GNU', tgz(file('p/cut', { longName: `p/${'d/'.repeat(60)}a.js` }))],
    [
      'a comment in a global header, as git archive writes it',
      tgz(file('p/a', { globalPax: [['comment', 'a'.repeat(40)]] })),
    ],
    ['an umlaut in one normal form', tgz(file('p/\u00e9.js', { pax: [['path', 'p/\u00e9.js']] }))],
    ['zero padding after the end', { bytes: tgzOf([file('p/a')], { endBlocks: 20 }) }],
    ['zero padding after the gzip data', { bytes: Buffer.concat([tgzOf([file('p/a')]), Buffer.alloc(512)]) }],
    [
      'a zip, deflated and stored',
      { bytes: zipOf([{ name: 'a/' }, { name: 'a/b', content: 'b' }, { name: 'c', method: 0, content: 'c' }]) },
    ],
    [
      'a zip with data descriptors',
      { bytes: zipOf([{ name: 'a', content: 'aa', descriptor: 'true' }, { name: 'b' }]) },
    ],
    ['a zip with a comment', { bytes: zipOf([{ name: 'a' }], { comment: Buffer.from('hello') }) }],
    ['a zip stored in a zip', { bytes: zipOf([{ name: 'a.zip', method: 0, content: zipOf([{ name: 'b' }]) }]) }],
    ['a zip64 zip that agrees with itself', { bytes: zipOf([{ name: 'a' }], { zip64Count: 1 }) }],
    ['a zip without entries', { bytes: zipOf([]) }],
  ])('%s', async (_name, { bytes }) => {
    const reading = await readArchive(bytes, archiveLimits, { label: 'case' });
    expect(reading.anomalies).toEqual([]);
    expect(reading.complete).toBe(true);
  });
});

describe('details of what is compared', () => {
  const codesOf = async (bytes: Uint8Array) =>
    (await readArchive(bytes, archiveLimits, { label: 'case' })).anomalies.map(
      ({ code, detail }) => `${code}: ${detail}`,
    );

  test('npm and the standard read different names out of a pax value with a line end in it', async () => {
    const evil = '12 path=evil\n';
    const details = await codesOf(tgzOf([file('p/a', { pax: [['comment', `x\n${evil}`.slice(0, -1)]] })]));
    expect(details).toEqual([]);
    const split = await codesOf(tgzOf([file('p/a', { pax: [['path', `p/a\n${evil}`]] })]));
    expect(split.some((line) => line.startsWith('pax-conflict: the standard reads the path'))).toBe(true);
  });

  test('a pax size other than the plain one moves every later entry for readers without pax', async () => {
    const details = await codesOf(tgzOf([file('p/a', { content: 'abc', statedSize: 1024, pax: [['size', '3']] })]));
    expect(details).toContain('pax-conflict: "3" bytes in the extended header, 1024 in the plain one');
  });

  test('a global header that renames is reported, although npm ignores it', async () => {
    expect(await codesOf(tgzOf([file('p/a', { globalPax: [['path', 'p/evil']] })]))).toEqual([
      'pax-conflict: a global header sets "path" to "p/evil"',
    ]);
  });

  test('a name hidden behind a NUL in the header field is reported', async () => {
    const details = await codesOf(tgzOf([file('p/a\0evil')]));
    expect(details).toEqual(['header-mismatch: bytes after the NUL that ends the name']);
  });

  test('an extended header too large for npm is reported', async () => {
    const details = await codesOf(tgzOf([file('p/a', { pax: [['comment', 'x'.repeat(1_100_000)]] })]));
    expect(details[0]).toMatch(/^pax-conflict: npm skips an extended header of 1100\d\d\d bytes$/);
  });

  test('the Unicode path field of a zip entry, which unzip prefers, is a second name', async () => {
    const bytes = zipOf([{ name: 'good.py', central: { extra: unicodePath('good.py', 'evil.py') } }]);
    expect(await codesOf(bytes)).toEqual(['header-mismatch: its Unicode path field names it "evil.py"']);
  });

  test('every field in which the two headers of a zip entry differ is named', async () => {
    const local = { method: 0, crc: 5, size: 6, compressedSize: 7 };
    const details = await codesOf(zipOf([{ name: 'a', content: 'abc', local }]));
    for (const field of ['method', 'crc', 'size', 'compressedSize']) {
      expect(details.some((line) => line.startsWith(`header-mismatch: ${field} is`))).toBe(true);
    }
  });

  test('bytes left over after a member ends are no part of it', async () => {
    const packed = Buffer.concat([deflateRawSync(Buffer.from('abc')), Buffer.from('hidden')]);
    const details = await codesOf(zipOf([{ name: 'a', content: 'abc', packed }]));
    expect(details).toEqual([expect.stringMatching(/^size-mismatch: \d+ packed bytes stated, \d+ used$/)]);
  });

  test('an entry after a single zero block is reported: some readers stop there', async () => {
    const bytes = Buffer.concat([tarOf([file('p/a')], { endBlocks: 1 }), tarOf([file('p/b')])]);
    expect(await codesOf(bytes)).toContain('ambiguous-end: an entry follows an end-of-archive block');
  });

  test('bytes after the gzip data are reported with their number', async () => {
    const bytes = Buffer.concat([tgzOf([file('p/a')]), Buffer.from('payload')]);
    expect(await codesOf(bytes)).toEqual(['trailing-data: 7 bytes after the gzip data']);
  });

  test('a wrong gzip checksum is damage', async () => {
    const bytes = tgzOf([file('p/a')]);
    bytes.writeUInt32LE(0, bytes.length - 8);
    const reading = await readArchive(bytes, archiveLimits, { label: 'case' });
    expect(reading.anomalyCounts).toEqual({ 'checksum-mismatch': 1 });
    expect(reading.complete).toBe(false);
  });
});

describe('the list of anomalies', () => {
  test('a flood of one code does not hide a single one of another', () => {
    const log = new AnomalyLog();
    for (let index = 0; index < 5000; index += 1) log.add('symlink', 'to "x"', `p/${index}`);
    log.add('hidden-entry', 'one');
    expect(log.kept.filter(({ code }) => code === 'symlink')).toHaveLength(100);
    expect(log.kept.at(-1)?.code).toBe('hidden-entry');
    expect(log.counts).toEqual({ symlink: 5000, 'hidden-entry': 1 });
  });

  test('package text in a detail is printable ASCII and short', () => {
    expect(quote('a\u202e\n\u001b[31m"')).toBe('"a\\u202e\\n\\u001b[31m\\""');
    expect(quote('x'.repeat(10_000)).length).toBeLessThan(130);
  });
});
