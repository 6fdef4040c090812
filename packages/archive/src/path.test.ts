import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectPath, linkEscapes } from './path.ts';

const codesOf = (raw: string) => inspectPath(raw, 4096).problems.map(({ code }) => code);

describe('an entry name', () => {
  test.each([
    ['package/index.js', 'package/index.js'],
    ['./a/b/', 'a/b'],
    ['.', '.'],
    ['.github/x', '.github/x'],
    ['a/..b/c..', 'a/..b/c..'],
    ['p/日本 語.js', 'p/日本 語.js'],
    ['p/a%2Fb', 'p/a%2Fb'],
    ['p/ab:c', 'p/ab:c'],
  ])('%j is ordinary', (raw, path) => {
    expect(inspectPath(raw, 4096)).toEqual({ path, safe: true, problems: [] });
  });

  test.each([
    ['../x', '%2E%2E/x', ['path-traversal']],
    ['a/../../x', 'a/%2E%2E/%2E%2E/x', ['path-traversal']],
    ['a\\..\\x', 'a%5C..%5Cx', ['path-backslash', 'path-traversal']],
    ['/etc/passwd', '%2Fetc/passwd', ['path-absolute']],
    ['//host/share', '%2Fhost/share', ['path-absolute']],
    ['\\\\host\\share', '%5C%5Chost%5Cshare', ['path-backslash', 'path-absolute']],
    ['C:/x', 'C%3A/x', ['path-absolute']],
    ['p/c:x', 'p/c%3Ax', ['path-absolute']],
    ['p/a\0b', 'p/a%00b', ['path-control-characters']],
    ['p/sj.\u202egpj', 'p/sj.%E2%80%AEgpj', ['path-control-characters']],
  ])('%j is unsafe and stays visible', (raw, path, codes) => {
    expect(inspectPath(raw, 4096)).toMatchObject({ path, safe: false });
    expect(codesOf(raw)).toEqual(codes);
  });

  test.each(['p//x', 'p/./x', '', 'p/.', '././/x/.'])('%j is ambiguous', (raw) => {
    expect(codesOf(raw)).toContain('path-ambiguous');
  });

  test('that is too long is cut, and two of them stay apart', () => {
    const long = `${'d/'.repeat(3000)}`;
    const [a, b] = [inspectPath(`${long}a`, 4096), inspectPath(`${long}b`, 4096)];
    expect(a.safe).toBe(false);
    expect(a.path.length).toBeLessThan(220);
    expect(a.path).not.toBe(b.path);
  });

  test('never makes a path that leaves the directory it is joined to', () => {
    const piece = fc.oneof(fc.constantFrom('..', '.', '', '/', '\\', 'C:', '\0', '%2E%2E', '..\\', 'a'), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom('/', '\\', ''), (pieces, separator) => {
        const { path } = inspectPath(pieces.join(separator), 64);
        const joined = resolve(join('/root/dir', path));
        expect(joined === '/root/dir' || joined.startsWith('/root/dir/')).toBe(true);
        expect(path).not.toMatch(/\\|\0/);
      }),
    );
  });

  test('made harmless once is harmless: a second look changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (raw) => {
        const once = inspectPath(raw, 4096).path;
        expect(inspectPath(once, 4096).path).toBe(once);
      }),
    );
  });
});

describe('a link target', () => {
  test.each([
    ['a/b', 'c', 'symlink', false],
    ['a/b', '../c', 'symlink', false],
    ['a/b', '../../c', 'symlink', true],
    ['a/b', 'x/../../../c', 'symlink', true],
    ['b', '..', 'symlink', true],
    ['a/b', '/etc', 'symlink', true],
    ['a/b', 'C:\\x', 'symlink', true],
    ['a/b', 'a/c', 'hardlink', false],
    ['a/b', '../c', 'hardlink', true],
  ] as const)('%s -> %s (%s) escapes: %s', (path, target, type, escapes) => {
    expect(linkEscapes(path, target, type)).toBe(escapes);
  });
});
