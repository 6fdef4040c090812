import { gzipSync } from 'node:zlib';
import { type ArchiveLimits, archiveLimits, sha256 } from '@assay/kernel';
import { tarOf, tgzOf, zipOf } from '@assay/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from './errors.ts';
import { inspectJson } from './json-keys.ts';
import { readAllMembers } from './members.ts';
import { parsePax } from './pax.ts';
import { readArchive, readTar } from './read.ts';

const label = 'case';
const keep = { maxMemberBytes: 1_000_000, maxTotalBytes: 10_000_000 };
/** Small enough that no mutation can make a run long. */
const tight: ArchiveLimits = { ...archiveLimits, maxUnpackedBytes: 4_000_000, maxEntries: 500, maxPathBytes: 1000 };

const name = fc.stringMatching(/^[a-z][a-zA-Z0-9_. -]{0,12}[a-z0-9]$/);
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((segments) => segments.join('/'));
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.string().map((text) => Buffer.from(text)),
  fc.nat({ max: 200_000 }).map((length) => Buffer.alloc(length, 'pattern')),
);
/** Files whose paths do not meet, neither by case nor as file and folder. */
const tree = fc
  .uniqueArray(fc.record({ path, content, mode: fc.constantFrom(0o644, 0o755) }), {
    maxLength: 12,
    selector: (file) => file.path.toLowerCase(),
  })
  .filter((files) => {
    const paths = files.map((file) => file.path.toLowerCase());
    return !paths.some((one) => paths.some((other) => other.startsWith(`${one}/`)));
  });

type Tree = { path: string; content: Uint8Array; mode: number }[];
/** Folders that differ in case only are ordinary; a file and such a folder are not, and the filter above excludes them. */
const writers: Record<string, (files: Tree) => Buffer> = {
  tar: (files) => tarOf(files.map((file) => ({ ...file, name: file.path }))),
  tgz: (files) => tgzOf(files.map((file) => ({ ...file, name: file.path }))),
  zip: (files) =>
    zipOf(files.map((file) => ({ name: file.path, content: file.content, unixMode: 0o100000 | file.mode }))),
  'zip, stored, with descriptors': (files) =>
    zipOf(files.map((file) => ({ name: file.path, content: file.content, method: 0, descriptor: 'true' }))),
};

describe.each(Object.entries(writers))('%s', (kind, write) => {
  test('reading what was written gives the same files, and no anomaly', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        fc.pre(files.length > 0);
        const { entries, members, anomalies, complete } = await readAllMembers(write(files), archiveLimits, {
          label,
          keep,
        });
        expect(entries.map((entry) => entry.path)).toEqual(files.map((file) => file.path));
        for (const file of files) {
          const member = members.get(file.path);
          expect(member?.bytes.equals(file.content)).toBe(true);
          expect(member?.entry).toMatchObject({ size: file.content.length, sha256: sha256(file.content) });
          if (!kind.includes('descriptors')) expect(member?.entry.mode).toBe(file.mode);
        }
        expect({ anomalies, complete }).toEqual({ anomalies: [], complete: true });
      }),
      { numRuns: 40 },
    );
  });

  test('whatever bits are flipped, bytes cut, repeated or put in: entries, anomalies or an ArchiveError', async () => {
    const mutation = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat({ max: 40 }),
      how: fc.constantFrom('flip', 'cut', 'truncate', 'zero', 'repeat', 'insert'),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(tree, fc.array(mutation, { minLength: 1, maxLength: 6 }), async (files, mutations) => {
        let bytes = write(files);
        for (const { at, length, how, bytes: put } of mutations) {
          const from = Math.floor(at * bytes.length);
          const [before, part, after] = [
            bytes.subarray(0, from),
            bytes.subarray(from, from + length),
            bytes.subarray(from + length),
          ];
          if (how === 'truncate') bytes = before;
          else if (how === 'cut') bytes = Buffer.concat([before, after]);
          else if (how === 'repeat') bytes = Buffer.concat([before, part, part, after]);
          else if (how === 'insert') bytes = Buffer.concat([before, put, part, after]);
          else bytes = Buffer.concat([before, part.map((byte) => (how === 'zero' ? 0 : byte ^ (put[0] ?? 1))), after]);
        }
        const outcome = await readArchive(bytes, tight, { label, expandNested: true }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ArchiveError);
        else expect(outcome).toHaveProperty('entries');
      }),
      { numRuns: 150 },
    );
  });
});

test('arbitrary bytes behind a tar, gzip or zip beginning end in entries or an ArchiveError', async () => {
  const beginnings = [
    Buffer.from([0x1f, 0x8b, 8, 0]),
    Buffer.from('PK\x03\x04'),
    zipOf([]),
    tarOf([{ name: 'a' }]).subarray(0, 512),
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 3000 }), async (start, rest) => {
      const outcome = await readArchive(Buffer.concat([start, rest]), tight, { label }).catch(
        (error: unknown) => error,
      );
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ArchiveError);
    }),
    { numRuns: 200 },
  );
});

test('every prefix of a tgz is refused, or read as incomplete', async () => {
  const bytes = tgzOf([
    { name: 'p/package.json', content: '{"name":"a"}' },
    { name: 'p/b', content: 'some bytes' },
  ]);
  for (let length = 0; length < bytes.length; length += 1) {
    const outcome = await readArchive(bytes.subarray(0, length), archiveLimits, { label }).catch(
      (error: unknown) => error,
    );
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'ARCHIVE_INVALID' });
    else expect(outcome).toMatchObject({ complete: false });
  }
});

test('how the bytes arrive makes no difference', async () => {
  await fc.assert(
    fc.asyncProperty(
      tree,
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }),
      fc.boolean(),
      async (files, sizes, gz) => {
        fc.pre(files.length > 0);
        const plain = writers.tar?.(files) ?? Buffer.alloc(0);
        const bytes = gz ? gzipSync(plain) : plain;
        const pieces = (function* () {
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            yield bytes.subarray(at, at + size);
            at += size;
          }
        })();
        const asStream = (async function* () {
          yield* pieces;
        })();
        expect(await readTar(asStream, archiveLimits, { label })).toEqual(
          await readTar(bytes, archiveLimits, { label }),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test('pax records are read back as they were written, line ends and all', () => {
  const record = fc.tuple(fc.stringMatching(/^[A-Za-z.]{1,20}$/), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const body = records.map(([key, value]) => {
        const rest = Buffer.byteLength(` ${key}=${value}\n`);
        const length = [1, 2, 3, 4].map((digits) => rest + digits).find((sum) => sum === rest + String(sum).length);
        return `${length} ${key}=${value}\n`;
      });
      const parsed = parsePax(Buffer.from(body.join('')));
      expect(parsed.malformed).toBe(false);
      expect(parsed.records.map(({ key, value }) => [key, value.toString()])).toEqual(records);
    }),
  );
});

test('JSON made by a serialiser has no duplicate keys', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(inspectJson(text).duplicateKeys).toEqual([]);
    }),
  );
});

test('a repeated key is found wherever it is', () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), fc.json(), (one, key, other) => {
      const quoted = JSON.stringify(key);
      const { duplicateKeys } = inspectJson(`{"a":[${one},{${quoted}:${one},"":{},${quoted}:${other}}]}`);
      expect(duplicateKeys.length).toBe(key === '' ? 2 : 1);
    }),
  );
});
