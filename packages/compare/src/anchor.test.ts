import { describe, expect, it } from 'vitest';
import {
  anchorCandidates,
  type CandidateEvidence,
  chooseAnchor,
  inferSubdir,
  overlapOf,
  tagsOfVersion,
} from './anchor.ts';
import { locateNpm } from './locate.ts';
import { blobId, type SubjectFile } from './subject.ts';

const id = (text: string): string => blobId(Buffer.from(text), 'sha1');
const file = (path: string, text: string): SubjectFile => ({
  release: 'r',
  path,
  sizeBytes: text.length,
  sha256: 'x',
  blob: id(text),
  bytes: Buffer.from(text),
});
const entry = (path: string, text: string): { path: string; kind: 'file'; blob: string } => ({
  path,
  kind: 'file',
  blob: id(text),
});

describe('tags of a version', () => {
  it('are found in every common spelling, those that carry the name first', () => {
    const tags = ['v1.2.3', '1.2.3', 'a@1.2.3', '@s/a@1.2.3', 'a-v1.2.3', 'v1.2.3-rc', 'v11.2.3', 'b@1.2.3'];
    expect(tagsOfVersion(tags, '@s/a', '1.2.3')).toEqual(['@s/a@1.2.3', 'a@1.2.3', 'a-v1.2.3', 'v1.2.3', '1.2.3']);
  });

  it('are compared literally, whatever the package is called', () => {
    expect(tagsOfVersion(['v1x2x3', 'a.*@1.2.3'], '.*', '1.2.3')).toEqual([]);
  });
});

it('attested comes before gitHead before tags, each commit once; a gitHead that is no commit id is dropped', () => {
  const [a, b] = ['aa'.repeat(20), 'bb'.repeat(20)];
  const tags = new Map([['v1.0.0', { object: b, commit: b }]]);
  const facts = { name: 'x', version: '1.0.0' };
  expect(anchorCandidates({ tags }, { ...facts, attested: a, gitHead: b })).toEqual([
    { commit: a, method: 'attested' },
    { commit: b, method: 'git_head' },
  ]);
  expect(anchorCandidates({ tags }, { ...facts, gitHead: '--upload-pack=x' })).toEqual([
    { commit: b, method: 'tag', ref: 'refs/tags/v1.0.0' },
  ]);
});

it('the package root is where most files lie as in the artifact, next to a manifest', () => {
  const files = [file('package.json', '{}x'), file('src/a.js', 'a'), file('LICENSE', 'MIT licence')];
  const tree = [
    entry('LICENSE', 'MIT licence'),
    entry('package.json', 'root'),
    entry('packages/a/package.json', '{}x'),
    entry('packages/a/src/a.js', 'a'),
    entry('packages/b/package.json', 'other'),
    entry('packages/b/src/a.js', 'b'),
  ];
  expect(inferSubdir(files, tree)).toBe('packages/a');
  expect(inferSubdir(files, tree, 'packages/b')).toBe('packages/b');
  expect(inferSubdir(files, tree, 'packages/gone')).toBe('packages/a');
  expect(inferSubdir([], tree)).toBe('');
});

it('overlap counts files that prove something, wherever they are', () => {
  const files = [file('a.js', 'a'), file('b.js', 'b'), file('empty.js', '')];
  expect(overlapOf(files, [entry('x/a.js', 'a'), entry('empty', '')])).toEqual({ matched: 1, total: 2 });
});

