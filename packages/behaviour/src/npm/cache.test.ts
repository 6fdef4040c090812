import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Box, boxDirectory } from '@assay/sandbox';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NpmCache } from './cache.ts';

let folder: string;
let shared: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cache-'));
  shared = NpmCache.prepare(path.join(folder, 'kept'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A box whose root is a folder of ours, with what npm added to its layer. */
function boxWith(name: string, files: Record<string, string>): { box: Box; added: string } {
  const root = path.join(folder, name);
  const added = path.join(root, boxDirectory, 'npm-new', '_cacache');
  mkdirSync(added, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(added, file)), { recursive: true });
    writeFileSync(path.join(added, file), content);
  }
  return { box: { root, closed: false } as unknown as Box, added };
}

const cacheOf = (box: Box) => new NpmCache(box, path.join(folder, 'kept'));
const kept = (file: string) => path.join(shared, '_cacache', file);

it('the shared folder is open to the sandbox and closed to other people of the machine', () => {
  expect(statSync(path.join(folder, 'kept')).mode & 0o777).toBe(0o700);
  expect(statSync(shared).mode & 0o777).toBe(0o777);
});

it('what npm added is kept, its temporary files are not', async () => {
  const { box } = boxWith('box', { 'content-v2/sha512/aa/bb': 'bytes', 'index-v5/01/02': 'entry', 'tmp/half': 'x' });
  await cacheOf(box).keep();
  expect(readFileSync(kept('content-v2/sha512/aa/bb'), 'utf8')).toBe('bytes');
  expect(readFileSync(kept('index-v5/01/02'), 'utf8')).toBe('entry');
  expect(existsSync(kept('tmp'))).toBe(false);
});

it('links in the layer are not followed, neither to files nor to folders', async () => {
  const secret = path.join(folder, 'secret');
  mkdirSync(secret);
  writeFileSync(path.join(secret, 'key'), 'secret');
  const { box, added } = boxWith('box', { 'index-v5/01': 'entry' });
  symlinkSync(path.join(secret, 'key'), path.join(added, 'index-v5/02'));
  symlinkSync(secret, path.join(added, 'content-v2'));
  await cacheOf(box).keep();
  expect(readdirSync(path.join(shared, '_cacache'))).toEqual(['index-v5']);
  expect(readdirSync(kept('index-v5'))).toEqual(['01']);
});

it('a layer that is itself a link is left alone', async () => {
  const { box, added } = boxWith('box', {});
  rmSync(added, { recursive: true });
  mkdirSync(path.join(folder, 'elsewhere'));
  writeFileSync(path.join(folder, 'elsewhere', 'key'), 'secret');
  symlinkSync(path.join(folder, 'elsewhere'), added);
  await cacheOf(box).keep();
  expect(readdirSync(shared)).toEqual([]);
});

it('two analyses keep what they added at once, and no half file is left', async () => {
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`index-v5/${index}`, 'same']));
  const boxes = ['one', 'two'].map((name) => boxWith(name, files).box);
  await Promise.all(boxes.map((box) => cacheOf(box).keep()));
  expect(readdirSync(kept('index-v5')).sort()).toEqual(
    Object.keys(files)
      .map((file) => path.basename(file))
      .sort(),
  );
});

it('of a box that has been closed nothing is kept, and that is no error', async () => {
  const { box } = boxWith('box', { 'index-v5/01': 'entry' });
  await cacheOf({ ...box, closed: true } as Box).keep();
  expect(readdirSync(shared)).toEqual([]);
});
