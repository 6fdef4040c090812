import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitRepositoryData, type GitServer, lfsPointer, startGitServer } from '@assay/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Access } from './endpoint.ts';
import { type VcsLimits, vcsLimits } from './limits.ts';
import { Mirrors } from './mirrors.ts';
import { parseLfsPointer } from './pointers.ts';

const data: GitRepositoryData = {
  commits: [
    { id: 'one', files: { 'README.md': 'one\n', 'src/a.js': 'a1\n' } },
    { id: 'two', files: { 'README.md': 'two\n', 'src/a.js': 'a2\n', 'run.sh': { content: 'x\n', executable: true } } },
    { id: 'side', parents: ['one'], files: { 'README.md': 'one\n', 'src/side.js': 'side\n' } },
    {
      id: 'three',
      parents: ['two'],
      files: {
        'README.md': 'three\n',
        'src/a.js': 'a2\n',
        link: { symlink: 'README.md' },
        big: lfsPointer('ab'.repeat(32), 12345),
        'vendor/lib': { submodule: 'cd'.repeat(20) },
        '.gitmodules': '[submodule "li.b"]\n\tpath = vendor/lib\n\turl = https://forge.test/o/lib\n',
      },
    },
  ],
  branches: { main: 'three', feature: 'side' },
  tags: { 'v1.0.0': 'one', 'v2.0.0': { annotated: 'two' } },
  refs: { 'refs/pull/1/head': 'side' },
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
const posts = (): number => server.requests.filter(({ method }) => method === 'POST').length;

it('branches, tags and what annotated tags point to are listed', async () => {
  const { url, commits } = await server.add('o/refs', data);
  await mirrorsWith().use(url, async (mirror) => {
    const refs = await mirror.refs(0);
    expect(refs.head).toEqual({ branch: 'main', commit: commits.three });
    expect(Object.fromEntries(refs.branches)).toEqual({ main: commits.three, feature: commits.side });
    expect(refs.tags.get('v1.0.0')).toEqual({ object: commits.one, commit: commits.one });
    expect(refs.tags.get('v2.0.0')?.commit).toBe(commits.two);
    expect(refs.tags.get('v2.0.0')?.object).not.toBe(commits.two);
  });
});

it('a commit is fetched with its trees, without its parents and without a single blob', async () => {
  const { url, commits } = await server.add('o/commit', data);
  await mirrorsWith().use(url, async (mirror) => {
    await mirror.fetchCommit(commits.two ?? '');
    const tree = await mirror.tree(commits.two ?? '');
    expect(tree.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'file README.md',
      'executable run.sh',
      'file src/a.js',
    ]);
    expect(await mirror.has(commits.one ?? '')).toBe(false);
    for (const { blob } of tree) expect(await mirror.has(blob)).toBe(false);
  });
});

it('blobs are fetched in one request, once, and read with their bytes', async () => {
  const { url, commits } = await server.add('o/blobs', data);
  const mirrors = mirrorsWith();
  const ids = await mirrors.use(url, async (mirror) => {
    await mirror.fetchCommit(commits.two ?? '');
    const tree = await mirror.tree(commits.two ?? '');
    const before = posts();
    const blobs = await mirror.blobs(
      tree.map(({ blob }) => blob),
      generous,
    );
    expect([...blobs.values()]).toEqual(
      ['two\n', 'x\n', 'a2\n'].map((text) => ({ kind: 'read', bytes: Buffer.from(text) })),
    );
    expect(posts() - before).toBe(1);
    return [...blobs.keys()];
  });
  const before = server.requests.length;
  await mirrors.use(url, async (mirror) => expect((await mirror.blobs(ids, generous)).size).toBe(3));
  expect(server.requests.length).toBe(before);
});

