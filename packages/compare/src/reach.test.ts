import { describe, expect, it } from 'vitest';
import { codeSigns, isTrivial, magicOf } from './code-kind.ts';
import { namedAsCode, reachableFiles } from './reach.ts';

const filesOf = (files: Record<string, string>): Map<string, Buffer> =>
  new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));

it('what runs is found from hooks, bins and exports through relative imports, with and without suffixes', () => {
  const files = filesOf({
    'setup.js': "require('./lib/native')",
    'lib/native.js': '',
    'cli.mjs': "import { a } from './lib/a.js'; export * from './lib';",
    'lib/a.js': "const b = await import('../b.cjs')",
    'lib/index.js': "require('left-pad')",
    'b.cjs': "require('./missing')",
    'esm/x.js': "require('..')",
    'index.js': '',
    'unused.js': '',
    'binding.gyp': '',
  });
  const manifest = {
    scripts: { postinstall: 'node ./setup.js && echo done', test: 'node unused.js' },
    bin: { x: './cli.mjs' },
    exports: { './*': './esm/*.js' },
  };
  expect(Object.fromEntries(reachableFiles(manifest, files))).toEqual({
    'binding.gyp': ['install'],
    'setup.js': ['install'],
    'lib/native.js': ['install'],
    'esm/x.js': ['import'],
    'index.js': ['import'],
    'cli.mjs': ['bin'],
    'lib/a.js': ['bin'],
    'lib/index.js': ['bin'],
    'b.cjs': ['bin'],
  });
});

it('files that import each other are each reached once', () => {
  const files = filesOf({ 'index.js': "require('./b')", 'b.js': "require('./index')" });
  expect(Object.fromEntries(reachableFiles({}, files))).toEqual({ 'index.js': ['import'], 'b.js': ['import'] });
});

describe('a hostile manifest names nothing and breaks nothing', () => {
  it.each([
    { main: 7 },
    { main: '../../etc/passwd' },
    { bin: null },
    { exports: [[['./index.js']]] },
    { scripts: 'x' },
    { scripts: { install: 7 } },
    { exports: { types: './index.js' } },
  ])('%j', (manifest) => {
    const found = [
      ...reachableFiles(manifest, filesOf({ 'a.js': '' })).keys(),
      ...namedAsCode(manifest, filesOf({ 'a.js': '' })),
    ];
    expect(found).toEqual([]);
  });
});

describe('what runs is told by name, by magic bytes, by shebang or by who names it', () => {
  const plain = { named: false, reached: false };
  it.each([
    ['a.js', 'x', plain, ['name']],
    ['types.d.ts', 'x', plain, []],
    ['README', '#!/bin/sh', plain, ['shebang']],
    ['cli.d.ts', '#!/usr/bin/env node', plain, []],
    ['cli.d.ts', '#!/usr/bin/env node', { named: true, reached: true }, ['manifest']],
    ['README.md', 'x', { named: true, reached: true }, ['manifest']],
    ['style.css', 'x', { named: false, reached: true }, []],
    ['cli', 'x', { named: false, reached: true }, ['manifest']],
    ['data.json', 'x', { named: false, reached: true }, []],
    ['x.dat', `MZ${'\0'.repeat(70)}`, plain, ['magic']],
    ['x.dat', 'MZ is a common start of text', plain, []],
  ])('%s %j', (path, content, use, signs) => {
    expect(codeSigns(path, Buffer.from(content), use)).toEqual(signs);
  });
});

it('only what is in every project is trivial', () => {
  for (const text of ['', '\n', 'export {};\n', "'use strict';\n", '{}', "'use strict';\nmodule.exports = {};\n"]) {
    expect(isTrivial(Buffer.from(text), text.length)).toBe(true);
  }
  for (const text of ['x()', 'export {}; x()', '{"a":1}'])
    expect(isTrivial(Buffer.from(text), text.length)).toBe(false);
  expect(isTrivial(undefined, 5)).toBe(false);
  expect(magicOf(undefined)).toBeUndefined();
});
