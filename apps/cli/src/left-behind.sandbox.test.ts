import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { type Registry, startRegistry } from '@assay/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliPlace } from './started-cli.ts';

const place = new CliPlace();
let registry: Registry;
let kept: string[];

beforeAll(async () => {
  const script = `require('child_process').spawn('sh', ['-c', 'setsid sleep 300 & sleep 300'], { detached: true, stdio: 'ignore' }); setTimeout(() => {}, 300000)`;
  registry = await startRegistry({
    packages: {
      stays: {
        versions: { '1.0.0': { manifest: { scripts: { install: 'node stay.js' } }, files: { 'stay.js': script } } },
      },
    },
  });
  place.registry = registry.url;
  // What every start makes once: the caches.
  await place.start(['analyze', 'pkg:npm/stays@1.0.0', '--runs', 'r0'], { signals: [[2500, 'SIGINT']] });
  kept = readdirSync(place.temporary);
});
afterAll(async () => {
  await registry.close();
  place.remove();
});

/** Processes that carry our place in what they were started with, or live in namespaces that one of them made. */
function ours(): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      const said = readFileSync(`/proc/${name}/environ`, 'latin1') + readFileSync(`/proc/${name}/cmdline`, 'latin1');
      return said.includes(place.directory) || readFileSync(`/proc/${name}/mountinfo`, 'latin1').includes(place.cache);
    } catch {
      // Ended meanwhile, or not ours to see.
      return false;
    }
  });
}

/** The kernel takes a namespace down a moment after its first process has ended. */
async function settled(): Promise<string[]> {
  for (let tries = 0; tries < 50 && ours().length > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return ours().map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')}`);
}

const mounts = () => readFileSync('/proc/self/mounts', 'utf8');
const workFolders = () => readdirSync(place.temporary).filter((name) => !kept.includes(name));
const before = mounts();
const names = ['net', 'mnt', 'pid'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`));

/** Spread over a whole start: settings, box, installation, hooks; moved a little on every run. */
const moments = (count: number) =>
  Array.from({ length: count }, (_, index) => Math.round(250 + ((index + Math.random()) * 2400) / count));

it.each(moments(10))('an interrupt after %i ms leaves nothing behind and exits 130', async (ms) => {
  const ended = await place.start(['analyze', 'pkg:npm/stays@1.0.0', '--runs', 'r0'], { signals: [[ms, 'SIGINT']] });
  // Before its first line runs, a program ends by the signal itself, which a shell calls 130 as well.
  if (ended.signal === null) expect(ended).toMatchObject({ code: 130, stdout: '' });
  else expect(ended.signal).toBe('SIGINT');
  expect(ended.stderr).toMatch(/^(assay: interrupted[^\n]*\n)?$/);
  expect(await settled()).toEqual([]);
  expect(workFolders()).toEqual([]);
  expect(mounts()).toBe(before);
});

it.each(moments(3))('a request to end after %i ms leaves nothing behind', async (ms) => {
  const ended = await place.start(['analyze', 'pkg:npm/stays@1.0.0', '--runs', 'r0'], { signals: [[ms, 'SIGTERM']] });
  expect([130, null]).toContain(ended.code);
  expect(await settled()).toEqual([]);
  expect(workFolders()).toEqual([]);
});

it.each(moments(4))(
  'a kill after %i ms leaves no process and no mount, and its folder to the next start',
  async (ms) => {
    const ended = await place.start(['analyze', 'pkg:npm/stays@1.0.0', '--runs', 'r0'], { signals: [[ms, 'SIGKILL']] });
    expect(ended.signal).toBe('SIGKILL');
    expect(await settled()).toEqual([]);
    expect(mounts()).toBe(before);
    await place.start(['analyze', 'pkg:npm/absent@1.0.0']);
    expect(workFolders()).toEqual([]);
  },
);

it('a second interrupt ends at once', async () => {
  const ended = await place.start(['analyze', 'pkg:npm/stays@1.0.0', '--runs', 'r0'], {
    signals: [
      [1800, 'SIGINT'],
      [1805, 'SIGINT'],
    ],
  });
  expect(ended.code).toBe(130);
  expect(await settled()).toEqual([]);
  expect(workFolders()).toEqual([]);
});

it('the folder of a living analysis, of another container and of nobody stays', async () => {
  const mine = /\d+/.exec(names[2] ?? '')?.[0];
  const began = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[19];
  const living = [`assay-${mine}-${process.pid}-${began}-aaaaaa`, 'assay-1-999999999-1-bbbbbb', 'assay-notes'];
  const dead = [`assay-${mine}-${process.pid}-1-cccccc`, `assay-${mine}-999999999-1-dddddd`];
  for (const name of [...living, ...dead]) mkdirSync(path.join(place.temporary, name, 'inner'), { recursive: true });
  await place.start(['analyze', 'pkg:npm/absent@1.0.0']);
  expect(workFolders().sort()).toEqual(living.sort());
});
