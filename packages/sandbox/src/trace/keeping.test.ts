import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { TraceEvent } from '@assay/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TraceArtifact } from './artifact.ts';
import { PathNames } from './layout.ts';
import { NetworkLedger, type NetworkRequest } from './ledger.ts';
import { AccessTables, tableLimits } from './tables.ts';
import { surroundings } from './tape.ts';

const names = new PathNames(surroundings.layout);
const modules = '/home/dev/project/node_modules';

describe('names of places', () => {
  it.each([
    [`${modules}/target/lib/a.js`, '{pkg}/lib/a.js', 'package', 'target'],
    [`${modules}/target`, '{pkg}', 'package', 'target'],
    [`${modules}/dep/a.js`, '{dep:dep}/a.js', 'package', 'dep'],
    [`${modules}/@a/b/c.js`, '{dep:@a/b}/c.js', 'package', '@a/b'],
    [`${modules}/x/node_modules/@a/b/c.js`, '{dep:@a/b}/c.js', 'package', '@a/b'],
    [`${modules}/x/node_modules/target/c.js`, '{dep:target}/c.js', 'package', 'target'],
    [`${modules}/target/node_modules/y/z`, '{dep:y}/z', 'package', 'y'],
    [`${modules}/target/test/node_modules`, '{pkg}/test/node_modules', 'package', 'target'],
    [`${modules}/.bin/tool`, '~/project/node_modules/.bin/tool', 'project', undefined],
    [`${modules}/.target-AbCd/a.js`, '~/project/node_modules/.target-AbCd/a.js', 'project', undefined],
    [`${modules}/@scope`, '~/project/node_modules/@scope', 'project', undefined],
    ['/home/dev/project/package.json', '~/project/package.json', 'project', undefined],
    ['/home/dev/.npm/_cacache/x', '~/.npm/_cacache/x', 'cache', undefined],
    ['/home/dev/.npmrc', '~/.npmrc', 'home', undefined],
    ['/home/dev', '~', 'home', undefined],
    ['/home/device', '/home/device', 'elsewhere', undefined],
    ['/tmp/x', '{tmp}/x', 'tmp', undefined],
    ['/tmpx', '/tmpx', 'elsewhere', undefined],
    ['/usr/bin/cc', '/usr/bin/cc', 'toolchain', undefined],
    ['/usr/local/bin/nodes', '/usr/local/bin/nodes', 'elsewhere', undefined],
    ['/proc/self/status', '/proc/self/status', 'kernel', undefined],
    ['/memfd:x', 'memfd:x', 'memory', undefined],
    ['socket:[7]', 'socket:[7]', 'kernel', undefined],
    ['/home/other/node_modules/target/a', '/home/other/node_modules/target/a', 'elsewhere', undefined],
  ])('%s is %s', (file, report, zone, owner) => {
    const place = names.locate(file);
    expect([place.report, place.zone, place.package]).toEqual([report, zone, owner]);
  });
});

