import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CanarySearch } from './canary-search.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const token = fc
  .array(fc.constantFrom(...letters), { minLength: 16, maxLength: 60 })
  .filter((characters) => new Set(characters).size > 8)
  .map((characters) => `npm_${characters.join('')}`);
const noise = fc.uint8Array({ maxLength: 300 });
const printable = fc.string({ maxLength: 80 }).map((text) => text.replace(/[^ -~]/g, ' '));

function searchFor(value: string): CanarySearch {
  return new CanarySearch([{ id: 'c1', kind: 'npm_token', value }]);
}

const hexEscape = (value: string, prefix: string, width: number) =>
  [...Buffer.from(value)].map((byte) => prefix + byte.toString(16).padStart(width, '0')).join('');

/** Encodings that can start at any byte: bytes before and after them are arbitrary. */
const inPlace: Record<string, (value: string) => Uint8Array> = {
  raw: (value) => Buffer.from(value),
  hex: (value) => Buffer.from(Buffer.from(value).toString('hex')),
  HEX: (value) => Buffer.from(Buffer.from(value).toString('hex').toUpperCase()),
  percent: (value) => Buffer.from(hexEscape(value, '%', 2)),
  'json escapes': (value) => Buffer.from(hexEscape(value, '\\u', 4)),
  'hexadecimal escapes': (value) => Buffer.from(hexEscape(value, '\\x', 2)),
  'utf-16 little endian': (value) => Buffer.from(value, 'utf16le'),
  'utf-16 big endian': (value) => Buffer.from(value, 'utf16le').swap16(),
  decimal: (value) => Buffer.from(JSON.stringify([...Buffer.from(value)])),
  reversed: (value) => Buffer.from(value).reverse(),
  'reversed, then hex': (value) => Buffer.from(Buffer.from(value).reverse().toString('hex')),
};

for (const [name, encode] of Object.entries(inPlace)) {
  test(`a value written as ${name} is found between any bytes`, () => {
    fc.assert(
      fc.property(token, noise, noise, (value, before, after) => {
        const bytes = Buffer.concat([before, Buffer.from([10]), encode(value), Buffer.from([10]), after]);
        expect(
          searchFor(value)
            .find(bytes, 'body')
            .map(({ canary }) => canary),
        ).toContain('c1');
      }),
      { numRuns: 60 },
    );
  });
}

test('a value is found in base64 of a text around it, at each alignment and in both alphabets', () => {
  fc.assert(
    fc.property(
      token,
      noise,
      noise,
      fc.constantFrom('base64', 'base64url' as const),
      (value, before, after, alphabet) => {
        const text = Buffer.concat([before, Buffer.from(value), after]).toString(alphabet as BufferEncoding);
        expect(searchFor(value).find(text, 'body')).not.toEqual([]);
      },
    ),
  );
});

test('a value is found in base64 and hex that were broken into lines', () => {
  fc.assert(
    fc.property(
      token,
      noise,
      fc.integer({ min: 4, max: 76 }),
      fc.constantFrom('base64', 'hex'),
      (value, before, width, code) => {
        const text = Buffer.concat([before, Buffer.from(value)]).toString(code as BufferEncoding);
        const lines = text.replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n');
        expect(searchFor(value).find(lines, 'body')).not.toEqual([]);
      },
    ),
  );
});

test('a value XORed with any one byte is found and named so', () => {
  fc.assert(
    fc.property(token, noise, fc.integer({ min: 1, max: 255 }), (value, before, key) => {
      const bytes = Buffer.concat([before, Buffer.from(value)]).map((byte) => byte ^ key);
      expect(searchFor(value).find(bytes, 'body')).toContainEqual({ canary: 'c1', encoding: 'xor', where: 'body' });
    }),
  );
});

const packings = { gzip: gzipSync, deflate: deflateSync, brotli: brotliCompressSync, 'raw deflate': deflateRawSync };

for (const [name, pack] of Object.entries(packings)) {
  test(`a value inside ${name} is found however the body is cut into chunks, also behind base64 and hex`, async () => {
    await fc.assert(
      fc.asyncProperty(
        token,
        printable,
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom('', 'base64', 'hex'),
        async (value, before, chunk, code) => {
          const packed = pack(Buffer.from(`${before} ${value} ${before}`));
          const body = code === '' ? packed : Buffer.from(`{"data":"${packed.toString(code as BufferEncoding)}"}`);
          // Raw deflate and brotli have no mark of their own: behind a text encoding only marked formats are opened.
          if (code !== '' && name !== 'gzip' && name !== 'deflate') return;
          const stream = searchFor(value).stream('body');
          for (let at = 0; at < body.length; at += chunk) await stream.push(body.subarray(at, at + chunk));
          const { hits } = await stream.finish();
          expect(hits.map(({ canary }) => canary)).toContain('c1');
        },
      ),
      { numRuns: 40 },
    );
  });
}

test('a value is found wherever a stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      token,
      fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 60_000 }),
      async (value, sizes, offset) => {
        const body = Buffer.alloc(80_000, 'lorem ipsum ');
        body.write(Buffer.from(value).toString('base64'), offset);
        const stream = searchFor(value).stream('body');
        for (let at = 0, turn = 0; at < body.length; turn++) {
          const size = sizes[turn % sizes.length]!;
          await stream.push(body.subarray(at, at + size));
          at += size;
        }
        expect((await stream.finish()).hits).toContainEqual({ canary: 'c1', encoding: 'base64', where: 'body' });
      },
    ),
    { numRuns: 25 },
  );
});

test('random bytes and texts yield no hit', async () => {
  const search = new CanarySearch(
    Array.from({ length: 30 }, (_, at) => ({
      id: `c${at}`,
      kind: 'aws',
      value: `AKIA${'Q7ZR5T2WK9XB4M'.slice(at % 10)}${at}VN3LS6PD8F`,
    })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 0, maxLength: 4000 }),
      fc.string({ maxLength: 2000 }),
      async (bytes, text) => {
        for (const body of [bytes, Buffer.from(text)]) {
          expect(search.find(body, 'body')).toEqual([]);
          const stream = search.stream('body');
          await stream.push(body);
          expect((await stream.finish()).hits).toEqual([]);
        }
      },
    ),
    { numRuns: 150 },
  );
});
