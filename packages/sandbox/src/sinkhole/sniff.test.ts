import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseClientHello, protocolOf } from './sniff.ts';

/** The first bytes that a TLS client sends. */
function clientHello(servername: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write(chunk: Buffer) {
        resolve(chunk);
      },
    });
    connect({ socket: wire, servername, rejectUnauthorized: false });
  });
}

test('a ClientHello is recognised, names its server, and asks for more bytes until it is whole', async () => {
  const hello = await clientHello('Collect.invalid');
  expect(protocolOf(hello)).toBe('tls');
  expect(parseClientHello(hello)).toEqual({ serverName: 'collect.invalid' });
  for (const cut of [1, 4, 5, 60, hello.length - 1])
    expect(parseClientHello(hello.subarray(0, cut))).toBe('incomplete');
});

test('a ClientHello without a name has none', async () => {
  expect(parseClientHello(await clientHello(''))).toEqual({});
});

test('a damaged ClientHello never throws', async () => {
  const hello = await clientHello('x.invalid');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 8 }), (edits) => {
      const damaged = Buffer.from(hello);
      for (const [at, byte] of edits) damaged[at] = byte;
      parseClientHello(damaged);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['GET / HTTP/1.1\r\n', 'http'],
  ['POST http://x.invalid/ HTTP/1.1\r\n', 'http'],
  ['CONNECT x.invalid:443 HTTP/1.1\r\n', 'http'],
  ['OPTIONS * HTTP/1.1\r\n', 'http'],
  ['PROPFIND /dav HTTP/1.1\r\n', 'http'],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'raw'],
  ['EHLO host\r\n', 'raw'],
  ['{"id":1,"method":"mining.subscribe"}\n', 'raw'],
  ['SSH-2.0-client\r\n', 'raw'],
  ['\x16\x02\x01', 'raw'],
  ['GET host\r\n', 'raw'],
  ['', undefined],
  ['GET ', undefined],
  ['GET http:/', undefined],
  ['PO', undefined],
  ['\x16\x03', undefined],
])('%j is %s', (text, protocol) => {
  expect(protocolOf(Buffer.from(text, 'latin1'))).toBe(protocol);
});