describe('folded tables', () => {
  it('accesses in package folders are folded: by tools per package, by package code per folder; others are not', () => {
    const tables = new AccessTables(tableLimits);
    for (const file of ['lib/a.js', 'lib/b.js', 'index.js']) {
      tables.file(names.locate(`${modules}/dep/${file}`), 'Write', true);
      tables.file(names.locate(`${modules}/target/${file}`), 'Read', false);
    }
    tables.file(names.locate('/home/dev/a'), 'Write', false);
    tables.file(names.locate('/home/dev/b'), 'Delete', false);
    expect(tables.files()).toEqual([
      { Path: '{dep:dep}/**', Read: false, Write: true, Delete: false, Count: 3 },
      { Path: '{pkg}/**', Read: true, Write: false, Delete: false },
      { Path: '{pkg}/lib/**', Read: true, Write: false, Delete: false, Count: 2 },
      { Path: '~/a', Read: false, Write: true, Delete: false },
      { Path: '~/b', Read: false, Write: false, Delete: true },
    ]);
  });

  it('full tables count what they cannot hold', () => {
    const tables = new AccessTables({ maxFiles: 2, maxCommands: 1, maxSockets: 1, maxNames: 1 });
    for (let index = 0; index < 5; index += 1) {
      tables.file(names.locate(`/home/dev/${index}`), 'Read', false);
      tables.command([String(index)], []);
      tables.socket('203.0.113.7', index, 'tcp', undefined);
      tables.name(`${index}.test`, 'A');
    }
    expect(tables.truncation()).toEqual([
      { field: 'Files', kept: 2, total: 5 },
      { field: 'Commands', kept: 1, total: 5 },
      { field: 'Sockets', kept: 1, total: 5 },
      { field: 'DNS', kept: 1, total: 5 },
    ]);
  });

  it('calls are counted by name, numbered ones beyond a bound together', () => {
    const tables = new AccessTables(tableLimits);
    for (let index = 0; index < 1000; index += 1) tables.call(`syscall_${index}`);
    const counts = tables.syscallCounts();
    expect(Object.keys(counts).length).toBeLessThanOrEqual(301);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(1000);
  });

  it('a request that carried a decoy takes the place of one that did not', () => {
    const ledger = new NetworkLedger();
    const request = (event: string, canary?: string) =>
      ({
        event,
        t_ms: 0,
        canary_hits: canary === undefined ? [] : [{ canary, encoding: 'raw', where: 'body' }],
      }) as unknown as NetworkRequest;
    for (let index = 0; index < 1200; index += 1)
      ledger.request(request(`e${index}`, index === 1100 ? 'c1' : undefined));
    expect(ledger.network().requests.some(({ event }) => event === 'e1100')).toBe(true);
    expect(ledger.truncation()).toEqual([{ field: 'requests', kept: 1000, total: 1200 }]);
  });
});

describe('the raw trace', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trace-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const event = (index: number): TraceEvent => ({
    id: `e${index}`,
    run: 'r0',
    phase: 'install',
    t_ms: index,
    process: 'p1',
    type: 'file.read',
    outcome: 'ok',
    path: `~/é${index * 7919}`,
  });
  const write = (count: number, maxBytes: number) => {
    const file = path.join(folder, 'trace.ndjson.gz');
    const artifact = new TraceArtifact(file, maxBytes);
    for (let index = 0; index < count; index += 1) artifact.write(event(index));
    const summary = artifact.end();
    return { summary, bytes: readFileSync(file) };
  };
  const rows = (bytes: Buffer) =>
    gunzipSync(bytes)
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TraceEvent);

  it('holds every event in order, and is what its summary says', () => {
    const { summary, bytes } = write(10_000, 1 << 24);
    expect(rows(bytes)).toEqual(Array.from({ length: 10_000 }, (_, index) => event(index)));
    expect(summary).toEqual({
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      events: 10_000,
      dropped: 0,
    });
  });

  it('the same events make the same bytes', () => {
    const first = write(3000, 1 << 24).summary.sha256;
    rmSync(path.join(folder, 'trace.ndjson.gz'));
    expect(write(3000, 1 << 24).summary.sha256).toBe(first);
  });

  it('never grows beyond its bound, and its last line says what is missing', () => {
    const { summary, bytes } = write(20_000, 40_000);
    expect(bytes.length).toBeLessThanOrEqual(40_000);
    const all = rows(bytes);
    expect(all.at(-1)).toEqual({ truncated: true, dropped: summary.dropped });
    expect(all.slice(0, -1)).toEqual(Array.from({ length: summary.events }, (_, index) => event(index)));
    expect(summary.events + summary.dropped).toBe(20_000);
  });

  it('an empty one is a valid archive', () => {
    expect(gunzipSync(write(0, 1024).bytes)).toHaveLength(0);
  });
});
