import { type PublishedPackage, type Registry, type RegistryFault, startRegistry } from '@assay/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveNpm } from './resolve.ts';
import { openScratch, type Scratch } from './scratch.ts';

const leftpad: PublishedPackage = {
  versions: {
    '1.0.0': { time: '2024-01-01T00:00:00.000Z' },
    '1.1.0': { time: '2024-02-01T00:00:00.000Z', manifest: { deprecated: 'use padStart' } },
    '2.0.0-rc.1': { time: '2024-03-01T00:00:00.000Z' },
  },
  distTags: { latest: '1.1.0', next: '2.0.0-rc.1' },
  maintainers: [{ name: 'ann', email: 'ann@example.test' }],
};

let registry: Registry;
let scratch: Scratch;

beforeEach(async () => {
  registry = await startRegistry({ packages: { 'left-pad': leftpad, '@scope/left-pad': leftpad } });
  scratch = await openScratch({ registry: registry.url });
});
afterEach(async () => {
  await scratch.close();
  await registry.close();
});

const resolve = (packageName: string, version?: string) =>
  resolveNpm(scratch.source, { packageName, ...(version === undefined ? {} : { version }) });

describe('resolving', () => {
  it('without version means what dist-tags calls latest, not the highest version', async () => {
    expect(await resolve('left-pad')).toMatchObject({ packageName: 'left-pad', version: '1.1.0' });
  });

  it('tells digests, times, maintainers, deprecation and all versions', async () => {
    const resolved = await resolve('@scope/left-pad', '1.1.0');
    expect(resolved).toMatchObject({
      version: '1.1.0',
      publishedAt: Date.UTC(2024, 1, 1),
      deprecated: 'use padStart',
      maintainers: [{ name: 'ann', email: 'ann@example.test' }],
      versions: [
        { version: '1.0.0', publishedAt: Date.UTC(2024, 0, 1), isDeprecated: false },
        { version: '1.1.0', publishedAt: Date.UTC(2024, 1, 1), isDeprecated: true },
        { version: '2.0.0-rc.1', publishedAt: Date.UTC(2024, 2, 1), isDeprecated: false },
      ],
      registry: registry.url,
      usedCredentials: false,
      dist: {
        tarball: `${registry.url}@scope/left-pad/-/left-pad-1.1.0.tgz`,
        integrity: expect.stringMatching(/^sha512-/),
        shasum: expect.stringMatching(/^[0-9a-f]{40}$/),
      },
    });
    expect(resolved.manifest).toMatchObject({ name: '@scope/left-pad', version: '1.1.0', dist: resolved.dist });
  });

  it('asks for a scoped package in the one escaped form', async () => {
    await resolve('@scope/left-pad');
    expect(registry.requests.map(({ path }) => path)).toEqual(['/@scope%2fleft-pad']);
  });

  it('an unknown package is not a registry failure', async () => {
    await expect(resolve('no-such-package')).rejects.toMatchObject({ code: 'PACKAGE_NOT_FOUND' });
  });

  it('a version that was never there, and one that was removed, are told apart in words', async () => {
    await expect(resolve('left-pad', '9.9.9')).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      message: expect.stringContaining('does not list it'),
    });
    registry.publish('removed', {
      versions: { '1.0.0': {} },
      packument: { time: { '0.9.0': '2024-01-01T00:00:00.000Z' } },
    });
    await expect(resolve('removed', '0.9.0')).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      message: expect.stringContaining('removed since'),
    });
  });

  it('a wholly unpublished package has no latest version', async () => {
    registry.publish('gone', {
      versions: {},
      distTags: {},
      packument: { time: { unpublished: { time: '2024-01-01T00:00:00.000Z' } } },
    });
    await expect(resolve('gone')).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      message: expect.stringContaining('unpublished'),
    });
  });

  it('names that JavaScript objects have of their own are versions like any other', async () => {
    await expect(resolve('left-pad', 'constructor')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    await expect(resolve('left-pad', '__proto__')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
  });

  it('a deprecation that was taken back is none', async () => {
    registry.publish('kept', { versions: { '1.0.0': { manifest: { deprecated: '' } } } });
    expect(await resolve('kept')).not.toHaveProperty('deprecated');
  });

  it('hostile members of a packument are dropped, not believed', async () => {
    registry.publish('odd', {
      versions: { '1.0.0': {} },
      packument: {
        maintainers: [{ name: 7 }, 'x', { name: 'ok' }],
        time: { '1.0.0': 'yesterday' },
        'dist-tags': { latest: '1.0.0', x: {} },
      },
    });
    const resolved = await resolve('odd');
    expect(resolved.maintainers).toEqual([{ name: 'ok' }]);
    expect(resolved).not.toHaveProperty('publishedAt');
  });
});

