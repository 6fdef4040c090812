import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hooksOf, readInstalledTree } from './tree.ts';

let project: string;
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'tree-'));
});
afterEach(() => rmSync(project, { recursive: true }));

function put(location: string, manifest: unknown, files: Record<string, string> = {}): void {
  const folder = path.join(project, location);
  mkdirSync(folder, { recursive: true });
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  for (const [name, content] of Object.entries({ 'package.json': text, ...files }))
    writeFileSync(path.join(folder, name), content);
}

const locations = () => readInstalledTree(project).map(({ location }) => location);

it('every package of the tree is found, nested and scoped ones too, ordered by location', () => {
  put('node_modules/b', { version: '2.0.0' });
  put('node_modules/a', { version: '1.0.0', dependencies: { b: '1' }, scripts: { postinstall: 'x', test: 'y' } });
  put('node_modules/a/node_modules/b', { version: '1.0.0' });
  put('node_modules/@s/c', { version: '3.0.0' }, { 'binding.gyp': '{}' });
  const tree = readInstalledTree(project);
  expect(tree.map(({ location, version }) => `${location}@${version}`)).toEqual([
    'node_modules/@s/c@3.0.0',
    'node_modules/a@1.0.0',
    'node_modules/a/node_modules/b@1.0.0',
    'node_modules/b@2.0.0',
  ]);
  expect(tree.map(({ hooks }) => hooks)).toEqual([['install'], ['postinstall'], [], []]);
});

it('a package is called by its folder, whatever its manifest says', () => {
  put('node_modules/real', { name: 'other', version: 7 });
  expect(readInstalledTree(project)).toMatchObject([{ name: 'real', version: '0.0.0' }]);
});

it('no link is followed: not to a package, not to its packages, not to its manifest', () => {
  put('outside', { version: '6.6.6' });
  put('outside/node_modules/secret', { version: '6.6.6' });
  put('node_modules/a', { version: '1.0.0' });
  symlinkSync(path.join(project, 'outside'), path.join(project, 'node_modules/linked'));
  symlinkSync(path.join(project, 'outside/node_modules'), path.join(project, 'node_modules/a/node_modules'));
  mkdirSync(path.join(project, 'node_modules/b'));
  symlinkSync(path.join(project, 'outside/package.json'), path.join(project, 'node_modules/b/package.json'));
  expect(locations()).toEqual(['node_modules/a']);
});

it.each([
  ['no JSON', '{'],
  ['an array', '[]'],
  ['null', 'null'],
  ['too long', `{"x":"${'x'.repeat(4 * 1024 * 1024)}"}`],
])('a manifest that is %s makes no package, and no error', (_, text) => {
  put('node_modules/bad', text);
  put('node_modules/good', { version: '1.0.0' });
  expect(locations()).toEqual(['node_modules/good']);
});

it.each(['{', '[]', '{"packages":7}', '{"packages":{"node_modules/a":null,"node_modules/b":{"integrity":1}}}'])(
  "a record of npm's that says %s gives no integrity, and no error",
  (text) => {
    put('node_modules/a', { version: '1.0.0' });
    writeFileSync(path.join(project, 'node_modules/.package-lock.json'), text);
    expect(readInstalledTree(project)[0]).not.toHaveProperty('integrity');
  },
);

it("the integrity is that of npm's record", () => {
  put('node_modules/a', { version: '1.0.0' });
  const record = { packages: { 'node_modules/a': { integrity: 'sha512-x' } } };
  writeFileSync(path.join(project, 'node_modules/.package-lock.json'), JSON.stringify(record));
  expect(readInstalledTree(project)).toMatchObject([{ integrity: 'sha512-x' }]);
});

it('a project without any package has an empty tree', () => {
  expect(readInstalledTree(project)).toEqual([]);
});

it('a binding.gyp is an install hook unless the manifest has its own or says no', () => {
  expect(hooksOf({}, true)).toEqual(['install']);
  expect(hooksOf({ gypfile: false }, true)).toEqual([]);
  expect(hooksOf({ scripts: { preinstall: 'x' } }, true)).toEqual(['preinstall']);
  expect(hooksOf({ scripts: { install: 'x', postinstall: 7 } }, true)).toEqual(['install']);
  expect(hooksOf({ scripts: null }, false)).toEqual([]);
});
