import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { packPackage, type Registry, startRegistry } from '@assay/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openScratch, type Scratch } from '../npm/scratch.ts';
import { type Mirror, type MirrorRequest, startMirror } from './mirror.ts';
import { registryManifest } from './overlay.ts';

const baseUrl = 'https://packages.example/npm/';
const abbreviated = { accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*' };

let registry: Registry;
let scratch: Scratch;
let mirror: Mirror;
let seen: MirrorRequest[];
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

beforeEach(async () => {
  registry = await startRegistry({
    packages: {
      'left-pad': { versions: { '1.0.0': {}, '1.1.0': { manifest: { scripts: { test: 'x' } } } } },
      '@scope/left-pad': { versions: { '1.0.0': {} } },
      big: { versions: { '1.0.0': { tarball: Buffer.alloc(3_000_000, 7) } } },
    },
  });
  await open();
});
afterEach(async () => {
  agent.destroy();
  await mirror.close();
  await scratch.close();
  await registry.close();
});

async function open(options: { baseUrl?: string; maxRegistryRequests?: number } = {}) {
  scratch = await openScratch({ registry: registry.url, baseUrl: options.baseUrl ?? baseUrl });
  seen = [];
  mirror = await startMirror({
    source: scratch.source,
    socketPath: join(scratch.folder, 'mirror.sock'),
    onRequest: (request) => void seen.push(request),
    maxRegistryRequests: options.maxRegistryRequests ?? 100,
  });
}

async function reopen(options: Parameters<typeof open>[0]) {
  await mirror.close();
  await scratch.close();
  await open(options);
}

type Reply = { status: number; headers: IncomingHttpHeaders; body: Buffer };

async function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  const { method = 'GET', headers = {}, body } = options;
  const request = httpRequest({ socketPath: mirror.socketPath, path, method, headers, agent });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

const packument = async (path: string, headers: Record<string, string> = {}) =>
  JSON.parse((await ask(path, { headers })).body.toString());

describe('packuments', () => {
  it.each(['/npm/@scope%2fleft-pad', '/npm/@scope/left-pad', '/npm/%40scope%2Fleft-pad'])(
    '%s is one package',
    async (path) => {
      expect(await packument(path)).toMatchObject({ name: '@scope/left-pad' });
      expect(seen[0]).toMatchObject({
        kind: 'packument',
        packageName: '@scope/left-pad',
        status: 200,
        from: 'registry',
      });
    },
  );

  it('send the client for tarballs to the address it knows, wherever they really are', async () => {
    registry.publish('elsewhere', { versions: { '1.0.0': { tarballUrl: 'https://cdn.example/download/abc' } } });
    const { versions } = await packument('/npm/left-pad');
    expect(versions['1.1.0'].dist.tarball).toBe('https://packages.example/npm/left-pad/-/left-pad-1.1.0.tgz');
    expect((await packument('/npm/elsewhere')).versions['1.0.0'].dist.tarball).toBe(
      'https://packages.example/npm/elsewhere/-/elsewhere-1.0.0.tgz',
    );
    expect((await packument('/npm/@scope%2fleft-pad')).versions['1.0.0'].dist.tarball).toBe(
      'https://packages.example/npm/@scope/left-pad/-/left-pad-1.0.0.tgz',
    );
  });

  it('that need no change are passed on byte for byte', async () => {
    await reopen({ baseUrl: registry.url });
    const direct = await fetch(`${registry.url}left-pad`);
    expect((await ask('/left-pad')).body.toString()).toBe(await direct.text());
  });

  it('are abbreviated when the client asks so, and whole otherwise', async () => {
    const short = await ask('/npm/left-pad', { headers: abbreviated });
    expect(JSON.parse(short.body.toString()).versions['1.1.0']).not.toHaveProperty('scripts');
    expect(await packument('/npm/left-pad')).toMatchObject({ versions: { '1.1.0': { scripts: { test: 'x' } } } });
    expect(registry.requests.map(({ headers }) => headers.accept?.includes('install-v1'))).toEqual([true, false]);
  });

  it('say for how long they stay fresh, and are answered with 304 to who has them', async () => {
    const first = await ask('/npm/left-pad');
    expect(first.headers['cache-control']).toBe('public, max-age=300');
    scratch.clock.advance(100_500);
    const again = await ask('/npm/left-pad', { headers: { 'if-none-match': `"other", W/${first.headers.etag}` } });
    expect(again).toMatchObject({
      status: 304,
      headers: { etag: first.headers.etag, 'cache-control': 'public, max-age=199' },
    });
    expect(again.body).toHaveLength(0);
    expect((await ask('/npm/left-pad', { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect(registry.requests).toHaveLength(1);
  });

  it('change their entity tag when they change', async () => {
    const { headers } = await ask('/npm/left-pad');
    registry.publish('left-pad', { versions: { '2.0.0': {} } });
    scratch.clock.advance(300_000);
    const again = await ask('/npm/left-pad', { headers: { 'if-none-match': String(headers.etag) } });
    expect(again.status).toBe(200);
    expect(again.headers.etag).not.toBe(headers.etag);
  });

  it('come from memory, then for another process from disk, without asking the registry', async () => {
    await ask('/npm/left-pad');
    await ask('/npm/left-pad');
    const other = await startMirror({
      source: await scratch.reopen(),
      socketPath: join(scratch.folder, 'other.sock'),
      onRequest: (request) => void seen.push(request),
      maxRegistryRequests: 0,
    });
    const first = mirror;
    mirror = other;
    await ask('/npm/left-pad');
    expect(seen.map(({ from }) => from)).toEqual(['registry', 'memory', 'disk']);
    expect(registry.requests).toHaveLength(1);
    await other.close();
    mirror = first;
  });
});

describe('tarballs', () => {
  it('are served verified, with their digest as entity tag', async () => {
    const reply = await ask('/npm/@scope/left-pad/-/left-pad-1.0.0.tgz');
    expect(reply.body).toEqual(packPackage({ name: '@scope/left-pad', version: '1.0.0' }));
    expect(reply.headers['cache-control']).toContain('immutable');
    expect(seen[0]).toMatchObject({
      kind: 'tarball',
      packageName: '@scope/left-pad',
      version: '1.0.0',
      from: 'registry',
    });
    await ask('/npm/@scope/left-pad/-/left-pad-1.0.0.tgz');
    expect(seen[1]).toMatchObject({ from: 'disk', sizeBytes: reply.body.length });
  });

  it('larger than what is sent in one piece arrive whole', async () => {
    const reply = await ask('/npm/big/-/big-1.0.0.tgz');
    expect(reply.body.equals(Buffer.alloc(3_000_000, 7))).toBe(true);
    expect(reply.headers['content-length']).toBe('3000000');
  });

  it('of versions that the registry does not list are 404, whatever the registry has at that path', async () => {
    registry.fail('/left-pad/-/left-pad-9.9.9.tgz', { kind: 'bytes', bytes: Buffer.from('unlisted') });
    expect(await ask('/npm/left-pad/-/left-pad-9.9.9.tgz')).toMatchObject({ status: 404 });
    expect(seen[0]).toMatchObject({ errorCode: 'VERSION_NOT_FOUND' });
    expect(registry.requests.map(({ path }) => path)).toEqual(['/left-pad']);
  });

  it('that differ from the announced digest are not passed on', async () => {
    registry.fail('/left-pad/-/left-pad-1.0.0.tgz', { kind: 'bytes', bytes: Buffer.from('other bytes') });
    const reply = await ask('/npm/left-pad/-/left-pad-1.0.0.tgz');
    expect(reply.status).toBe(502);
    expect(reply.body.toString()).not.toContain('other bytes');
    expect(seen[0]).toMatchObject({ errorCode: 'DIGEST_MISMATCH' });
  });
});

describe('what is refused', () => {
  it('a publish is recorded and refused, and nothing of it reaches the registry', async () => {
    const reply = await ask('/npm/left-pad', {
      method: 'PUT',
      body: '{"_attachments":{}}',
      headers: { authorization: 'Bearer decoy' },
    });
    expect(reply.status).toBe(403);
    expect(seen).toMatchObject([
      { method: 'PUT', path: '/npm/left-pad', kind: 'publish', packageName: 'left-pad', status: 403 },
    ]);
    expect(registry.requests).toEqual([]);
  });

  it.each(['POST', 'DELETE', 'PATCH', 'OPTIONS'])('%s is 405', async (method) => {
    const reply = await ask('/npm/left-pad', { method });
    expect(reply).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(seen).toMatchObject([{ method, kind: 'other', status: 405 }]);
  });

  it.each([
    '/npm/-/whoami',
    '/npm/-/npm/v1/user',
    '/npm/-/v1/search?text=x',
    '/npm/..%2f..%2fetc%2fpasswd',
    '/npm/../left-pad',
    '/left-pad',
    '/npmleft-pad',
    '/npm',
    'http://registry.example/npm/left-pad',
    '/npm/left-pad/-/../../x.tgz',
  ])('%s is 403 and asks nobody', async (path) => {
    expect((await ask(path)).status).toBe(403);
    expect(seen).toMatchObject([{ path, kind: 'other', status: 403 }]);
    expect(registry.requests).toEqual([]);
  });

  it('no header of the sandbox goes to the registry', async () => {
    await ask('/npm/left-pad', {
      headers: { authorization: 'Bearer decoy', cookie: 'a=b', 'x-leak': 'secret', 'user-agent': 'leak' },
    });
    expect(JSON.stringify(registry.requests[0]?.headers)).not.toMatch(/decoy|a=b|secret|leak/);
  });

  it('an unknown package is 404, and is not asked for again at once', async () => {
    expect((await ask('/npm/no-such-package')).status).toBe(404);
    expect((await ask('/npm/no-such-package')).status).toBe(404);
    expect(registry.requests).toHaveLength(1);
    registry.publish('no-such-package', { versions: { '1.0.0': {} } });
    scratch.clock.advance(60_000);
    expect((await ask('/npm/no-such-package')).status).toBe(200);
  });

  it('a registry that fails is 502 with our code', async () => {
    registry.fail('/left-pad', { kind: 'html' });
    expect((await ask('/npm/left-pad')).status).toBe(502);
    expect(seen).toMatchObject([{ status: 502, errorCode: 'REGISTRY_UNREACHABLE' }]);
  });

  it('beyond the allowance only what is cached is served', async () => {
    await reopen({ maxRegistryRequests: 1 });
    expect((await ask('/npm/left-pad')).status).toBe(200);
    expect((await ask('/npm/@scope%2fleft-pad')).status).toBe(403);
    expect((await ask('/npm/left-pad')).status).toBe(200);
    expect(registry.requests).toHaveLength(1);
  });

  it('an endless body is cut off', async () => {
    const socket = connect(mirror.socketPath);
    socket.write('PUT /npm/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pour);
    socket.on('error', () => socket.destroy());
    pour();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(seen).toMatchObject([{ kind: 'publish' }]);
  });

  it('bytes that are no HTTP close their connection only', async () => {
    const socket = connect(mirror.socketPath);
    socket.end('\u0016\u0003\u0001 not http\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect((await ask('/npm/left-pad')).status).toBe(200);
  });
});

describe('HEAD', () => {
  it('has the headers of GET and no body', async () => {
    const got = await ask('/npm/left-pad');
    const head = await ask('/npm/left-pad', { method: 'HEAD' });
    expect(head.body).toHaveLength(0);
    expect(head.headers['content-length']).toBe(String(got.body.length));
  });
});

describe('many at once', () => {
  it('cause one question each to the registry', async () => {
    const paths = ['/npm/left-pad', '/npm/left-pad/-/left-pad-1.0.0.tgz'];
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ask(paths[i % 2] ?? '', { headers: abbreviated })),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(registry.requests.map(({ path }) => path).sort()).toEqual(['/left-pad', '/left-pad/-/left-pad-1.0.0.tgz']);
  });

  it('keep one connection open', async () => {
    const single = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    for (const path of ['/npm/left-pad', '/npm/nope', '/npm/-/ping', '/npm/left-pad/-/left-pad-1.0.0.tgz']) {
      const request = httpRequest({ socketPath: mirror.socketPath, path, agent: single }).end();
      const [response] = await once(request, 'response');
      sockets.add(request.socket);
      response.resume();
      await once(response, 'end');
    }
    expect(sockets.size).toBe(1);
    single.destroy();
  });
});

describe('an added archive', () => {
  const bytes = packPackage({ name: 'left-pad', version: '3.0.0', scripts: { postinstall: 'node x.js' } });
  const manifest = registryManifest({ name: 'left-pad', version: '3.0.0', scripts: { postinstall: 'node x.js' } }, []);

  it('appears as a version beside those of the registry', async () => {
    mirror.addArchive({ name: 'left-pad', version: '3.0.0', manifest, bytes });
    const { versions, 'dist-tags': tags } = await packument('/npm/left-pad', abbreviated);
    expect(Object.keys(versions)).toEqual(['1.0.0', '1.1.0', '3.0.0']);
    expect(tags).toEqual({ latest: '1.1.0' });
    expect(versions['3.0.0']).toMatchObject({
      hasInstallScript: true,
      dist: { integrity: expect.stringMatching(/^sha512-/) },
    });
    const path = new URL(versions['3.0.0'].dist.tarball).pathname;
    expect((await ask(path)).body).toEqual(bytes);
    expect(seen.map(({ from }) => from)).toEqual(['overlay', 'overlay']);
  });

  it('replaces the version of the same name, with its own digest', async () => {
    mirror.addArchive({ name: 'left-pad', version: '1.1.0', manifest, bytes });
    const { versions } = await packument('/npm/left-pad');
    expect(versions['1.1.0']).toMatchObject({ name: 'left-pad', version: '1.1.0', hasInstallScript: true });
    expect((await ask('/npm/left-pad/-/left-pad-1.1.0.tgz')).body).toEqual(bytes);
    expect((await ask('/npm/left-pad/-/left-pad-1.0.0.tgz')).body).not.toEqual(bytes);
  });

  it('of a package that no registry has stands alone, also when the registry is down', async () => {
    mirror.addArchive({ name: 'only-here', version: '0.1.0', manifest: {}, bytes });
    expect(await packument('/npm/only-here')).toMatchObject({ name: 'only-here', 'dist-tags': { latest: '0.1.0' } });
    await registry.close();
    mirror.addArchive({ name: 'left-pad', version: '3.0.0', manifest, bytes });
    expect(Object.keys((await packument('/npm/left-pad')).versions)).toEqual(['3.0.0']);
    registry = await startRegistry();
  });

  it('is in no other mirror and not in the shared cache', async () => {
    mirror.addArchive({ name: 'left-pad', version: '3.0.0', manifest, bytes });
    const reply = await ask('/npm/left-pad');
    expect(reply.headers['cache-control']).toBe('no-store');
    const { value } = await scratch.source.packument('left-pad', 'full');
    expect(value.body.toString()).not.toContain('3.0.0');
    await expect(scratch.source.tarballOf('left-pad', '3.0.0')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
  });

  it('named like a member of every object is a package like any other', async () => {
    mirror.addArchive({ name: 'constructor', version: '1.0.0', manifest: {}, bytes });
    expect(await packument('/npm/constructor')).toMatchObject({ versions: { '1.0.0': { name: 'constructor' } } });
    expect((await ask('/npm/toString')).status).toBe(404);
  });
});

describe('registryManifest', () => {
  it('adds what npm adds when publishing, so that an installer runs what it would run', () => {
    expect(registryManifest({ name: 'x' }, ['index.js'])).toEqual({ name: 'x' });
    expect(registryManifest({ scripts: { install: 'x' } }, [])).toMatchObject({ hasInstallScript: true });
    expect(registryManifest({ scripts: { test: 'x' } }, [])).not.toHaveProperty('hasInstallScript');
    expect(registryManifest({}, ['binding.gyp'])).toEqual({
      scripts: { install: 'node-gyp rebuild' },
      gypfile: true,
      hasInstallScript: true,
    });
    expect(registryManifest({ gypfile: false }, ['binding.gyp'])).toEqual({ gypfile: false });
    expect(registryManifest({ scripts: { preinstall: 'x' } }, ['binding.gyp'])).not.toHaveProperty('gypfile');
    expect(registryManifest({}, ['deps/binding.gyp'])).toEqual({});
    expect(registryManifest({}, ['npm-shrinkwrap.json'])).toEqual({ _hasShrinkwrap: true });
  });
});

describe('closing', () => {
  it('ends open requests and frees the socket', async () => {
    registry.fail('/left-pad', { kind: 'silence' });
    const hanging = ask('/npm/left-pad').catch((error: unknown) => error);
    while (registry.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await mirror.close();
    expect(await hanging).toBeDefined();
    await expect(ask('/npm/left-pad')).rejects.toMatchObject({ code: 'ENOENT' });
    mirror = await startMirror({
      source: scratch.source,
      socketPath: mirror.socketPath,
      onRequest: () => undefined,
      maxRegistryRequests: 1,
    });
  });
});
