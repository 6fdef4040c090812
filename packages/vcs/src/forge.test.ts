import { describe, expect, it } from 'vitest';
import { parseNpmRepository, parsePypiUrls, parseRepositoryLink, publicForges } from './forge.ts';

const same = 'https://github.com/owner/repo';

describe('a link names the same repository however it is written', () => {
  it.each([
    'owner/repo',
    'github:owner/repo',
    'git+https://github.com/owner/repo.git',
    'git+ssh://git@github.com/owner/repo.git',
    'git+ssh://git@github.com:owner/repo.git',
    'ssh://git@github.com/owner/repo',
    'git@github.com:owner/repo.git',
    'git://github.com/owner/repo.git',
    'http://github.com/owner/repo',
    'https://www.github.com/Owner/Repo/',
    'https://user:secret@github.com/owner/repo',
    'https://github.com/owner/repo/issues/7',
    'https://github.com/owner/repo#readme',
    '  https://github.com/owner/repo  ',
  ])('%s', (link) => {
    expect(parseRepositoryLink(link)).toEqual({ url: same, host: 'github.com', path: 'owner/repo' });
  });

  it.each([
    ['gitlab:group/sub/repo', 'https://gitlab.com/group/sub/repo'],
    ['https://gitlab.com/group/sub/repo/-/issues', 'https://gitlab.com/group/sub/repo'],
    ['bitbucket:owner/repo', 'https://bitbucket.org/owner/repo'],
    ['https://codeberg.org/owner/repo.git', 'https://codeberg.org/owner/repo'],
    ['https://github.com/owner/repo.js', 'https://github.com/owner/repo.js'],
  ])('%s is %s', (link, url) => {
    expect(parseRepositoryLink(link)?.url).toBe(url);
  });
});

it('a link into a folder names the folder and the ref', () => {
  expect(parseRepositoryLink('https://github.com/o/r/tree/v1.0/packages/x')).toMatchObject({
    url: 'https://github.com/o/r',
    ref: 'v1.0',
    directory: 'packages/x',
  });
  expect(parseRepositoryLink('https://codeberg.org/o/r/src/branch/main/lib')).toMatchObject({
    ref: 'main',
    directory: 'lib',
  });
  expect(parseRepositoryLink('https://gitlab.com/g/s/r/-/tree/main/lib')).toMatchObject({
    ref: 'main',
    directory: 'lib',
  });
  expect(parseRepositoryLink('github:o/r#v2')).toMatchObject({ ref: 'v2' });
  expect(parseRepositoryLink('github:o/r#semver:^2')?.ref).toBeUndefined();
});

describe('what is no repository of a known forge names none', () => {
  it.each([
    '',
    'repo',
    './owner/repo',
    '../owner/repo',
    'https://github.com/owner',
    'https://github.com.evil.test/owner/repo',
    'https://git.example/owner/repo',
    'https://github.com/owner/..',
    'https://github.com/-owner/repo',
    'https://github.com/ow ner/repo',
    'https://github.com/owner/%2e%2e%2fx',
    'file:///etc/passwd',
    'ext::sh -c id',
    'javascript:alert(1)',
    'gist:1234',
    'unknown:owner/repo',
    `https://github.com/${'x'.repeat(3000)}/repo`,
  ])('%j', (link) => {
    expect(parseRepositoryLink(link)).toBeUndefined();
  });

  it.each([[null], [7], [{}], [{ url: 7 }], [[]]])('%j', (link) => {
    expect(parseNpmRepository(link)).toBeUndefined();
  });
});

it('a forge of the house is known once it is configured', () => {
  const forges = [...publicForges, { host: 'git.example', maxDepth: 2 }];
  expect(parseRepositoryLink('git@git.example:Team/Tool.git', forges)?.url).toBe('https://git.example/Team/Tool');
});

it('a manifest directory is kept, and dropped when it leaves the repository', () => {
  expect(parseNpmRepository({ url: 'git+https://github.com/o/r.git', directory: './packages/a/' })?.directory).toBe(
    'packages/a',
  );
  expect(parseNpmRepository({ url: 'o/r', directory: '../../etc' })).toEqual({
    url: 'https://github.com/o/r',
    host: 'github.com',
    path: 'o/r',
  });
});

it('of several project addresses the one labelled as source comes first, and each repository once', () => {
  const urls = {
    Funding: 'https://github.com/sponsors/someone',
    Other: 'https://github.com/o/other',
    Documentation: 'https://docs.example/',
    'Source Code': 'https://github.com/o/r',
    Tracker: 'https://github.com/O/R/issues',
  };
  expect(parsePypiUrls(urls, 'https://gitlab.com/o/home').map(({ url }) => url)).toEqual([
    'https://github.com/o/r',
    'https://github.com/o/other',
    'https://gitlab.com/o/home',
  ]);
});
