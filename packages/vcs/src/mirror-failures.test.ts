import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitRepositoryData, type GitServer, startGitServer } from '@assay/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Access } from './endpoint.ts';
import { type VcsLimits, vcsLimits } from './limits.ts';
import { Mirrors } from './mirrors.ts';

const data: GitRepositoryData = {
  commits: [
    { id: 'one', files: { 'README.md': 'one\n', 'src/a.js': 'a1\n' } },
    {
      id: 'three',
      files: {
        'README.md': 'three\n',
        'src/a.js': 'a2\n',
        ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}/x`, `${i}`])),
      },
    },
  ],
};

let server: GitServer;
let cacheDir: string;

beforeAll(async () => {
  server = await startGitServer();
});
afterAll(async () => {
  await server.close();
});
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'assay-vcs-'));
});
afterEach(async () => {
  server.heal();
  await rm(cacheDir, { recursive: true, force: true });
});

const open: Access = { protocols: ['http', 'file'], allowPrivateAddresses: true, allowPorts: true };
const mirrorsWith = (limits: Partial<VcsLimits> = {}, access: Access = open): Mirrors =>
  new Mirrors({ cacheDir, maxCacheBytes: 1e9, access, limits: { ...vcsLimits, ...limits } });
const generous = { maxBytes: 1e6, maxTotalBytes: 1e7 };

describe('what cannot be had is a clear error', () => {
  const failing = async (name: string, limits: Partial<VcsLimits> = {}, access: Access = open): Promise<unknown> => {
    const { commits } = await server.add(name, data);
    const attempt = mirrorsWith(limits, access).use(`${server.url}/${name}`, async (mirror) => {
      await mirror.fetchCommit(commits.three ?? '');
    });
    return await attempt.catch((error: unknown) => error);
  };

  it.each([401, 403, 404, 410, 451])('a host that answers %d has no such repository for us', async (status) => {
    server.fail('o/gone', { kind: 'status', status });
    expect(await failing('o/gone')).toMatchObject({ code: 'REPOSITORY_NOT_FOUND', facts: { status } });
  });

  it.each([429, 500, 503])('a host that answers %d is unreachable', async (status) => {
    server.fail('o/down', { kind: 'status', status });
    expect(await failing('o/down')).toMatchObject({ code: 'REPOSITORY_UNREACHABLE' });
  });

  it('a page of HTML is no repository', async () => {
    server.fail('o/html', { kind: 'html' });
    expect(await failing('o/html')).toMatchObject({ code: 'REPOSITORY_INVALID' });
  });

  it('a server that never answers ends at the deadline', async () => {
    server.fail('o/silent', { kind: 'silent' });
    expect(await failing('o/silent', { refsDeadlineMs: 300 })).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('a pack that stops halfway ends at the deadline', async () => {
    server.fail('o/stall', { kind: 'stall', afterBytes: 300 });
    expect(await failing('o/stall', { fetchDeadlineMs: 700 })).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('what has come is told while it comes', async () => {
    const { url, commits } = await server.add('o/slow', {
      commits: [{ id: 'x', files: { blob: randomBytes(900_000) } }],
    });
    const received: number[] = [];
    await mirrorsWith({ fetchDeadlineMs: 1500 }).use(url, async (mirror) => {
      await mirror.fetchCommit(commits.x ?? '');
      const [entry] = await mirror.tree(commits.x ?? '');
      server.fail('o/slow', { kind: 'stall', afterBytes: 600_000 });
      const onProgress = (bytes: number): void => void received.push(bytes);
      await expect(mirror.fetchBlobs([entry?.blob ?? ''], { onProgress })).rejects.toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      });
    });
    expect(Math.max(...received)).toBeGreaterThan(300_000);
  });

  it('a pack that is cut off is unsound, leaves nothing, and is fetched again in full', async () => {
    server.fail('o/cut', { kind: 'truncated', afterBytes: 300 });
    expect(await failing('o/cut')).toMatchObject({ code: 'REPOSITORY_INVALID' });
    server.heal();
    expect(await failing('o/cut')).toBeUndefined();
  });

  it('a pack larger than its quota is stopped, leaves nothing, and does not spoil the mirror', async () => {
    const files = { blob: randomBytes(400_000), other: 'small\n' };
    const { url, commits } = await server.add('o/huge', { commits: [{ id: 'x', files }] });
    await mirrorsWith({ maxPackBytes: 100_000 }).use(url, async (mirror) => {
      await mirror.fetchCommit(commits.x ?? '');
      const [blob = '', other = ''] = (await mirror.tree(commits.x ?? '')).map((entry) => entry.blob);
      await expect(mirror.blobs([blob], generous)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      const packs = await readdir(join(mirror.dir, 'objects/pack'));
      expect(packs.filter((name) => name.startsWith('tmp'))).toEqual([]);
      expect((await mirror.blobs([other], generous)).get(other)?.kind).toBe('read');
    });
  });

  it('a commit that is not there is REF_NOT_FOUND', async () => {
    const { url } = await server.add('o/missing', data);
    await mirrorsWith().use(url, async (mirror) => {
      await expect(mirror.fetchCommit('12'.repeat(20))).rejects.toMatchObject({ code: 'REF_NOT_FOUND' });
      await expect(mirror.fetchCommit('main')).rejects.toMatchObject({ code: 'REF_NOT_FOUND' });
      await expect(mirror.fetchCommit('--upload-pack=id')).rejects.toMatchObject({ code: 'REF_NOT_FOUND' });
    });
  });

  it('an interrupted fetch says so and is made again', async () => {
    const { url, commits } = await server.add('o/stopped', data);
    server.fail('o/stopped', { kind: 'stall', afterBytes: 300 });
    const mirrors = mirrorsWith();
    const controller = new AbortController();
    const stopped = mirrors.use(url, async (mirror) => {
      setTimeout(() => controller.abort(), 300);
      await mirror.fetchCommit(commits.three ?? '', { signal: controller.signal });
    });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    server.heal();
    await mirrors.use(url, async (mirror) => {
      await mirror.fetchCommit(commits.three ?? '');
      expect(await mirror.has(commits.three ?? '')).toBe(true);
    });
  });
});

describe('redirects', () => {
  it('to the same host are followed', async () => {
    const { commits } = await server.add('o/new-name', data);
    server.fail('o/old-name', { kind: 'redirect', location: `${server.url}/o/new-name` });
    await mirrorsWith().use(`${server.url}/o/old-name`, async (mirror) => {
      await mirror.fetchCommit(commits.one ?? '');
      expect(await mirror.has(commits.one ?? '')).toBe(true);
    });
  });

  it('to another host are refused before it is contacted, unless both are allowed', async () => {
    const { commits } = await server.add('o/target', data);
    const elsewhere = server.url.replace('127.0.0.1', 'localhost');
    server.fail('o/away', { kind: 'redirect', location: `${elsewhere}/o/target` });
    const away = async (access: Access): Promise<void> =>
      await mirrorsWith({}, access).use(
        `${server.url}/o/away`,
        async (mirror) => await mirror.fetchCommit(commits.one ?? ''),
      );
    const before = server.requests.length;
    await expect(away(open)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect(server.requests.slice(before).every(({ path }) => path.startsWith('/o/away/'))).toBe(true);
    const lookup = async (): Promise<string[]> => ['127.0.0.1'];
    await away({ ...open, lookup, allowedHosts: ['127.0.0.1', 'localhost'] });
  });

  it.each([
    ['file:///etc', 'PROTOCOL_REFUSED'],
    ['ftp://127.0.0.1/x', 'PROTOCOL_REFUSED'],
  ])('to %s are refused', async (location, code) => {
    server.fail('o/odd', { kind: 'redirect', location });
    const access: Access = { ...open, protocols: ['http'] };
    const attempt = mirrorsWith({}, access).use(`${server.url}/o/odd`, async (mirror) => await mirror.refs(0));
    await expect(attempt).rejects.toMatchObject({ code });
  });

  it('of the pack itself, after the refs looked right, are not followed', async () => {
    const { url, commits } = await server.add('o/late', data);
    server.fail('o/late', { kind: 'redirect-pack', location: `${server.url}/o/trap` });
    const before = server.requests.length;
    await mirrorsWith().use(url, async (mirror) => {
      await expect(mirror.fetchCommit(commits.one ?? '')).rejects.toMatchObject({ code: 'REPOSITORY_UNREACHABLE' });
    });
    expect(server.requests.slice(before).some(({ path }) => path.startsWith('/o/trap'))).toBe(false);
  });

  it('in circles end', async () => {
    server.fail('o/circle', { kind: 'redirect', location: `${server.url}/o/circle` });
    await mirrorsWith().use(`${server.url}/o/circle`, async (mirror) => {
      await expect(mirror.refs(0)).rejects.toMatchObject({ code: 'REPOSITORY_UNREACHABLE' });
    });
  });
});

it('a loopback server is refused when private addresses are not allowed, and hears nothing', async () => {
  const { url } = await server.add('o/private', data);
  const before = server.requests.length;
  const attempt = mirrorsWith({}, { ...open, allowPrivateAddresses: false }).use(
    url,
    async (mirror) => await mirror.refs(0),
  );
  await expect(attempt).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  expect(server.requests.length).toBe(before);
});

it('connections go to the address that was checked, whatever the name says later', async () => {
  const { url, commits } = await server.add('o/pinned', data);
  const named = url.replace('127.0.0.1', 'forge.test');
  const access: Access = { ...open, lookup: async () => ['127.0.0.1'] };
  await mirrorsWith({}, access).use(named, async (mirror) => {
    await mirror.fetchCommit(commits.one ?? '');
    expect(await mirror.has(commits.one ?? '')).toBe(true);
  });
});
