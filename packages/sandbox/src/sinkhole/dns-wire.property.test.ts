import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFormatError, encodeName, encodeResponse, parseQuery } from './dns-wire.ts';

const label = fc.uint8Array({ minLength: 1, maxLength: 63 });

function queryOf(labels: readonly Uint8Array[], type: number): Buffer {
  const name = Buffer.concat([...labels.flatMap((bytes) => [Buffer.from([bytes.length]), bytes]), Buffer.from([0])]);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(1, 2);
  return Buffer.concat([Buffer.from('beef01000001000000000000', 'hex'), name, tail]);
}

test('no bytes make the reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      parseQuery(bytes);
      encodeFormatError(bytes);
    }),
    { numRuns: 2000 },
  );
});

test('a query damaged anywhere makes the reader neither throw nor loop', () => {
  fc.assert(
    fc.property(fc.array(label, { maxLength: 3 }), fc.nat(400), fc.nat(255), (labels, at, byte) => {
      const message = queryOf(labels, 16);
      message[at % message.length] = byte;
      parseQuery(message);
      parseQuery(message.subarray(0, at % message.length));
    }),
    { numRuns: 2000 },
  );
});

test('labels of any bytes are read as they were sent, and the question is repeated', () => {
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (labels) => {
      const query = parseQuery(queryOf(labels, 16));
      expect(query?.labels.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(
        labels.map((bytes) => Buffer.from(bytes).toString('hex')),
      );
      expect(query?.name).toMatch(/^[!-~]+$/);
      const response = encodeResponse(query!, 'NOERROR', [{ type: 'A', data: Uint8Array.of(1, 2, 3, 4), ttl: 9 }]);
      expect(response.subarray(12, 12 + query!.question.length).equals(query!.question)).toBe(true);
      expect(response.readUInt16BE(0)).toBe(0xbeef);
    }),
  );
});

test('a response, a pointer in the question and a name of more than 255 bytes are no queries', () => {
  const message = queryOf([Buffer.from('a')], 1);
  expect(parseQuery(message)).toBeDefined();
  const response = Buffer.from(message);
  response[2] = 0x81;
  expect(parseQuery(response)).toBeUndefined();
  const pointer = Buffer.from(message);
  pointer[12] = 0xc0;
  expect(parseQuery(pointer)).toBeUndefined();
  expect(
    parseQuery(
      queryOf(
        Array.from({ length: 5 }, () => Buffer.alloc(63, 'x')),
        1,
      ),
    ),
  ).toBeUndefined();
});

test('an unknown type is named by its number', () => {
  expect(parseQuery(queryOf([Buffer.from('a')], 4711))?.type).toBe('TYPE4711');
});

test('a name is encoded as labels', () => {
  expect(encodeName('mail.x.invalid')).toEqual(Buffer.from('\x04mail\x01x\x07invalid\0', 'latin1'));
});
