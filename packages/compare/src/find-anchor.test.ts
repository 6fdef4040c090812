import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitFile, type GitRepositoryData, type GitServer, startGitServer } from '@assay/testing';
import { Mirrors, vcsLimits } from '@assay/vcs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AnchorQuestion, type FoundAnchor, findAnchor } from './find-anchor.ts';
import { blobId, type SubjectFile } from './subject.ts';

let server: GitServer;
let cacheDir: string;
let caseCount = 0;

beforeAll(async () => {
  server = await startGitServer();
  cacheDir = await mkdtemp(join(tmpdir(), 'assay-anchor-'));
});
afterAll(async () => {
  await server.close();
  await rm(cacheDir, { recursive: true, force: true });
});

const manifestOf = (version: string, name = 'columns'): string => JSON.stringify({ name, version });
const treeOf = (version: string, name?: string): Record<string, GitFile> => ({
  'package.json': manifestOf(version, name),
  'index.js': `module.exports = '${version}';\n`,
  'lib/a.js': `// since ${version[0]}\n`,
  LICENSE: 'MIT\n',
});
const filesOf = (files: Record<string, GitFile>): SubjectFile[] =>
  Object.entries(files).map(([path, text]) => {
    const bytes = Buffer.from(text as string);
    return { release: 'r', path, sizeBytes: bytes.length, sha256: 'x', blob: blobId(bytes, 'sha1'), bytes };
  });

const history: GitRepositoryData = {
  commits: ['1.0.0', '1.1.0', '2.0.0'].map((version) => ({ id: version, files: treeOf(version) })),
  tags: { 'v1.0.0': '1.0.0', 'v1.1.0': '1.1.0', 'v2.0.0': '2.0.0' },
};

type Asked = Partial<AnchorQuestion> & {
  data?: GitRepositoryData;
  at?: (ids: Readonly<Record<string, string>>) => Partial<AnchorQuestion>;
};

async function asked({
  data = history,
  at,
  ...question
}: Asked): Promise<FoundAnchor & { ids: Readonly<Record<string, string>> }> {
  const { url, commits } = await server.add(`anchor/${caseCount++}`, data);
  const access = { protocols: ['http' as const], allowPrivateAddresses: true, allowPorts: true };
  const mirrors = new Mirrors({ cacheDir, maxCacheBytes: 1e9, access, limits: vcsLimits });
  const whole = { name: 'columns', version: '1.1.0', files: filesOf(treeOf('1.1.0')), ...question, ...at?.(commits) };
  const options = { refsMaxAgeMs: 0, maxManifestBytes: 1e6 };
  return { ...(await mirrors.use(url, async (mirror) => await findAnchor(mirror, whole, options))), ids: commits };
}

it('the tag of the version is the anchor, without a look at history', async () => {
  const before = server.requests.length;
  const { anchor, tree, ids } = await asked({});
  expect(anchor).toMatchObject({
    status: 'anchored',
    chosen: {
      commit: ids['1.1.0'],
      method: 'tag',
      ref: 'refs/tags/v1.1.0',
      subdir: '',
      manifest: 'same-version',
      reach: 'main',
    },
    confidence: 0.95,
  });
  expect(tree).toHaveLength(4);
  // Two probes and listings of refs, one commit, one manifest: history would be one more.
  expect(server.requests.slice(before).filter(({ method }) => method === 'POST').length).toBeLessThanOrEqual(4);
});

it('gitHead is believed before a tag', async () => {
  const { anchor } = await asked({ at: (ids) => ({ gitHead: ids['1.1.0'] }) });
  expect(anchor).toMatchObject({ status: 'anchored', chosen: { method: 'git_head' } });
});

it('a gitHead that only a fork has is no anchor, though every file fits and the host hands it out', async () => {
  const evil = { ...treeOf('1.1.0'), 'index.js': 'steal()\n' };
  const data = {
    ...history,
    commits: [...history.commits, { id: 'fork', parents: ['1.1.0'], files: evil }],
    branches: { main: '2.0.0' },
    refs: { 'refs/pull/1/head': 'fork' },
  };
  const { anchor, ids } = await asked({ data, files: filesOf(evil), at: (commits) => ({ gitHead: commits.fork }) });
  expect(anchor).toMatchObject({ status: 'anchored', chosen: { commit: ids['1.1.0'], method: 'tag' } });
});

