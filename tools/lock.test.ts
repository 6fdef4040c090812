import { describe, expect, it } from 'vitest';
import { completeLock, findGaps, type LockFile, platformOf } from './lock.ts';

const lock: LockFile = {
  packages: {
    '': {},
    'node_modules/tool': {
      version: '2.0.0',
      dev: true,
      optionalDependencies: { 'tool-linux-x64': '2.0.0', 'tool-darwin-arm64': '2.0.0' },
    },
    'node_modules/tool-linux-x64': { version: '2.0.0', dev: true, optional: true, os: ['linux'], cpu: ['x64'] },
  },
};

describe('findGaps', () => {
  it('finds the optional dependencies that npm left out', () => {
    expect(findGaps(lock)).toEqual([{ from: 'node_modules/tool', name: 'tool-darwin-arm64', range: '2.0.0' }]);
  });

  it('finds what a nested node_modules or one further up provides', () => {
    const packages = {
      '': {},
      'node_modules/a/node_modules/b': { optionalDependencies: { c: '1.0.0', d: '1.0.0', e: '1.0.0' } },
      'node_modules/a/node_modules/b/node_modules/c': {},
      'node_modules/a/node_modules/d': {},
      'node_modules/e': {},
    };
    expect(findGaps({ packages })).toEqual([]);
  });
});

describe('completeLock', () => {
  it('fills each gap with an entry that is for its platform only, and leaves the rest alone', () => {
    const { packages } = completeLock(lock);
    expect(packages['node_modules/tool-darwin-arm64']).toEqual({
      version: '2.0.0',
      os: ['darwin'],
      cpu: ['arm64'],
      dev: true,
      optional: true,
    });
    expect(packages).toMatchObject(lock.packages);
    expect(findGaps({ packages })).toEqual([]);
  });

  it.each([
    ['tool-darwin-arm64', '^2.0.0'],
    ['tool-helper', '2.0.0'],
  ])('does not guess about %s@%s', (name, range) => {
    const packages = { 'node_modules/tool': { optionalDependencies: { [name]: range } } };
    expect(() => completeLock({ packages })).toThrow('cannot be told without the registry');
  });
});

it.each([
  ['@biomejs/cli-linux-arm64-musl', { os: ['linux'], cpu: ['arm64'], libc: ['musl'] }],
  ['@oxc-parser/binding-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
  ['@oxc-parser/binding-win32-x64-msvc', { os: ['win32'], cpu: ['x64'] }],
  ['linux-kernel-names', undefined],
])('platformOf(%s)', (name, platform) => {
  expect(platformOf(name)).toEqual(platform);
});
