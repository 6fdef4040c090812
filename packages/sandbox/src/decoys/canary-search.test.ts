import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CanarySearch, searchLimits } from './canary-search.ts';
import { ChunkJoiner, piecesOfName, piecesOfRequest } from './chunk-joiner.ts';

const value = 'npm_7Hq2ZxT9bLw4Kd8VnR5sYc1MfJ3gPa6Eu0Xo';
const search = new CanarySearch([
  { id: 'c1', kind: 'npm_token', value },
  { id: 'c2', kind: 'host_identity', value: 'tanvir-devbook-4f1c92' },
]);

async function hitsOf(body: Uint8Array | string, using = search) {
  const stream = using.stream('body');
  await stream.push(Buffer.from(body));
  return (await stream.finish()).hits.map(({ encoding }) => encoding);
}

describe('spellings', () => {
  test('layers are named outermost first', async () => {
    const inner = JSON.stringify({ token: Buffer.from(value).toString('hex') });
    expect(await hitsOf(gzipSync(inner))).toContain('gzip+hex');
    expect(await hitsOf(JSON.stringify({ d: gzipSync(inner).toString('base64') }))).toContain('base64+gzip+hex');
  });

  test('base64 of base64 of base64 is opened', async () => {
    let text = `token=${value}`;
    for (let turn = 0; turn < 3; turn++) text = Buffer.from(`xy${text}`).toString('base64');
    expect(await hitsOf(text)).not.toEqual([]);
  });

  test('a packed part behind a path segment is opened', async () => {
    expect(await hitsOf(`/collect/v1/${gzipSync(value).toString('base64url')}`)).toContain('base64+gzip');
  });

  test('a member of a zip archive is opened', async () => {
    const { deflateRawSync } = await import('node:zlib');
    const data = deflateRawSync(`[default]\nkey=${value}`);
    const header = Buffer.alloc(30);
    header.write('PK\x03\x04', 'latin1');
    header.writeUInt16LE(8, 8);
    header.writeUInt16LE(4, 26);
    expect(await hitsOf(Buffer.concat([header, Buffer.from('cred'), data, Buffer.alloc(60)]))).toEqual(['zip']);
  });

  test('a list of pieces is joined', async () => {
    expect(await hitsOf(JSON.stringify(value.match(/.{1,7}/g)))).toEqual(['joined']);
  });

  test('a value that a URL lower-cased is found in the host name', () => {
    expect(search.findName(`${value.toLowerCase().replace('_', '-')}.x.invalid`, 'host')).toEqual([]);
    expect(search.findName(`${value.toLowerCase()}.x.invalid`, 'host')).toEqual([
      { canary: 'c1', encoding: 'raw', where: 'host' },
    ]);
  });

  test('two canaries in one message are both named', () => {
    expect(search.find(`h=tanvir-devbook-4f1c92&t=${value}`, 'query').map(({ canary }) => canary)).toEqual([
      'c2',
      'c1',
    ]);
  });

  test('a canary too short to be unique is refused', () => {
    expect(() => new CanarySearch([{ id: 'c9', kind: 'dotenv', value: 'hunter2' }])).toThrow(/c9 has 7 bytes/);
  });
});

describe('limits', () => {
  test('a compressed body larger than the limit is searched up to it and said to be cut', async () => {
    const small = new CanarySearch([{ id: 'c1', kind: 'npm_token', value }], {
      ...searchLimits,
      unpackedBytes: 100_000,
    });
    const bomb = gzipSync(Buffer.concat([Buffer.from(value), Buffer.alloc(5_000_000)]));
    const stream = small.stream('body');
    await stream.push(bomb);
    expect(await stream.finish()).toEqual({
      hits: [{ canary: 'c1', encoding: 'gzip', where: 'body' }],
      truncated: true,
    });
  });

  test('windows of unfinished bodies stay within their common memory', async () => {
    const small = new CanarySearch([{ id: 'c1', kind: 'npm_token', value }], {
      ...searchLimits,
      allWindowsBytes: 1000,
    });
    const streams = Array.from({ length: 10 }, () => small.stream('body'));
    for (const stream of streams) await stream.push(Buffer.alloc(600, 'x'));
    expect(small.reserve(10)).toBe(0);
    for (const stream of streams) await stream.finish();
    expect(small.reserve(2000)).toBe(1000);
  });

  test('a member with a lying compression header yields no error', async () => {
    expect(await hitsOf(Buffer.concat([Buffer.from([0x1f, 0x8b, 0x08, 0x00]), Buffer.alloc(500, 7)]))).toEqual([]);
    expect(await hitsOf(gzipSync(`${value}${'lorem ipsum '.repeat(9)}`).subarray(0, -12))).toContain('gzip');
  });
});

describe('values sent in parts', () => {
  const chunks = (text: string, size: number) => text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
  const send = (names: string[]) => {
    const joiner = new ChunkJoiner(search);
    return names.flatMap((name) => piecesOfName(name).flatMap((piece) => joiner.add(piece, 'dns')));
  };

  test('chunks in DNS labels are joined over queries, each asked for twice', () => {
    const names = chunks(Buffer.from(value).toString('hex'), 14).flatMap((chunk, at) => [
      `${chunk}.${at}.t.evil.invalid`,
      `${chunk}.${at}.t.evil.invalid`,
    ]);
    expect(send(names)).toContainEqual({ canary: 'c1', encoding: 'split+hex', where: 'dns' });
  });

  test('numbered chunks are joined in any order', () => {
    const names = chunks(Buffer.from(value).toString('hex'), 16).map((chunk, at) => `${at}-${chunk}.evil.invalid`);
    const shuffled = [3, 0, 4, 1, 2].map((at) => names[at]).filter((name) => name !== undefined);
    expect(shuffled).toHaveLength(names.length);
    expect(send(shuffled)).toContainEqual({ canary: 'c1', encoding: 'split+hex', where: 'dns' });
  });

  test('labels of one name are joined', () => {
    const name = `${chunks(Buffer.from(value).toString('base64url'), 20).join('.')}.evil.invalid`;
    expect(search.findName(name, 'dns').length + send([name]).length).toBeGreaterThan(0);
  });

  test('chunks in query parameters, paths and JSON members are joined', () => {
    for (const write of [
      (chunk: string, at: number) => [`/p?i=${at}&d=${chunk}`, ''],
      (chunk: string, at: number) => [`/p/${at}/${chunk}`, ''],
      (chunk: string, at: number) => ['/p', JSON.stringify({ i: at, data: chunk })],
      (chunk: string) => ['/p', chunk],
    ]) {
      const joiner = new ChunkJoiner(search);
      const hits = chunks(value, 9).flatMap((chunk, at) => {
        const [target = '', body = ''] = write(chunk, at);
        return piecesOfRequest('evil.invalid', target, body).flatMap((piece) => joiner.add(piece, 'body'));
      });
      expect(hits).toEqual([{ canary: 'c1', encoding: 'split', where: 'body' }]);
    }
  });

  test('chunks to different parents are not joined', () => {
    const names = chunks(value, 10).map((chunk, at) => `${chunk}.host${at}.invalid`);
    expect(send(names)).toEqual([]);
  });

  test('the number of remembered series is bounded', () => {
    const joiner = new ChunkJoiner(search, { tailBytes: 100, maxSeries: 2, maxIndexed: 10 });
    joiner.add({ series: 'a', text: value.slice(0, 20) }, 'dns');
    for (const series of ['b', 'c', 'd']) joiner.add({ series, text: 'padding' }, 'dns');
    expect(joiner.add({ series: 'a', text: value.slice(20) }, 'dns')).toEqual([]);
  });
});
