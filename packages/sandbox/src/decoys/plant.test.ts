import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makePersona, type PersonaName, personas } from '../persona.ts';
import { CanarySearch } from './canary-search.ts';
import { makeHome } from './home.ts';
import { canariesOf, decoyKinds, decoyPaths, makeDecoys } from './plant.ts';
import { seededRandom } from './random.ts';

const names = Object.keys(personas) as PersonaName[];

function setUp(name: PersonaName, seed = 'a') {
  const random = seededRandom(seed);
  const persona = makePersona(name, random);
  return { persona, decoys: makeDecoys(random, persona, { registryHosts: {} }), home: makeHome(random, persona) };
}

test.each(names.filter((name) => name !== 'ci'))('persona %s holds every kind of decoy', (name) => {
  expect(new Set(setUp(name).decoys.map(({ kind }) => kind))).toEqual(new Set(decoyKinds));
});

test('a build machine holds no browser, wallet, clipboard, editor or shell history', () => {
  const kinds = setUp('ci').decoys.map(({ kind }) => kind as string);
  expect(kinds).not.toContain('browser_profile');
  expect(kinds).not.toContain('wallet');
  expect(kinds).toContain('kube');
  expect(
    setUp('ci')
      .decoys.flatMap(({ files }) => files)
      .map(({ path }) => path),
  ).toContain('/var/run/secrets/kubernetes.io/serviceaccount/token');
});

test.each(names)('every value of persona %s is long enough, unlike its neighbours, and new in each run', (name) => {
  const values = setUp(name).decoys.flatMap((decoy) => decoy.values);
  for (const value of values) expect(value.length).toBeGreaterThanOrEqual(16);
  expect(new Set(values).size).toBe(values.length);
  const other = new Set(setUp(name, 'b').decoys.flatMap((decoy) => decoy.values));
  expect(values.filter((value) => other.has(value))).toEqual([]);
});

test.each(names)('each planted secret of persona %s is found when any of its secret files leaves', (name) => {
  const { decoys } = setUp(name);
  const search = new CanarySearch(canariesOf(decoys));
  for (const { id, files } of decoys) {
    if (files.length === 0) continue;
    const found = files.filter(({ content }) => search.find(content, 'body').some((hit) => hit.canary === id));
    expect(found.length, id).toBeGreaterThan(0);
    expect(found[0]!.path, id).toBe(files[0]!.path);
  }
});

test.each(names)('an ordinary file of persona %s holds no secret', (name) => {
  const { decoys, home } = setUp(name);
  const secrets = canariesOf(decoys.filter(({ kind }) => kind !== 'host_identity'));
  const search = new CanarySearch(secrets);
  for (const { path, content } of home) expect(search.find(content, 'body'), path).toEqual([]);
});

test.each(names)('no path of persona %s is planted twice or leaves the home by dots', (name) => {
  const { decoys, home } = setUp(name);
  const paths = [...decoys.flatMap(({ files }) => files), ...home].map(({ path }) => path);
  expect(paths.filter((path, at) => paths.indexOf(path) !== at)).toEqual([]);
  for (const path of paths) expect(path).not.toMatch(/(^|\/)\.\.(\/|$)/);
});

test('a home has enough ordinary files that mass deletion shows', () => {
  expect(setUp('developer').home.length).toBeGreaterThan(20);
});

test('registry hosts stand in decoy configuration only when they are given', () => {
  const random = seededRandom('r');
  const persona = makePersona('developer', random);
  const decoys = makeDecoys(random, persona, { registryHosts: { npm: 'mirror.test' } });
  expect(String(decoys.find(({ kind }) => kind === 'npm_token')!.files[0]!.content)).toContain(
    '//mirror.test/:_authToken=npm_',
  );
  const pypirc = String(decoys.find(({ kind }) => kind === 'pypi_token')!.files[0]!.content);
  expect(pypirc).toMatch(/repository = https:\/\/pypi\.northwind-retail\.example\//);
});

test('paths of decoys resolve to the decoy that lies there', () => {
  const { decoys, persona } = setUp('developer');
  const paths = decoyPaths(decoys, persona);
  expect(paths.get(`${persona.home}/.npmrc`)?.kind).toBe('npm_token');
  expect(paths.get('/etc/machine-id')?.kind).toBe('host_identity');
});

test('the clipboard is read and written by the usual commands', () => {
  const clipboard = setUp('developer').decoys.find(({ kind }) => kind === 'clipboard')!;
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  try {
    for (const { path, content, mode } of clipboard.files) {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), content, { mode });
    }
    const call = (name: string, args: string[], input = '') =>
      execFileSync(join(home, '.local/bin', name), args, {
        env: { HOME: home, PATH: '/usr/bin:/bin' },
        input,
        encoding: 'utf8',
      });
    for (const read of [
      ['xclip', '-selection', 'clipboard', '-o'],
      ['xsel', '--clipboard', '--output'],
      ['wl-paste'],
    ]) {
      expect(call(read[0]!, read.slice(1))).toBe(clipboard.value);
    }
    call('xclip', ['-selection', 'clipboard'], 'swapped');
    expect(call('wl-paste', [])).toBe('swapped');
    expect(readFileSync(join(home, '.local/share/clipboard/selection'), 'utf8')).toBe('swapped');
  } finally {
    rmSync(home, { recursive: true });
  }
});
