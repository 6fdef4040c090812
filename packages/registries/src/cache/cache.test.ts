import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256 } from '@assay/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobCache } from './blobs.ts';
import { CacheBudget, trimCache } from './budget.ts';
import { RecordCache } from './records.ts';

const clock = { now: () => Date.UTC(2030, 0, 1), monotonic: () => 0 };
const noCheck = { update: () => undefined, end: () => undefined };

let root: string;
let budget: CacheBudget;
let blobs: BlobCache;
let records: RecordCache;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-cache-'));
  budget = new CacheBudget({ root, maxBytes: 1_000_000 });
  blobs = new BlobCache(root, budget, clock);
  records = new RecordCache(root, budget, clock);
});
afterEach(async () => {
  await budget.settled();
  await rm(root, { recursive: true, force: true });
});

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

const put = (text: string) => blobs.write(chunks(text), noCheck);

describe('a blob', () => {
  it('lies under its content and is found by it', async () => {
    const { sha256: digest, sizeBytes } = await blobs.write(chunks('one ', 'two'), noCheck);
    expect(digest).toBe(sha256('one two'));
    expect(sizeBytes).toBe(7);
    const found = await blobs.find(digest);
    expect(found).toEqual({ path: join(root, 'sha256', digest.slice(0, 2), digest), sizeBytes: 7 });
    expect(await readFile(found?.path ?? '', 'utf8')).toBe('one two');
  });

  it('that its check refuses is not stored, and leaves no temporary file', async () => {
    const refuse = {
      ...noCheck,
      end: () => {
        throw new Error('refused');
      },
    };
    await expect(blobs.write(chunks('x'), refuse)).rejects.toThrow('refused');
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
    expect(await blobs.find(sha256('x'))).toBeUndefined();
  });

  it('whose source breaks off is not stored, and leaves no temporary file', async () => {
    async function* broken() {
      yield Buffer.from('half');
      throw new Error('broke off');
    }
    await expect(blobs.write(broken(), noCheck)).rejects.toThrow('broke off');
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });

  it('that was cut or changed on disk is a miss and is removed', async () => {
    const { sha256: digest } = await put('content');
    const path = (await blobs.find(digest))?.path ?? '';
    await truncate(path, 3);
    expect(await blobs.find(digest)).toBeUndefined();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is never looked for by anything but a digest', async () => {
    expect(await blobs.find('../../etc/passwd')).toBeUndefined();
    expect(await blobs.find('')).toBeUndefined();
  });

  it('written by many at once is whole', async () => {
    const text = 'x'.repeat(100_000);
    const written = await Promise.all(Array.from({ length: 8 }, () => put(text)));
    expect(new Set(written.map(({ sha256: digest }) => digest))).toEqual(new Set([sha256(text)]));
    expect(await blobs.find(sha256(text))).toMatchObject({ sizeBytes: 100_000 });
  });
});

describe('a record', () => {
  it('is read back with its head, body and the time of fetching', async () => {
    await records.write(['a', 'b'], { etag: '"x"' }, Buffer.from('body\nwith lines'), 1_700_000_000_000);
    const record = await records.read(['a', 'b']);
    expect(record).toMatchObject({ head: { etag: '"x"' }, fetchedAt: 1_700_000_000_000 });
    expect(record?.body.toString()).toBe('body\nwith lines');
    await records.confirm(['a', 'b'], 1_700_000_100_000);
    expect(await records.read(['a', 'b'])).toMatchObject({ fetchedAt: 1_700_000_100_000 });
  });

  it('of another key is another record, however the parts are cut', async () => {
    await records.write(['ab', 'c'], 1, Buffer.alloc(0), 0);
    expect(await records.read(['a', 'bc'])).toBeUndefined();
    expect(await records.read(['abc'])).toBeUndefined();
  });

  it('in which one bit was flipped is a miss', async () => {
    await records.write(['k'], { n: 1 }, Buffer.from('body'), 0);
    const [shard = ''] = await readdir(join(root, 'records'));
    const [name = ''] = await readdir(join(root, 'records', shard));
    const path = join(root, 'records', shard, name);
    const original = await readFile(path);
    for (const position of [0, 64, 65, original.length - 1]) {
      const flipped = Buffer.from(original);
      flipped[position] = (flipped[position] ?? 0) ^ 1;
      await writeFile(path, flipped);
      const record = await records.read(['k']);
      // The line end after the digest carries nothing.
      if (position === 64) expect(record?.body.toString()).toBe('body');
      else expect(record).toBeUndefined();
    }
  });
});

describe('trimming', () => {
  async function stored(name: string, bytes: number, usedAt: number): Promise<string> {
    const path = join(root, 'sha256', name.slice(0, 2), name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, Buffer.alloc(bytes));
    await utimes(path, new Date(usedAt), new Date(0));
    return path;
  }
  const names = async () =>
    (await readdir(join(root, 'sha256'), { recursive: true })).filter((path) => path.includes('/')).sort();

  it('removes what was used longest ago until nine tenths of the limit are left', async () => {
    await stored('aa-old', 400, 1000);
    await stored('bb-new', 400, 3000);
    await stored('cc-middle', 400, 2000);
    expect(await trimCache({ root, maxBytes: 1000 })).toBe(800);
    expect(await names()).toEqual(['bb/bb-new', 'cc/cc-middle']);
  });

  it('removes nothing below the limit', async () => {
    await stored('aa', 500, 1);
    await stored('bb', 500, 2);
    expect(await trimCache({ root, maxBytes: 1000 })).toBe(1000);
  });

  it('removes temporary files of processes that died, not those being written', async () => {
    await mkdir(join(root, 'tmp'), { recursive: true });
    await writeFile(join(root, 'tmp/young'), '');
    await writeFile(join(root, 'tmp/old'), '');
    await utimes(join(root, 'tmp/old'), new Date(0), new Date(0));
    await trimCache({ root, maxBytes: 1 });
    expect(await readdir(join(root, 'tmp'))).toEqual(['young']);
  });

  it('of a cache that is not there does nothing', async () => {
    expect(await trimCache({ root: join(root, 'absent'), maxBytes: 1 })).toBe(0);
  });

  it('comes by itself once enough was written', async () => {
    const small = new CacheBudget({ root, maxBytes: 1000 });
    await stored('aa-old', 2000, 1);
    small.wrote(1);
    await small.settled();
    await stored('bb-young', 500, Date.now());
    expect(await names()).toEqual(['bb/bb-young']);
    await stored('cc-old', 2000, 1);
    small.wrote(5);
    await small.settled();
    expect(await names()).toEqual(['bb/bb-young', 'cc/cc-old']);
    small.wrote(6);
    await small.settled();
    expect(await names()).toEqual(['bb/bb-young']);
  });
});
