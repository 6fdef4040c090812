import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@assay/kernel';
import { makeIdentity, type PublishedPackage, startRegistry } from '@assay/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadNpmConfig } from './config.ts';
import { fetchNpm } from './fetch.ts';
import { npmLimits } from './limits.ts';
import { resolveNpm } from './resolve.ts';
import { NpmSource } from './source.ts';

const published: PublishedPackage = { versions: { '1.0.0': {} } };

let home: string;
let source: NpmSource | undefined;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'assay-connection-'));
});
afterEach(async () => {
  await source?.close();
  source = undefined;
  await rm(home, { recursive: true, force: true });
});

/** Resolves and fetches with `npmrc` as the user's only configuration. */
async function tryWith(npmrc: string, packageName: string) {
  await writeFile(join(home, '.npmrc'), npmrc);
  const config = await loadNpmConfig({ cwd: home, env: { HOME: home } });
  const limits = { ...npmLimits, backoffMs: 1 };
  source = new NpmSource({ config, cacheDir: join(home, 'cache'), clock: systemClock, limits });
  const resolved = await resolveNpm(source, { packageName });
  return { resolved, fetched: await fetchNpm(source, resolved) };
}

it('a registry with a private authority is trusted through cafile, and refused without', async () => {
  const identity = makeIdentity();
  const registry = await startRegistry({ packages: { x: published }, tls: identity });
  await expect(tryWith(`registry=${registry.url}\n`, 'x')).rejects.toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
  });
  await writeFile(join(home, 'ca.pem'), identity.cert);
  const { fetched } = await tryWith(`registry=${registry.url}\ncafile=${join(home, 'ca.pem')}\n`, 'x');
  expect(fetched.verifiedBy).toBe('sha512');
  await registry.close();
});

it('a scope goes to its registry with its token, and the token goes nowhere else', async () => {
  const open = await startRegistry({ packages: { x: published } });
  const closed = await startRegistry({ packages: { '@private/x': published }, token: 'secret-token', prefix: '/npm' });
  const place = closed.url.replace('http:', '');
  const npmrc = `registry=${open.url}\n@private:registry=${closed.url}\n${place}:_authToken=secret-token\n`;
  const { resolved } = await tryWith(npmrc, '@private/x');
  expect(resolved).toMatchObject({ registry: closed.url, usedCredentials: true });
  await source?.close();
  expect((await tryWith(npmrc, 'x')).resolved).toMatchObject({ registry: open.url, usedCredentials: false });
  expect(closed.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer secret-token',
    'Bearer secret-token',
  ]);
  expect(open.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  await Promise.all([open.close(), closed.close()]);
});

it('a tarball on another host is fetched without the registry token', async () => {
  const other = await startRegistry({ packages: { x: published } });
  const registry = await startRegistry({
    packages: { x: { versions: { '1.0.0': { tarballUrl: `${other.url}x/-/x-1.0.0.tgz` } } } },
    token: 'secret-token',
  });
  const { fetched } = await tryWith(
    `registry=${registry.url}\n${registry.url.replace('http:', '')}:_authToken=secret-token\n`,
    'x',
  );
  expect(fetched.verifiedBy).toBe('sha512');
  expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  await Promise.all([other.close(), registry.close()]);
});

it('a tarball that a mirroring registry still announces on the public host is asked of the mirror', async () => {
  const { default: table } = await import('@npmcli/config/lib/definitions/index.js');
  const publicRegistry = String(table.definitions.registry?.default);
  const registry = await startRegistry({
    packages: { x: { versions: { '1.0.0': { tarballUrl: `${publicRegistry}x/-/x-1.0.0.tgz` } } } },
  });
  await tryWith(`registry=${registry.url}\n`, 'x');
  expect(registry.requests.map(({ path }) => path)).toEqual(['/x', '/x/-/x-1.0.0.tgz']);
  await registry.close();
});

it('requests go through the configured proxy', async () => {
  const registry = await startRegistry({
    packages: { x: { versions: { '1.0.0': { tarballUrl: 'http://registry.test/x/-/x-1.0.0.tgz' } } } },
  });
  const { hostname, port } = new URL(registry.url);
  const seen: string[] = [];
  const proxy = createServer((request, response) => {
    const { host, pathname } = new URL(request.url ?? '');
    seen.push(host);
    httpRequest({ hostname, port, path: pathname, headers: request.headers }, (upstream) => {
      response.writeHead(upstream.statusCode ?? 502, upstream.headers);
      upstream.pipe(response);
    }).end();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`;
  await tryWith(`registry=http://registry.test/\nproxy=${address}\nhttps-proxy=${address}\n`, 'x');
  expect(seen).toEqual(['registry.test', 'registry.test']);
  proxy.closeAllConnections();
  proxy.close();
  await registry.close();
});
