import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PublishedVersion, packPackage, type Registry, startRegistry } from '@assay/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchNpm } from './fetch.ts';
import { resolveNpm } from './resolve.ts';
import { openScratch, type Scratch } from './scratch.ts';

const path = '/left-pad/-/left-pad-1.0.0.tgz';
const bytes = packPackage({ name: 'left-pad', version: '1.0.0' }, { 'index.js': 'module.exports = 1;\n' });

let registry: Registry;
let scratch: Scratch;

beforeEach(async () => {
  registry = await startRegistry();
  scratch = await openScratch({ registry: registry.url });
});
afterEach(async () => {
  await scratch.close();
  await registry.close();
});

async function fetchLeftPad(published: PublishedVersion = {}, source = scratch.source) {
  registry.publish('left-pad', { versions: { '1.0.0': { tarball: bytes, ...published } } });
  return await fetchNpm(source, await resolveNpm(source, { packageName: 'left-pad' }));
}

const digest = (algorithm: string, of: Uint8Array) => createHash(algorithm).update(of).digest('base64');

/** Files that hold an artifact or part of one. */
async function storedFiles(): Promise<string[]> {
  const all = await readdir(scratch.cacheDir, { recursive: true });
  return all.filter((path) => /^(sha256\/..|tmp)\/./.test(path));
}

describe('fetching', () => {
  it('stores the bytes under their own digest, checked against sha512', async () => {
    const fetched = await fetchLeftPad();
    expect(fetched).toMatchObject({
      fileName: 'left-pad-1.0.0.tgz',
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      verifiedBy: 'sha512',
      isCached: false,
    });
    expect(fetched.path).toBe(join(scratch.cacheDir, 'sha256', fetched.sha256.slice(0, 2), fetched.sha256));
    expect(await readFile(fetched.path)).toEqual(bytes);
    expect((await stat(fetched.path)).mode & 0o077).toBe(0);
  });

  it('the second time nothing is asked', async () => {
    await fetchLeftPad();
    const before = registry.requests.length;
    expect(await fetchLeftPad()).toMatchObject({ isCached: true });
    expect(registry.requests).toHaveLength(before);
  });

  it('the strongest announced digest decides', async () => {
    const wrong = `sha1-${digest('sha1', Buffer.from('other'))} sha512-${digest('sha512', bytes)}`;
    expect(await fetchLeftPad({ integrity: wrong })).toMatchObject({ verifiedBy: 'sha512' });
  });

  it('versions from before sha512 are checked by their shasum', async () => {
    expect(await fetchLeftPad({ integrity: null })).toMatchObject({ verifiedBy: 'sha1' });
  });

  it('a scoped package keeps its plain file name', async () => {
    registry.publish('@scope/left-pad', { versions: { '1.0.0': {} } });
    const resolved = await resolveNpm(scratch.source, { packageName: '@scope/left-pad' });
    expect(await fetchNpm(scratch.source, resolved)).toMatchObject({ fileName: 'left-pad-1.0.0.tgz' });
  });
});

describe('bytes that are not what the registry announced', () => {
  it.each<[string, PublishedVersion]>([
    ['wrong sha512', { integrity: `sha512-${digest('sha512', Buffer.from('other'))}` }],
    ['wrong shasum and nothing better', { integrity: null, shasum: '0'.repeat(40) }],
    [
      'right sha1 beside wrong sha512',
      { integrity: `sha512-${digest('sha512', Buffer.from('x'))} sha1-${digest('sha1', bytes)}` },
    ],
    ['no digest at all', { integrity: null, shasum: null }],
    ['an integrity that cannot be read is not passed over for the shasum', { integrity: 'sha512-' }],
    ['an algorithm that nobody knows', { integrity: 'md4-AAAA', shasum: null }],
  ])('are DIGEST_MISMATCH and leave nothing behind: %s', async (_what, published) => {
    await expect(fetchLeftPad(published)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await storedFiles()).toEqual([]);
  });

  it('another archive in its place is a mismatch, whatever was announced', async () => {
    registry.fail(path, {
      kind: 'bytes',
      bytes: packPackage({ name: 'left-pad', version: '1.0.0' }, { 'evil.js': '' }),
    });
    await expect(fetchLeftPad()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await storedFiles()).toEqual([]);
  });

  it('half a tarball that pretends to be whole is a mismatch', async () => {
    registry.fail(path, { kind: 'bytes', bytes: bytes.subarray(0, bytes.length / 2) });
    await expect(fetchLeftPad()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });
});

describe('a registry that does not deliver', () => {
  it('half a tarball is asked for again, and at last is unreachable', async () => {
    registry.fail(path, { kind: 'half', times: 1 });
    expect(await fetchLeftPad()).toMatchObject({ sizeBytes: bytes.length });
    registry.publish('other', { versions: { '1.0.0': {} } });
    registry.fail('/other/-/other-1.0.0.tgz', { kind: 'half' });
    const resolved = await resolveNpm(scratch.source, { packageName: 'other' });
    await expect(fetchNpm(scratch.source, resolved)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('broke off'),
    });
    expect(await storedFiles()).toHaveLength(1);
  });

  it.each([
    ['a page', { kind: 'html' as const }, /text\/html instead of a tarball/],
    ['500', { kind: 'status' as const, status: 500 }, /status 500/],
  ])('%s is unreachable', async (_what, fault, reason) => {
    registry.fail(path, fault);
    await expect(fetchLeftPad()).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(reason),
    });
  });

  it('a listed version whose tarball is gone is a missing version', async () => {
    registry.fail(path, { kind: 'status', status: 404 });
    await expect(fetchLeftPad()).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
  });

  it('a tarball beyond the limit is cut off', async () => {
    const source = await scratch.reopen({ limits: { maxTarballBytes: bytes.length - 1 } });
    await expect(fetchLeftPad({}, source)).rejects.toMatchObject({ code: 'ARCHIVE_TOO_LARGE' });
    expect(await storedFiles()).toEqual([]);
  });

  it('closing in the middle of a download leaves no temporary file', async () => {
    registry.fail(path, { kind: 'endless', bytes: Buffer.alloc(16_384) });
    const interrupted = expect(fetchLeftPad()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const isWriting = async () => (await storedFiles().catch(() => [])).length > 0;
    while (!(await isWriting())) await new Promise((resolve) => setImmediate(resolve));
    await scratch.source.close();
    await interrupted;
    expect(await storedFiles()).toEqual([]);
  });

  it('an address that is no web address is refused before anything is asked', async () => {
    for (const tarballUrl of ['file:///etc/passwd', 'data:text/plain,x', 'ftp://a.example/x.tgz']) {
      registry.publish('odd', { versions: { '1.0.0': { tarballUrl } } });
      scratch.clock.advance(300_000);
      const resolved = await resolveNpm(scratch.source, { packageName: 'odd' });
      await expect(fetchNpm(scratch.source, resolved)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    }
  });
});

describe('the cache', () => {
  it('a damaged blob is never used: it is fetched again', async () => {
    const { path: stored } = await fetchLeftPad();
    await writeFile(stored, 'damaged');
    const fetched = await fetchLeftPad({}, await scratch.reopen());
    expect(fetched.isCached).toBe(false);
    expect(await readFile(fetched.path)).toEqual(bytes);
  });

  it('a blob that is damaged while we run is noticed, too', async () => {
    const { path: stored } = await fetchLeftPad();
    await writeFile(stored, Buffer.alloc(bytes.length));
    expect(await readFile((await fetchLeftPad()).path)).toEqual(bytes);
  });
});