describe('a registry that does not answer rightly', () => {
  it.each<[string, RegistryFault, RegExp]>([
    ['500', { kind: 'status', status: 500 }, /status 500/],
    ['a page', { kind: 'html' }, /text\/html that is not JSON/],
    ['half a packument', { kind: 'half' }, /broke off/],
    ['a closed connection', { kind: 'reset' }, /ECONNRESET/],
    ['silence', { kind: 'silence' }, /no answer in time|no complete answer/],
    [
      'another package',
      { kind: 'bytes', bytes: Buffer.from('{"name":"other","versions":{}}') },
      /not the packument of left-pad/,
    ],
    ['a list', { kind: 'bytes', bytes: Buffer.from('[]') }, /not the packument of left-pad/],
  ])('%s is asked again, and at last is REGISTRY_UNREACHABLE with the reason', async (_what, fault, reason) => {
    const source = await scratch.reopen({ limits: { attempts: 2, idleTimeoutMs: 100, packumentTimeoutMs: 400 } });
    registry.fail('/left-pad', fault);
    const failed = resolveNpm(source, { packageName: 'left-pad' });
    await expect(failed).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(reason),
    });
    expect(registry.requests).toHaveLength(2);
    registry.heal();
    expect(await resolveNpm(source, { packageName: 'left-pad' })).toMatchObject({ version: '1.1.0' });
  });

  it('one failure is forgiven', async () => {
    registry.fail('/left-pad', { kind: 'status', status: 503, times: 1 });
    expect(await resolve('left-pad')).toMatchObject({ version: '1.1.0' });
    registry.fail('/@scope/left-pad', { kind: 'half', times: 1 });
    expect(await resolve('@scope/left-pad')).toMatchObject({ version: '1.1.0' });
  });

  it('missing credentials are not asked about twice', async () => {
    registry.fail('/left-pad', { kind: 'status', status: 401 });
    await expect(resolve('left-pad')).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('credentials'),
    });
    expect(registry.requests).toHaveLength(1);
  });

  it('an endless packument is cut at the limit', async () => {
    const source = await scratch.reopen({ limits: { maxPackumentBytes: 100_000 } });
    registry.fail('/left-pad', { kind: 'endless', bytes: Buffer.alloc(16_384, ' ') });
    await expect(resolveNpm(source, { packageName: 'left-pad' })).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('larger than 100000 bytes'),
    });
  });

  it('a registry that is not there is unreachable', async () => {
    await registry.close();
    await expect(resolve('left-pad')).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(/ECONNREFUSED.*3 attempts/),
    });
    registry = await startRegistry();
  });

  it('who stops waiting is told at once, and closing ends what is under way', async () => {
    registry.fail('/left-pad', { kind: 'silence' });
    const waiting = new AbortController();
    const given = resolveNpm(scratch.source, { packageName: 'left-pad' }, waiting.signal);
    const other = resolve('left-pad');
    waiting.abort();
    await expect(given).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const closed = expect(other).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await scratch.source.close();
    await closed;
  });
});

describe('the cache', () => {
  it('answers for five minutes without asking, then has the registry confirm', async () => {
    await resolve('left-pad');
    scratch.clock.advance(299_999);
    await resolve('left-pad');
    expect(registry.requests).toHaveLength(1);
    scratch.clock.advance(1);
    await resolve('left-pad');
    expect(registry.requests).toHaveLength(2);
    expect(registry.requests[1]?.headers['if-none-match']).toMatch(/^"/);
    scratch.clock.advance(200_000);
    await resolve('left-pad');
    expect(registry.requests).toHaveLength(2);
  });

  it('a new latest version is seen after five minutes', async () => {
    await resolve('left-pad');
    registry.publish('left-pad', { versions: { ...leftpad.versions, '1.2.0': {} } });
    expect(await resolve('left-pad')).toMatchObject({ version: '1.1.0' });
    scratch.clock.advance(300_000);
    expect(await resolve('left-pad')).toMatchObject({ version: '1.2.0' });
  });

  it('is shared with other processes', async () => {
    await resolve('left-pad');
    const other = await scratch.reopen();
    expect(await resolveNpm(other, { packageName: 'left-pad' })).toMatchObject({ version: '1.1.0' });
    expect(registry.requests).toHaveLength(1);
  });

  it('a clock that went back makes nothing fresh', async () => {
    await resolve('left-pad');
    scratch.clock.advance(-60_000);
    await resolve('left-pad');
    expect(registry.requests).toHaveLength(2);
  });

  it('many who ask at once cause one question', async () => {
    await Promise.all(Array.from({ length: 20 }, () => resolve('left-pad')));
    expect(registry.requests).toHaveLength(1);
  });
});
