import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkText, checkTree, maxSourceLines } from './rules.ts';

// What the rules refuse is put together here, so that this file keeps them.
const host = ['npmjs', 'org'].join('.');
const later = 'TO' + 'DO';
const check = (path: string, text: string): string[] => checkText(path, text, '/srv/checkout');

describe('checkText', () => {
  it.each([
    ['docs/a.md', `see https://registry.${host}/x`, 'a.md:1: names the host of a package registry'],
    ['src/a.ts', `const p = /registry\\.${host.replace('.', '\\.')}/;`, 'names the host of a package registry'],
    [
      'package-lock.json',
      `{\n"resolved": "http${'s'}://h.invalid/x.tgz"}`,
      'json:2: records the address a package came from',
    ],
    ['src/a.ts', `// ${later}: later`, 'postpones work'],
    ['src/a.test.ts', `it.${'skip'}('x', f);`, 'a test that does not run'],
    ['src/a.test.ts', `describe.${'only'}.each([1])('x', f);`, 'keeps others from running'],
    ['src/a.ts', "const f = '/srv/checkout/node_modules';", 'contains a path of this machine'],
    ['src/a.ts', 'x;\n'.repeat(maxSourceLines + 1), `has ${maxSourceLines + 1} lines`],
  ])('refuses in %s: %j', (path, text, says) => {
    expect(check(path, text)).toEqual([expect.stringContaining(says)]);
  });

  it.each([
    ['docs/a.md', `https://my-${host}.example and ${host}x`],
    ['package-lock.json', '{"resolved": "packages/kernel", "link": true}'],
    ['src/a.ts', "const template = '/tmp/nameXXXXXX'; // the hacker's todo list"],
    ['src/a.test.ts', "parser.skip(3); it('skips a header', f);"],
    ['src/a.ts', 'const f = "/srv/other";'],
    ['LICENSE', 'line\n'.repeat(maxSourceLines + 1)],
    ['src/a.ts', 'x;\n'.repeat(maxSourceLines)],
    ['src/a.test.ts', 'x;\n'.repeat(maxSourceLines + 1)],
    ['src/sample/a.ts', 'x;\n'.repeat(maxSourceLines + 1)],
  ])('lets pass in %s: %j', (path, text) => {
    expect(check(path, text)).toEqual([]);
  });
});

describe('checkTree', () => {
  it('reads what git tracks or would track, and neither ignored nor binary files', async () => {
    const root = await mkdtemp(join(tmpdir(), 'assay-rules-'));
    execFileSync('git', ['init', '-q'], { cwd: root });
    await writeFile(join(root, '.gitignore'), 'ignored.md\n');
    for (const name of ['new.md', 'ignored.md']) await writeFile(join(root, name), host);
    await writeFile(join(root, 'binary.bin'), `${host}\0`);
    expect(checkTree(root)).toEqual(['new.md:1: names the host of a package registry']);
    await rm(root, { recursive: true });
  });
});
