import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findToolchain } from './toolchain.ts';

const cache = mkdtempSync(path.join(tmpdir(), 'toolchain-'));
afterAll(() => rmSync(cache, { recursive: true }));

it('two analyses that start at once share one set of files, and no half one is left', async () => {
  const [a, b] = await Promise.all([findToolchain(cache), findToolchain(cache)]);
  expect(a.binds).toEqual(b.binds);
  const made = readdirSync(path.join(cache, 'inside'));
  expect(made).toHaveLength(1);
  const folder = path.join(cache, 'inside', made[0] ?? '');
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['hook.cjs', 'install-hooks.cjs', 'npmrc']));
  // The sandbox's user id is nobody's: it must be let in.
  expect(statSync(folder).mode & 0o005).toBe(0o005);
});

it('the programs that run inside are the pinned ones, and an npm that runs install scripts', async () => {
  const { versions } = await findToolchain(cache);
  expect(versions.node).toMatch(/^24\./);
  expect(Number(versions.npm.split('.')[0])).toBeLessThan(12);
});