it('a gitHead that the repository does not have is told, and the tag stands', async () => {
  const { anchor, absent } = await asked({ gitHead: '12'.repeat(20) });
  expect(absent).toEqual([{ commit: '12'.repeat(20), method: 'git_head' }]);
  expect(anchor).toMatchObject({ status: 'anchored', chosen: { method: 'tag' } });
});

it('without tags the commit is found by its files', async () => {
  const { anchor, ids } = await asked({ data: { commits: history.commits } });
  expect(anchor).toMatchObject({
    status: 'anchored',
    chosen: { commit: ids['1.1.0'], method: 'best_match' },
    confidence: 0.8,
  });
});

it('of commits that hold the same files the one that says the version is the anchor', async () => {
  const files = { ...treeOf('1.1.0'), 'package.json': manifestOf('1.0.9') };
  const data = {
    commits: [
      { id: 'before', files },
      { id: 'bump', files: { ...files, 'package.json': manifestOf('1.1.0') } },
      { id: 'after', files: { ...files, 'package.json': manifestOf('1.1.1'), 'CHANGES.md': 'x\n' } },
    ],
  };
  const stamped = filesOf({ ...treeOf('1.1.0'), 'package.json': '{"rewritten":true}' });
  const { anchor, ids } = await asked({ data, files: stamped });
  expect(anchor).toMatchObject({ status: 'anchored', chosen: { commit: ids.bump, manifest: 'same-version' } });
});

it('without tags and with nothing but built files the commit that wrote the version is the anchor', async () => {
  const built = filesOf({ 'package.json': '{"rewritten":true}', 'dist/index.js': 'built()\n', LICENSE: 'MIT\n' });
  const { anchor, ids } = await asked({ data: { commits: history.commits }, files: built, version: '1.1.0' });
  expect(anchor).toMatchObject({
    status: 'anchored',
    chosen: { commit: ids['1.1.0'], method: 'best_match', manifest: 'same-version' },
  });
});

it('a tag that was moved to a tree without the files is followed, and the loss is seen', async () => {
  const data = { ...history, tags: { 'v1.1.0': '2.0.0' } };
  const { anchor } = await asked({ data });
  expect(anchor).toMatchObject({
    status: 'anchored',
    chosen: { manifest: 'same-name', overlap: { matched: 1, total: 4 } },
  });
});

it('the repository of another project is no anchor', async () => {
  const commits = [
    { id: 'x', files: { 'package.json': manifestOf('1.1.0', 'other'), 'main.js': 'other\n', LICENSE: 'MIT\n' } },
  ];
  const { anchor, tree } = await asked({ data: { commits, tags: { 'v1.1.0': 'x' } } });
  expect(anchor).toMatchObject({ status: 'unanchored', reason: expect.stringContaining('another package') });
  expect(tree).toEqual([]);
});

it('an empty repository is no anchor', async () => {
  const { anchor } = await asked({ data: { commits: [] } });
  expect(anchor).toMatchObject({ status: 'unanchored', candidates: [] });
});

it('in a monorepo the folder of the package is the root, declared or found', async () => {
  const inside = (folder: string, files: Record<string, GitFile>): Record<string, GitFile> =>
    Object.fromEntries(Object.entries(files).map(([path, file]) => [`${folder}/${path}`, file]));
  const files = {
    ...inside('packages/columns', treeOf('1.1.0')),
    ...inside('packages/rows', treeOf('3.0.0', 'rows')),
    LICENSE: 'MIT\n',
  };
  const data = { commits: [{ id: 'x', files }], tags: { 'columns@1.1.0': 'x' } };
  for (const directory of [undefined, 'packages/columns', 'packages/gone']) {
    const { anchor } = await asked({ data, directory });
    expect(anchor).toMatchObject({
      status: 'anchored',
      chosen: { subdir: 'packages/columns', manifest: 'same-version' },
    });
  }
  const wrong = await asked({ data, directory: 'packages/rows' });
  expect(wrong.anchor).toMatchObject({ status: 'anchored', chosen: { subdir: 'packages/rows', manifest: 'other' } });
});
