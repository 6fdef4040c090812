import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packumentPath, parseRegistryPath, tarballPath } from './paths.ts';

it.each([
  ['/is-odd', { kind: 'packument', packageName: 'is-odd' }],
  ['/@scope%2fname', { kind: 'packument', packageName: '@scope/name' }],
  ['/@scope%2Fname', { kind: 'packument', packageName: '@scope/name' }],
  ['/@scope/name', { kind: 'packument', packageName: '@scope/name' }],
  ['/%40scope%2fname', { kind: 'packument', packageName: '@scope/name' }],
  ['/-', { kind: 'packument', packageName: '-' }],
  ['/JSONStream', { kind: 'packument', packageName: 'JSONStream' }],
  ['/is-odd/-/is-odd-3.0.1.tgz', { kind: 'tarball', packageName: 'is-odd', version: '3.0.1' }],
  ['/@scope/name/-/name-1.0.0-rc.1.tgz', { kind: 'tarball', packageName: '@scope/name', version: '1.0.0-rc.1' }],
  ['/@scope%2fname/-/name-1.0.0.tgz', { kind: 'tarball', packageName: '@scope/name', version: '1.0.0' }],
  ['/a/-/a-1.0.0%2Bb.tgz', { kind: 'tarball', packageName: 'a', version: '1.0.0+b' }],
])('%s is read', (path, expected) => {
  expect(parseRegistryPath(path)).toEqual(expected);
});

it.each([
  '',
  '/',
  '//',
  'is-odd',
  '/-/ping',
  '/-/whoami',
  '/-/npm/v1/security/advisories/bulk',
  '/-/v1/search',
  '/is-odd/3.0.1',
  '/is-odd/latest',
  '/is-odd/-/is-even-1.0.0.tgz',
  '/is-odd/-/is-odd-.tgz',
  '/is-odd/-/is-odd-1.0.0.tgz/-/x',
  '/is-odd/-/is-odd-1.0.0.zip',
  '/is-odd/-/',
  '/..',
  '/../etc/passwd',
  '/%2e%2e%2fetc%2fpasswd',
  '/@../x',
  '/@scope/..',
  '/@scope/.x',
  '/@scope',
  '/@scope/',
  '/a%00b',
  '/a b',
  '/a\\b',
  '/a%5c..%5cb',
  '/%zz',
  '/is-odd/-/is-odd-..%2f..%2fx.tgz',
  '/is-odd/-/is-odd-1.0.0%00.tgz',
  '/@a/b/c',
  `/${'x'.repeat(215)}`,
])('%j names no package', (path) => {
  expect(parseRegistryPath(path)).toBeUndefined();
});

it('a path that is accepted cannot climb, whatever its escapes', () => {
  const piece = fc.oneof(
    fc.constantFrom('..', '.', '/', '%2f', '%2e', '@', '-', '/-/', '\\', '%5c', '.tgz', 'a', '1.0.0'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const parsed = parseRegistryPath(`/${pieces.join('')}`);
      if (parsed === undefined) return;
      for (const part of [...parsed.packageName.split('/'), parsed.kind === 'tarball' ? parsed.version : 'x']) {
        expect(part).not.toMatch(/^\.*$|[\\/]|\p{Cc}/u);
      }
    }),
    { numRuns: 2000 },
  );
});

it('the paths that we write are read back', () => {
  const name = fc.stringMatching(/^(@[a-z0-9][a-z0-9._-]{0,8}\/)?[a-z0-9][a-z0-9._-]{0,12}$/);
  const version = fc.stringMatching(/^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-[a-z]{1,4}\.[0-9])?(\+[a-z0-9]{1,4})?$/);
  fc.assert(
    fc.property(name, version, (packageName, v) => {
      expect(parseRegistryPath(`/${packumentPath(packageName)}`)).toEqual({ kind: 'packument', packageName });
      expect(parseRegistryPath(`/${tarballPath(packageName, v)}`)).toEqual({
        kind: 'tarball',
        packageName,
        version: v,
      });
    }),
  );
});