describe('the anchor', () => {
  const base: CandidateEvidence = {
    commit: 'c1',
    method: 'tag',
    ref: 'refs/tags/v1.0.0',
    subdir: '',
    overlap: { matched: 8, total: 10 },
    manifest: 'same-version',
    reach: 'main',
  };

  it('is the most believed candidate that holds what it claims', () => {
    const chosen = chooseAnchor([{ ...base, commit: 'c0', method: 'git_head' }, base]);
    expect(chosen).toMatchObject({
      status: 'anchored',
      chosen: { commit: 'c0', method: 'git_head' },
      confidence: 0.95,
    });
  });

  it.each([
    ['a commit that no ref leads to, though all its files fit', { reach: 'none' as const }],
    ['another package', { manifest: 'other' as const, overlap: { matched: 2, total: 10 } }],
    [
      'a repository without a manifest that shares nothing',
      { manifest: 'absent' as const, overlap: { matched: 0, total: 10 } },
    ],
  ])('is never %s', (_, flaw) => {
    expect(chooseAnchor([{ ...base, ...flaw }])).toMatchObject({ status: 'unanchored' });
    expect(
      chooseAnchor([
        { ...base, method: 'attested', ...flaw },
        { ...base, commit: 'c2' },
      ]),
    ).toMatchObject({
      status: 'anchored',
      chosen: { commit: 'c2' },
    });
  });

  it('is ambiguous when two tags fit equally well, and the better one when they do not', () => {
    const other = { ...base, commit: 'c2', ref: 'refs/tags/1.0.0' };
    expect(chooseAnchor([base, other])).toMatchObject({ status: 'ambiguous', chosen: { commit: 'c1' } });
    const better = { ...other, overlap: { matched: 9, total: 10 } };
    expect(chooseAnchor([base, better])).toMatchObject({ status: 'anchored', chosen: { commit: 'c2' } });
  });

  it('is ambiguous when nobody named it, no manifest says the version and few files agree', () => {
    const weak: CandidateEvidence = {
      ...base,
      method: 'best_match',
      manifest: 'same-name',
      overlap: { matched: 2, total: 10 },
    };
    expect(chooseAnchor([weak])).toMatchObject({ status: 'ambiguous', confidence: 0.15 });
    expect(chooseAnchor([{ ...weak, manifest: 'same-version' }])).toMatchObject({
      status: 'anchored',
      confidence: 0.8,
    });
  });

  it('is absent without candidates, and says so', () => {
    expect(chooseAnchor([])).toMatchObject({ status: 'unanchored', reason: expect.stringContaining('no commit') });
  });

  it('is believed less the less agrees', () => {
    const confidence = (change: Partial<CandidateEvidence>): number => {
      const anchor = chooseAnchor([{ ...base, ...change }]);
      return anchor.status === 'unanchored' ? 0 : anchor.confidence;
    };
    const falling = [
      {},
      { manifest: 'same-name' as const },
      { reach: 'side' as const },
      { method: 'best_match' as const, manifest: 'same-name' as const },
    ].map(confidence);
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    expect(new Set(falling).size).toBe(falling.length);
  });
});

describe('repositories are tried in the order in which their origins are to be believed', () => {
  const manifest = {
    repository: { type: 'git', url: 'git+https://github.com/o/r.git', directory: 'packages/a' },
    homepage: 'https://github.com/o/r#readme',
    bugs: { url: 'https://gitlab.com/g/p/-/issues' },
  };

  it('the user first, then attestation, manifest, homepage, bugs; each once', () => {
    expect(locateNpm({ manifest, attested: 'https://github.com/other/fork', source: 'file:///srv/r' })).toEqual([
      { url: 'file:///srv/r', origin: 'user', directory: 'packages/a' },
      { url: 'https://github.com/other/fork', origin: 'attestation' },
      { url: 'https://github.com/o/r', origin: 'manifest', directory: 'packages/a' },
      { url: 'https://gitlab.com/g/p', origin: 'bugs' },
    ]);
  });

  it('an attestation of the declared repository keeps the declared folder', () => {
    expect(locateNpm({ manifest, attested: 'https://github.com/o/r' })[0]).toEqual({
      url: 'https://github.com/o/r',
      origin: 'attestation',
      directory: 'packages/a',
    });
  });

  it.each([{}, { repository: 7 }, { repository: { url: 'file:///etc' } }, { homepage: 'https://example.test/x/y' }])(
    '%j names none',
    (hostile) => {
      expect(locateNpm({ manifest: hostile })).toEqual([]);
    },
  );
});