it('a blob beyond its limit is named and not read, and all together are refused before any is read', async () => {
  const files = { small: 's', large: 'l'.repeat(5000) };
  const { url, commits } = await server.add('o/limits', { commits: [{ id: 'x', files }] });
  await mirrorsWith().use(url, async (mirror) => {
    await mirror.fetchCommit(commits.x ?? '');
    const [large = '', small = ''] = (await mirror.tree(commits.x ?? '')).map(({ blob }) => blob);
    const blobs = await mirror.blobs([large, small], { maxBytes: 1000, maxTotalBytes: 1000 });
    expect(blobs.get(large)).toEqual({ kind: 'too-large', size: 5000 });
    expect(blobs.get(small)?.kind).toBe('read');
    await expect(mirror.blobs([large, small], { maxBytes: 6000, maxTotalBytes: 5000 })).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
    });
    expect((await mirror.blobs([small], generous)).get(small)).toMatchObject({ kind: 'read' });
  });
});

it('submodules, LFS pointers and links are recognised and never followed', async () => {
  const { url, commits } = await server.add('o/special', data);
  await mirrorsWith().use(url, async (mirror) => {
    await mirror.fetchCommit(commits.three ?? '');
    const tree = await mirror.tree(commits.three ?? '');
    expect(tree.find(({ path }) => path === 'vendor/lib')).toEqual({
      path: 'vendor/lib',
      kind: 'submodule',
      blob: 'cd'.repeat(20),
    });
    expect(tree.find(({ path }) => path === 'link')?.kind).toBe('symlink');
    expect(await mirror.submodules(tree)).toEqual([{ path: 'vendor/lib', url: 'https://forge.test/o/lib' }]);
    const id = tree.find(({ path }) => path === 'big')?.blob ?? '';
    const big = (await mirror.blobs([id], generous)).get(id);
    expect(big?.kind === 'read' && parseLfsPointer(big.bytes)).toEqual({ sha256: 'ab'.repeat(32), size: 12345 });
  });
});

it('a repository of SHA-256 objects is read like any other', async () => {
  const { url, commits } = await server.add('o/sha256', {
    commits: [
      { id: 'a', files: { f: '1\n' } },
      { id: 'b', files: { f: '2\n' } },
    ],
    objectFormat: 'sha256',
  });
  expect(commits.b).toHaveLength(64);
  await mirrorsWith().use(url, async (mirror) => {
    expect((await mirror.refs(0)).objectFormat).toBe('sha256');
    await mirror.fetchCommit(commits.b ?? '');
    const [entry] = await mirror.tree(commits.b ?? '');
    expect((await mirror.blobs([entry?.blob ?? ''], generous)).get(entry?.blob ?? '')?.kind).toBe('read');
    const history = await mirror.history(0);
    expect(history.origins([entry?.blob ?? '']).get(entry?.blob ?? '')).toMatchObject({ commit: commits.b, path: 'f' });
  });
});

