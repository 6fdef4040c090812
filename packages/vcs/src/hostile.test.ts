import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGitRepository } from '@assay/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type VcsLimits, vcsLimits } from './limits.ts';
import { Mirrors } from './mirrors.ts';

let root: string;
let dir: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'assay-hostile-'));
  dir = join(root, 'repo');
  await buildGitRepository(dir, { commits: [{ id: 'x', files: { f: 'x\n' } }] });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Plumbing that makes what no porcelain would. */
function git(args: readonly string[], input: string | Uint8Array = ''): string {
  const env = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', PATH: '/usr/local/bin:/usr/bin:/bin' };
  return execFileSync('git', ['-C', dir, ...args], { input, env, stdio: ['pipe', 'pipe', 'pipe'] })
    .toString()
    .trim();
}

const rawTree = (...entries: readonly (readonly [mode: string, name: string, id: string])[]): string => {
  const parts = entries.flatMap(([mode, name, id]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
  return git(['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], Buffer.concat(parts));
};
const commitOf = (tree: string, line = 'author A <a@example.test> 1 +0000'): string => {
  const text = `tree ${tree}\n${line}\ncommitter A <a@example.test> 1 +0000\n\nx\n`;
  const id = git(['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'], text);
  git(['update-ref', 'refs/heads/main', id]);
  return id;
};
const mirrors = (limits: Partial<VcsLimits> = {}): Mirrors =>
  new Mirrors({
    cacheDir: join(root, 'cache'),
    maxCacheBytes: 1e9,
    access: { protocols: ['file'], allowPrivateAddresses: true },
    limits: { ...vcsLimits, ...limits },
  });

describe('a tree that would be dangerous on disk is refused when it is fetched', () => {
  it.each([
    ['100644', '.git'],
    ['100644', '.GIT'],
    ['40000', '..'],
    ['100644', 'a/b'],
    ['100644', ''],
  ])('%s %j', async (mode, name) => {
    const blob = git(['hash-object', '-w', '--stdin'], 'x');
    const empty = git(['hash-object', '-t', 'tree', '-w', '--stdin'], '');
    const commit = commitOf(rawTree([mode, name, mode === '40000' ? empty : blob]));
    await mirrors().use(`file://${dir}`, async (mirror) => {
      await expect(mirror.fetchCommit(commit)).rejects.toMatchObject({ code: 'REPOSITORY_INVALID' });
    });
  });
});

it('a fault that is tolerated does not carry one in that is not', async () => {
  const blob = git(['hash-object', '-w', '--stdin'], 'x');
  const old = commitOf(rawTree(['100644', 'f', blob]), 'author A <a@example.test> 1313584730 +51800');
  const bad = rawTree(['100644', '.git', blob]);
  const text = `tree ${bad}\nparent ${old}\nauthor A <a@example.test> 1 +51800\ncommitter A <a@example.test> 1 +0000\n\nx\n`;
  git(['update-ref', 'refs/heads/main', git(['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'], text)]);
  await mirrors().use(`file://${dir}`, async (mirror) => {
    await expect(mirror.history(0)).rejects.toMatchObject({ code: 'REPOSITORY_INVALID' });
    await expect(mirror.tree(bad)).rejects.toMatchObject({ code: 'REPOSITORY_INVALID' });
  });
});

it('an old commit with an impossible time zone is no attack', async () => {
  const tree = rawTree(['100644', 'f', git(['hash-object', '-w', '--stdin'], 'x')]);
  const commit = commitOf(tree, 'author A <a@example.test> 1313584730 +51800');
  await mirrors().use(`file://${dir}`, async (mirror) => {
    await mirror.fetchCommit(commit);
    expect(await mirror.tree(commit)).toHaveLength(1);
  });
});

it('trees that unfold to a million files end at the quota', async () => {
  let tree = rawTree(['100644', 'f', git(['hash-object', '-w', '--stdin'], 'x')]);
  for (let level = 0; level < 6; level++) {
    tree = rawTree(...Array.from({ length: 10 }, (_, i) => ['40000', `d${i}`, tree] as const));
  }
  const commit = commitOf(tree);
  await mirrors({ maxTreeEntries: 10_000 }).use(`file://${dir}`, async (mirror) => {
    await mirror.fetchCommit(commit);
    await expect(mirror.tree(commit)).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      facts: { limit: 'maxTreeEntries' },
    });
  });
});

it('nothing of a repository is run: no hook, filter, pager, monitor, signature program or pack hook', async () => {
  const blob = git(['hash-object', '-w', '--stdin'], '* filter=x diff=x export-subst\n');
  const commit = commitOf(rawTree(['100644', '.gitattributes', blob], ['100644', 'f', blob]));
  const mark = join(root, 'was-run');
  const program = join(root, 'program');
  writeFileSync(program, `#!/bin/sh\ntouch ${mark}\n`);
  chmodSync(program, 0o755);
  mkdirSync(join(dir, 'hooks'), { recursive: true });
  for (const hook of [
    'pre-auto-gc',
    'reference-transaction',
    'post-index-change',
    'post-checkout',
    'fsmonitor-watchman',
  ]) {
    writeFileSync(join(dir, 'hooks', hook), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  }
  for (const key of [
    'uploadpack.packObjectsHook',
    'core.fsmonitor',
    'core.pager',
    'core.sshCommand',
    'gpg.program',
    'filter.x.smudge',
  ]) {
    git(['config', key, program]);
  }
  // A partial clone that would bring what is missing with a program of its own.
  git(['config', 'remote.evil.url', `file://${dir}`]);
  git(['config', 'remote.evil.promisor', 'true']);
  git(['config', 'remote.evil.uploadpack', program]);
  git(['config', 'remote.evil.partialclonefilter', 'blob:none']);
  git(['config', 'core.repositoryformatversion', '1']);
  git(['config', 'extensions.partialClone', 'evil']);
  git(['config', 'log.showSignature', 'true']);
  await mirrors().use(`file://${dir}`, async (mirror) => {
    await mirror.fetchCommit(commit);
    const tree = await mirror.tree(commit);
    await mirror.blobs([blob], { maxBytes: 1e6, maxTotalBytes: 1e6 });
    expect((await mirror.attributes(tree, ['f'])).get('f')?.exportSubst).toBe(true);
    expect((await mirror.history(0)).commitCount).toBe(1);
    await expect(mirror.fetchBlobs(['ab'.repeat(20)])).rejects.toMatchObject({ code: 'REF_NOT_FOUND' });
  });
  expect(existsSync(mark)).toBe(false);
});

it('a history of more commits or changes than allowed ends at the quota', async () => {
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, `${i}`]));
  rmSync(dir, { recursive: true });
  await buildGitRepository(dir, { commits: ['a', 'b', 'c'].map((id) => ({ id, files: { ...files, id } })) });
  const history = async (limits: Partial<VcsLimits>): Promise<number> =>
    await mirrors(limits).use(`file://${dir}`, async (mirror) => (await mirror.history(0)).commitCount);
  await expect(history({ maxCommits: 2 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await expect(history({ maxChanges: 20 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  expect(await history({})).toBe(3);
});

it('tags of a tree and of a blob, and a branchless HEAD, are part of no history and do no harm', async () => {
  const blob = git(['hash-object', '-w', '--stdin'], 'x');
  const tree = rawTree(['100644', 'f', blob]);
  const commit = commitOf(tree);
  git(['update-ref', 'refs/tags/a-tree', tree]);
  git(['update-ref', 'refs/tags/a-blob', blob]);
  git(['update-ref', '--no-deref', 'HEAD', commit]);
  await mirrors().use(`file://${dir}`, async (mirror) => {
    expect((await mirror.refs(0)).head).toEqual({ commit });
    expect((await mirror.history(0)).commitCount).toBe(1);
    await expect(mirror.fetchCommit(tree)).rejects.toMatchObject({ code: 'REF_NOT_FOUND' });
  });
});

it('of a repository without its past there is the history it has, and it says that there was more', async () => {
  rmSync(dir, { recursive: true });
  await buildGitRepository(join(root, 'full'), { commits: ['a', 'b', 'c'].map((id) => ({ id, files: { id } })) });
  const env = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', PATH: '/usr/local/bin:/usr/bin:/bin' };
  execFileSync('git', ['clone', '-q', '--bare', '--depth=2', `file://${join(root, 'full')}`, dir], {
    env,
    stdio: 'pipe',
  });
  await mirrors().use(`file://${dir}`, async (mirror) => {
    const { head } = await mirror.refs(0);
    await mirror.fetchCommit(head?.commit ?? '');
    const history = await mirror.history(0);
    expect(history.commitCount).toBe(2);
    expect(history.isCutOff).toBe(true);
  });
  await mirrors().use(`file://${join(root, 'full')}`, async (mirror) => {
    await mirror.fetchCommit((await mirror.refs(0)).head?.commit ?? '');
    expect((await mirror.history(0)).isCutOff).toBe(false);
  });
});
