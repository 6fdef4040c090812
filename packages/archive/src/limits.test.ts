import { gzipSync } from 'node:zlib';
import { type ArchiveLimits, archiveLimits } from '@assay/kernel';
import { tarOf, tgzOf, zipOf } from '@assay/testing';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from './errors.ts';
import { readArchive, readTar } from './read.ts';

const limits = (changed: Partial<ArchiveLimits>): ArchiveLimits => ({ ...archiveLimits, ...changed });
const zeros = (bytes: number) => Buffer.alloc(bytes);
const refusalOf = async (reading: Promise<unknown>): Promise<ArchiveError> => {
  const error = await reading.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ArchiveError);
  return error as ArchiveError;
};

describe('exceeding a limit is ARCHIVE_TOO_LARGE and names the limit', () => {
  const bomb = { name: 'a', content: zeros(3_000_000) };
  const many = Array.from({ length: 20 }, (_, index) => ({ name: `p/${index}` }));
  test.each<[keyof ArchiveLimits, Uint8Array, Partial<ArchiveLimits>]>([
    ['maxArchiveBytes', tgzOf([bomb]), { maxArchiveBytes: 100 }],
    ['maxUnpackedBytes', tgzOf([bomb]), { maxUnpackedBytes: 1_000_000 }],
    ['maxRatio', tgzOf([bomb]), { ratioAfterBytes: 1_000_000 }],
    ['maxEntries', tgzOf(many), { maxEntries: 10 }],
    ['maxArchiveBytes', zipOf([bomb]), { maxArchiveBytes: 100 }],
    ['maxUnpackedBytes', zipOf([bomb]), { maxUnpackedBytes: 1_000_000 }],
    ['maxRatio', zipOf([bomb]), { ratioAfterBytes: 1_000_000 }],
    ['maxEntries', zipOf(many), { maxEntries: 10 }],
  ])('%s', async (limit, bytes, changed) => {
    const error = await refusalOf(readArchive(bytes, limits(changed), { label: 'left-pad-1.3.0.tgz' }));
    expect(error.code).toBe('ARCHIVE_TOO_LARGE');
    expect(error.facts).toMatchObject({ limit, anomaly: expect.any(String) });
    expect(error.message).toMatch(/^reading artifact left-pad-1\.3\.0\.tgz: .*limit max\w+ = \d+/);
  });

  test('extended headers count as entries', async () => {
    const entry = { name: 'a', pax: [['comment', 'x']] as const };
    const error = await refusalOf(readArchive(tgzOf([entry, entry, entry]), limits({ maxEntries: 5 }), { label: 'a' }));
    expect(error.facts.limit).toBe('maxEntries');
  });

  test('a size in a header that promises little does not buy more', async () => {
    const lie = { size: 1 };
    const bytes = zipOf([{ name: 'a', content: zeros(3_000_000), local: lie, central: lie }]);
    const error = await refusalOf(readArchive(bytes, limits({ maxUnpackedBytes: 100_000 }), { label: 'a.zip' }));
    expect(error.facts).toMatchObject({ limit: 'maxUnpackedBytes' });
    expect(error.facts.seen).toBeLessThan(300_000);
  });

  test('zip entries that share their bytes are counted once for each', async () => {
    const content = zeros(200_000);
    const copies = Array.from({ length: 9 }, (_, at) => ({ name: `copy${at}`, content, central: { localOffset: 0 } }));
    const bytes = zipOf([{ name: 'copy', content }, ...copies]);
    const error = await refusalOf(readArchive(bytes, limits({ maxUnpackedBytes: 1_000_000 }), { label: 'a.zip' }));
    expect(error.facts.limit).toBe('maxUnpackedBytes');
  });

  test('data after the end of the tar counts: a bomb there is one too', async () => {
    const bytes = gzipSync(tarOf([{ name: 'a' }], { trailing: zeros(2_000_000) }));
    const error = await refusalOf(readArchive(bytes, limits({ ratioAfterBytes: 1_000_000 }), { label: 'a.tgz' }));
    expect(error.facts.limit).toBe('maxRatio');
  });

  test('an endless source is left at the limit', async () => {
    let chunks = 0;
    const endless = (async function* () {
      yield tarOf([{ name: 'a', content: 'x', statedSize: 2 ** 32 }], { endBlocks: 0 });
      for (;;) {
        chunks += 1;
        yield zeros(65_536);
      }
    })();
    const error = await refusalOf(readTar(endless, limits({ maxUnpackedBytes: 1_000_000 }), { label: 'a.tar' }));
    expect(error.code).toBe('ARCHIVE_TOO_LARGE');
    expect(chunks).toBeLessThan(20);
  });
});

describe('bytes that are no archive are ARCHIVE_INVALID', () => {
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a web page', Buffer.from('<!doctype html><title>502 Bad Gateway</title>')],
    ['a gzipped web page', gzipSync(`<!doctype html>${'x'.repeat(5000)}`)],
    ['a tgz in a gzip', gzipSync(tgzOf([{ name: 'p/a' }]))],
    ['the first bytes of a tgz', tgzOf([{ name: 'p/a' }]).subarray(0, 12)],
    ['a zip without its end', zipOf([{ name: 'a', content: 'abc' }]).subarray(0, -22)],
    ['a zip whose end points nowhere', zipOf([{ name: 'a' }], { statedOffset: 5, beforeEnd: Buffer.alloc(100, 1) })],
    ['one volume of a zip', zipOf([{ name: 'a' }], { disk: 1 })],
  ])('%s', async (_name, bytes) => {
    const error = await refusalOf(readArchive(bytes, archiveLimits, { label: 'x.tgz' }));
    expect(error.code).toBe('ARCHIVE_INVALID');
    expect(error.message).toMatch(/^reading artifact x\.tgz: it .*|its .*; the artifact was not unpacked$/);
  });
});

test('an aborted reading stops with the reason given', async () => {
  const reason = new Error('interrupted');
  const controller = new AbortController();
  const reading = readArchive(tgzOf([{ name: 'a', content: zeros(1000) }, { name: 'b' }]), archiveLimits, {
    label: 'a.tgz',
    signal: controller.signal,
    onMember: () => {
      controller.abort(reason);
      return undefined;
    },
  });
  await expect(reading).rejects.toBe(reason);
});

test('folders that exist only in names are bounded, too', async () => {
  const entries = Array.from({ length: 120 }, (_, index) => ({
    name: 'p',
    pax: [['path', `${index}/${'d/'.repeat(1500)}f`]] as const,
  }));
  const error = await refusalOf(readArchive(tarOf(entries), archiveLimits, { label: 'deep.tar' }));
  expect(error.facts.limit).toBe('maxPathBytes');
});

test('while a zip in memory is read, timers and signals get their turn', async () => {
  const entries = Array.from({ length: 5000 }, (_, index) => ({ name: `${index}` }));
  const controller = new AbortController();
  setImmediate(() => controller.abort(new Error('interrupted')));
  const reading = readArchive(zipOf(entries), archiveLimits, { label: 'a.zip', signal: controller.signal });
  await expect(reading).rejects.toThrow('interrupted');
});

test('a limit is answered although the source has stalled', async () => {
  const bytes = tgzOf([{ name: 'a', content: zeros(3_000_000) }]);
  const stalled = (async function* () {
    yield bytes.subarray(0, bytes.length - 20);
    await new Promise(() => undefined);
  })();
  const error = await refusalOf(readTar(stalled, limits({ maxUnpackedBytes: 1_000_000 }), { label: 'a.tgz' }));
  expect(error.facts.limit).toBe('maxUnpackedBytes');
});