describe('history', () => {
  it('tells which commit belongs to tags and the default branch, which to a side branch, and which to nobody', async () => {
    const { url, commits } = await server.add('o/reach', {
      ...data,
      commits: [...data.commits, { id: 'foreign', parents: ['one'], files: { x: 'foreign\n' } }],
      refs: { 'refs/pull/2/head': 'foreign' },
    });
    await mirrorsWith().use(url, async (mirror) => {
      await mirror.fetchCommit(commits.foreign ?? '');
      const history = await mirror.history(0);
      const reach = (id: string): string => history.reach(commits[id] ?? '');
      expect(['one', 'two', 'three', 'side', 'foreign'].map(reach)).toEqual(['main', 'main', 'main', 'side', 'none']);
    });
  });

  it('is completed after a single commit was fetched, and a commit fetched later does not cut it off again', async () => {
    const { url, commits } = await server.add('o/deepen', data);
    const mirrors = mirrorsWith();
    await mirrors.use(url, async (mirror) => {
      await mirror.fetchCommit(commits.two ?? '');
      expect((await mirror.history(0)).commitCount).toBe(4);
    });
    const grown = {
      ...data,
      commits: [...data.commits, { id: 'four', files: { 'README.md': 'four\n' } }],
      branches: { main: 'four' },
    };
    const again = await server.add('o/deepen', grown);
    await mirrors.use(url, async (mirror) => {
      await mirror.fetchCommit(again.commits.four ?? '');
      expect((await mirror.history(0)).commitCount).toBe(4); // side is gone with its branch
    });
  });

  it('follows a tag that was moved', async () => {
    const { url, commits } = await server.add('o/moved', data);
    const mirrors = mirrorsWith();
    await mirrors.use(url, async (mirror) => void (await mirror.history(0)));
    await server.add('o/moved', { ...data, tags: { 'v1.0.0': 'side' } });
    await mirrors.use(url, async (mirror) => {
      expect((await mirror.refs(3_600_000)).tags.get('v1.0.0')?.commit).toBe(commits.one);
      expect((await mirror.history(0)).reach(commits.side ?? '')).toBe('main');
      expect((await mirror.refs(3_600_000)).tags.get('v1.0.0')?.commit).toBe(commits.side);
    });
  });

  it('is answered from disk while refs are fresh enough, and a damaged table is made again', async () => {
    const { url, commits } = await server.add('o/kept', data);
    const mirrors = mirrorsWith();
    await mirrors.use(url, async (mirror) => void (await mirror.history(0)));
    const [key = ''] = await readdir(join(cacheDir, 'mirrors'));
    const before = server.requests.length;
    for (const damage of [undefined, '', '{}\n', 'x']) {
      if (damage !== undefined) await writeFile(join(cacheDir, 'mirrors', key, 'history.bin'), damage);
      await mirrors.use(url, async (mirror) => {
        expect((await mirror.history(3_600_000)).reach(commits.two ?? '')).toBe('main');
      });
    }
    expect(server.requests.length).toBe(before);
  });
});

it('many who want the same commit at once fetch it once', async () => {
  const { url, commits } = await server.add('o/crowd', data);
  const before = posts();
  const crowd = Array.from({ length: 6 }, async () => {
    await mirrorsWith().use(url, async (mirror) => await mirror.fetchCommit(commits.three ?? ''));
  });
  await Promise.all(crowd);
  expect(posts() - before).toBe(1);
  expect(server.requests.every(({ protocol }) => protocol === 'version=2')).toBe(true);
});

it('a folder of this machine is read as a repository when files are allowed, and only then', async () => {
  const { dir, commits } = await server.add('o/local', data);
  await mirrorsWith().use(`file://${dir}`, async (mirror) => {
    await mirror.fetchCommit(commits.two ?? '');
    expect((await mirror.tree(commits.two ?? '')).length).toBe(3);
  });
  await expect(mirrorsWith({}, { ...open, protocols: ['http'] }).open(`file://${dir}`)).rejects.toMatchObject({
    code: 'PROTOCOL_REFUSED',
  });
  await mirrorsWith().use(`file://${dir}-gone`, async (mirror) => {
    await expect(mirror.refs(0)).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
  });
});

it('the mirrors used longest ago are removed first, and those in use never', async () => {
  const urls: string[] = [];
  for (const name of ['o/lru-1', 'o/lru-2', 'o/lru-3']) {
    const files = { blob: randomBytes(100_000), name };
    const { url, commits } = await server.add(name, { commits: [{ id: 'x', files }] });
    urls.push(url);
    await mirrorsWith().use(url, async (mirror) => {
      await mirror.fetchCommit(commits.x ?? '');
      await mirror.blobs(
        (await mirror.tree(commits.x ?? '')).map(({ blob }) => blob),
        generous,
      );
    });
  }
  const [first = '', second = '', third = ''] = urls;
  const small = new Mirrors({ cacheDir, maxCacheBytes: 250_000, access: open, limits: vcsLimits });
  const held = await small.open(first);
  const left = await small.trim();
  expect(left).toBeLessThan(250_000);
  const isThere = async (url: string): Promise<boolean> =>
    await small.use(url, async (mirror) => (await readdir(mirror.dir).catch(() => [])).length > 0);
  expect([await isThere(first), await isThere(second), await isThere(third)]).toEqual([true, false, true]);
  await held.close();
});
