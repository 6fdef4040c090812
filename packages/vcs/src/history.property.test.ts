import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGitRepository, type GitCommit } from '@assay/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Git } from './git.ts';
import { loadHistory } from './history-build.ts';
import { vcsLimits } from './limits.ts';
import { parseRefs } from './refs.ts';
import { readTree } from './tree.ts';

const path = fc.constantFrom('a', 'b', 'dir/c', 'dir/d', 'ä ö', ':odd', '\x01odd');
const tree = fc.dictionary(path, fc.constantFrom('1', '2', '3', '4'), { minKeys: 1 });
const histories = fc.array(fc.record({ tree, parents: fc.array(fc.nat(20), { maxLength: 2 }) }), {
  minLength: 1,
  maxLength: 9,
});

it('the history agrees, for every commit, with a listing of its tree', async () => {
  const git = new Git({ limits: vcsLimits });
  const root = await mkdtemp(join(tmpdir(), 'assay-history-'));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(histories, fc.subarray(['1', '2', '3', '4'], { minLength: 1 }), async (drawn, contents) => {
      const commits = drawn.map(({ tree: files, parents }, index): GitCommit => {
        const earlier = [...new Set(parents.filter((parent) => parent < index).map(String))];
        return { id: String(index), files, parents: earlier };
      });
      const branches = Object.fromEntries(commits.map(({ id }) => [`b${id}`, id]));
      const dir = join(root, String(run++));
      const built = await buildGitRepository(dir, { commits, branches });
      const listed = commits.map(({ id }) => `${built.commits[id]}\trefs/heads/b${id}\n`);
      const refs = parseRefs(listed.join(''));
      const history = await loadHistory(git, { dir, cacheFile: join(dir, 'history.bin'), refs, tips: '' });
      const again = await loadHistory(git, { dir, cacheFile: join(dir, 'history.bin'), refs, tips: '' });

      const trees = new Map<string, { path: string; blob: string; content: string }[]>();
      for (const { id, files } of commits) {
        const commit = built.commits[id] ?? '';
        const entries = await readTree(git, dir, commit);
        trees.set(
          commit,
          entries.map((entry) => ({ ...entry, content: String(files[entry.path]) })),
        );
      }
      const all = [...trees.values()].flat();
      const wanted = new Set(all.filter(({ content }) => contents.includes(content)).map(({ blob }) => blob));
      const counted = [...trees].map(([commit, entries]) => [
        commit,
        entries.filter(({ blob }) => wanted.has(blob)).length,
      ]);
      const expected = Object.fromEntries(counted.filter(([, count]) => count !== 0));
      const found = history.bestOverlap(wanted, 100);
      expect(Object.fromEntries(found.map(({ commit, matched }) => [commit, matched]))).toEqual(expected);
      expect(again.bestOverlap(wanted, 100)).toEqual(found);
      for (const [changedPath] of Object.entries(commits[0]?.files ?? {})) {
        for (const { commit, blob } of history.versionsOf(changedPath, 100)) {
          expect(trees.get(commit)).toContainEqual(expect.objectContaining({ path: changedPath, blob }));
        }
      }
      expect(history.versionsOf('no such path', 100)).toEqual([]);
      const origins = history.origins([...wanted, '00'.repeat(20)]);
      expect(new Set(origins.keys())).toEqual(wanted);
      for (const [blob, origin] of origins) {
        const there = trees.get(origin.commit)?.filter((entry) => entry.blob === blob) ?? [];
        expect(there.map((entry) => entry.path)).toContain(origin.path);
      }
    }),
    { numRuns: 12 },
  );
  await rm(root, { recursive: true, force: true });
});
