import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptKey, FrameReader } from './websocket.ts';

/** A client's frame: masked, with the shortest length form. */
function clientFrame(opcode: number, payload: Uint8Array, mask: Uint8Array): Buffer {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, mask, payload.map((byte, at) => byte ^ mask[at & 3]!)]);
}

test('the accept key is that of RFC 6455', () => {
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test('payload comes out unmasked however the frames are cut', () => {
  const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), bytes4)),
      fc.integer({ min: 1, max: 60 }),
      (frames, size) => {
        const wire = Buffer.concat(frames.map(([payload, mask]) => clientFrame(2, payload, mask)));
        const reader = new FrameReader();
        const out: Buffer[] = [];
        for (let at = 0; at < wire.length; at += size) out.push(reader.read(wire.subarray(at, at + size)).payload);
        expect(Buffer.concat(out)).toEqual(Buffer.concat(frames.map(([payload]) => payload)));
      },
    ),
  );
});

test('a ping is answered with its payload and a close with a close', () => {
  const reader = new FrameReader();
  const mask = Uint8Array.of(1, 2, 3, 4);
  expect(reader.read(clientFrame(9, Buffer.from('hi'), mask)).reply).toEqual(Buffer.from([0x8a, 2, 0x68, 0x69]));
  expect(reader.read(clientFrame(8, Buffer.alloc(0), mask)).reply).toEqual(Buffer.from([0x88, 0]));
});

test('a frame that claims to be enormous is passed on without being held', () => {
  const reader = new FrameReader();
  reader.read(Buffer.from('82ff7fffffffffffffff01020304', 'hex'));
  for (let turn = 0; turn < 100; turn++) expect(reader.read(Buffer.alloc(1000)).payload).toHaveLength(1000);
});
