import { describe, expect, it } from 'vitest';
import { compareManifests } from './manifest.ts';

const at = { version: '2.0.0', commit: 'ab'.repeat(20) };
const source = {
  name: 'a',
  version: '0.0.0',
  main: 'src/index.ts',
  exports: { import: './a.mjs', default: './a.js' },
  scripts: { build: 'tsc', prepare: 'husky' },
  dependencies: { b: 'workspace:^', c: '^1.0.0', d: 'catalog:' },
  devDependencies: { t: '1' },
  publishConfig: { access: 'public', main: 'dist/index.js' },
};
const published = {
  exports: { import: './a.mjs', default: './a.js' },
  name: 'a',
  version: '2.0.0',
  main: 'dist/index.js',
  scripts: { build: 'tsc' },
  dependencies: { c: '^1.0.0', b: '^2.0.0', d: '~3.1.0' },
  gitHead: at.commit,
};

it('what publishing tools rewrite is verified', () => {
  expect(compareManifests(published, source, at)).toEqual({
    kind: 'verified',
    rewrites: [
      'devDependencies dropped',
      'gitHead added',
      'publishConfig applied',
      'publishConfig dropped',
      'scripts dropped',
      'version stamped',
      'workspace ranges resolved',
    ],
  });
  expect(compareManifests(source, source, at)).toEqual({ kind: 'verified', rewrites: [] });
});

describe('anything else is not', () => {
  it.each([
    [{ scripts: { build: 'tsc', postinstall: 'node x' } }, 'scripts.postinstall', 'added'],
    [{ scripts: { build: 'node x' } }, 'scripts.build', 'changed'],
    [{ dependencies: { ...published.dependencies, evil: '1' } }, 'dependencies.evil', 'added'],
    [{ dependencies: { ...published.dependencies, c: '^2.0.0' } }, 'dependencies.c', 'changed'],
    [{ dependencies: { ...published.dependencies, b: 'npm:evil@^2.0.0' } }, 'dependencies.b', 'changed'],
    [{ dependencies: { ...published.dependencies, b: 'https://evil.test/^2.0.0' } }, 'dependencies.b', 'changed'],
    [{ optionalDependencies: { evil: '1' } }, 'optionalDependencies.evil', 'added'],
    [{ main: 'evil.js' }, 'main', 'changed'],
    [{ exports: { default: './a.js', import: './a.mjs' } }, 'exports', 'changed'],
    [{ bin: { a: 'x.js' } }, 'bin.a', 'added'],
    [{ version: '2.0.1' }, 'version', 'changed'],
    [{ gitHead: 'cd'.repeat(20) }, 'gitHead', 'added'],
    [{ extra: 1 }, 'extra', 'added'],
    [{ main: undefined }, 'main', 'removed'],
  ])('%j', (change, key, kind) => {
    const changed = JSON.parse(JSON.stringify({ ...published, ...change })) as Record<string, unknown>;
    expect(compareManifests(changed, source, at)).toEqual({ kind: 'changed', changes: [{ key, kind, grave: true }] });
  });

  it('a dependency that is left out is named, and not grave', () => {
    const dependencies = { b: '^2.0.0', d: '~3.1.0' };
    expect(compareManifests({ ...published, dependencies }, source, at)).toEqual({
      kind: 'changed',
      changes: [{ key: 'dependencies.c', kind: 'removed', grave: false }],
    });
  });
});
