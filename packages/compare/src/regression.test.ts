import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAllMembers } from '@assay/archive';
import { archiveLimits } from '@assay/kernel';
import {
  type GitFile,
  type GitRepositoryData,
  type GitServer,
  lfsPointer,
  startGitServer,
  type TarSpec,
  tarOf,
  tgzOf,
} from '@assay/testing';
import { Mirrors, vcsLimits } from '@assay/vcs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobsNeeded, type ClassifiedFile, classify } from './classify.ts';
import { type Concern, concernsOf, isCoherent } from './concerns.ts';
import { type Subject, subjectOf } from './subject.ts';

let server: GitServer;
let cacheDir: string;
let mirrors: Mirrors;
let caseCount = 0;

beforeAll(async () => {
  server = await startGitServer();
  cacheDir = await mkdtemp(join(tmpdir(), 'assay-compare-'));
  const access = { protocols: ['http' as const], allowPrivateAddresses: true, allowPorts: true };
  mirrors = new Mirrors({ cacheDir, maxCacheBytes: 1e9, access, limits: vcsLimits });
});
afterAll(async () => {
  await server.close();
  await rm(cacheDir, { recursive: true, force: true });
});

const keep = { maxMemberBytes: 1e6, maxTotalBytes: 1e7 };
const manifest = { name: 'columns', version: '1.4.2', main: 'index.js', dependencies: { a: '^1.0.0' } };
const manifestText = `${JSON.stringify(manifest, null, 2)}\n`;
const base: Record<string, GitFile> = {
  'package.json': manifestText,
  'index.js': "module.exports = require('./lib/a');\n",
};
const text = (files: Record<string, GitFile>): TarSpec[] =>
  Object.entries(files).map(([path, content]) => ({ name: `package/${path}`, content: content as string }));

async function ingest(archive: Buffer, format: 'sha1' | 'sha256' = 'sha1'): Promise<Subject> {
  return subjectOf(
    'columns-1.4.2.tgz',
    await readAllMembers(archive, archiveLimits, { label: 'columns', keep }),
    format,
  );
}

type Result = { classes: Record<string, string>; files: ClassifiedFile[]; concerns: Concern[]; says: string[] };

/** Serves the repository, reads the artifact, and compares at the commit called `at` (else the last). */
async function compared(
  repository: Partial<GitRepositoryData> & { source: Record<string, GitFile> },
  artifact: TarSpec[],
  { subdir = '', published = manifest }: { subdir?: string; published?: Record<string, unknown> } = {},
): Promise<Result> {
  const { source, ...rest } = repository;
  const commits = [...(rest.commits ?? []), { id: 'anchor', files: source }];
  const built = await server.add(`case/${caseCount++}`, { tags: { 'v1.4.2': 'anchor' }, ...rest, commits });
  const commit = built.commits.anchor ?? '';
  const objectFormat = rest.objectFormat ?? 'sha1';
  const { files } = await ingest(tgzOf(artifact), objectFormat);
  const classified = await mirrors.use(built.url, async (mirror) => {
    await mirror.fetchCommit(commit);
    const tree = await mirror.tree(commit);
    const blobs = await mirror.blobs(blobsNeeded(files, { subdir, tree }), { maxBytes: 1e6, maxTotalBytes: 1e7 });
    const history = await mirror.history(0);
    const bytesOf = (blob: string): Buffer | undefined => {
      const reading = blobs.get(blob);
      return reading?.kind === 'read' ? reading.bytes : undefined;
    };
    const origins = history.origins(files.flatMap(({ blob }) => blob ?? []));
    return classify(
      files,
      { commit, objectFormat, subdir, tree, bytesOf, origins },
      { manifest: published, version: '1.4.2' },
    );
  });
  for (const file of classified) expect(file.proof === undefined).toBe(file.class === 'added');
  const concerns = concernsOf(classified);
  return {
    files: classified,
    classes: Object.fromEntries(classified.map((file) => [file.file.path, file.class])),
    concerns,
    says: concerns.map(({ id, severity }) => `${id} ${severity}`),
  };
}

it('an artifact made of the tagged tree is exact, file by file, and nothing is said against it', async () => {
  const source = { ...base, 'lib/a.js': 'a\n', 'README.md': '# x\n', 'test/t.js': 't\n' };
  const { classes, says } = await compared({ source }, text({ ...base, 'lib/a.js': 'a\n', 'README.md': '# x\n' }));
  expect(new Set(Object.values(classes))).toEqual(new Set(['exact']));
  expect(says).toEqual([]);
});

it('a package in a folder of a monorepo is compared with that folder; the licence of the root is relocated and harmless', async () => {
  const source = Object.fromEntries(Object.entries(base).map(([path, file]) => [`packages/columns/${path}`, file]));
  const { classes, says } = await compared(
    { source: { ...source, LICENSE: 'MIT\n' } },
    text({ ...base, LICENSE: 'MIT\n' }),
    { subdir: 'packages/columns' },
  );
  expect(classes).toEqual({ 'package.json': 'exact', 'index.js': 'exact', LICENSE: 'relocated' });
  expect(says).toEqual([]);
});

it('a file renamed and edited on the way to the tag is exact at the tag', async () => {
  const commits = [{ id: 'old', files: { ...base, 'lib/old-name.js': 'a1\n' } }];
  const { classes } = await compared(
    { commits, source: { ...base, 'lib/a.js': 'a2\n' } },
    text({ ...base, 'lib/a.js': 'a2\n' }),
  );
  expect(classes['lib/a.js']).toBe('exact');
});

it('an old vulnerable file shipped again is history-only, though its path is at the tag', async () => {
  const commits = [{ id: 'old', files: { ...base, 'lib/a.js': 'eval(input)\n' } }];
  const { files, says } = await compared(
    { commits, source: { ...base, 'lib/a.js': 'safe\n' } },
    text({ ...base, 'lib/a.js': 'eval(input)\n' }),
  );
  const replayed = files.find(({ file }) => file.path === 'lib/a.js');
  expect(replayed).toMatchObject({ class: 'history-only', proof: { rule: 'blob-in-history', path: 'lib/a.js' } });
  expect(says).toEqual(['source.history-replay high']);
});

it('a file of a branch that was never merged is side-ref-only', async () => {
  const commits = [
    { id: 'start', files: base },
    { id: 'side', files: { ...base, 'lib/b.js': 'side\n' } },
    { id: 'merge-base', parents: ['start'], files: base },
  ];
  const branches = { main: 'anchor', feature: 'side' };
  const { classes, says } = await compared(
    { commits, branches, source: base },
    text({ ...base, 'lib/b.js': 'side\n' }),
  );
  expect(classes['lib/b.js']).toBe('side-ref-only');
  expect(says).toEqual(['source.side-ref high']);
});

describe('a test fixture shipped as code is relocated', () => {
  const source = { ...base, 'test/fixture.txt': 'payload()\n' };

  it('and grave when a hook, an import or a bin reaches it', async () => {
    const hooked = { ...manifest, scripts: { postinstall: 'node ./setup.js' } };
    const artifact = text({
      'package.json': JSON.stringify(hooked),
      'index.js': base['index.js'] ?? '',
      'setup.js': 'payload()\n',
    });
    const { classes, says } = await compared(
      { source: { ...source, 'package.json': JSON.stringify(hooked) } },
      artifact,
      { published: hooked },
    );
    expect(classes['setup.js']).toBe('relocated');
    expect(says).toEqual(['source.relocated-executable high']);
  });

  it('and less so when nothing reaches it', async () => {
    const { says } = await compared({ source }, text({ ...base, 'extra/setup.js': 'payload()\n' }));
    expect(says).toEqual(['source.relocated-executable medium']);
  });
});

it.each([
  ['run.sh', '#!/bin/sh\n:\n'],
  ['lib/inject.js', 'x()\n'],
  ['build/Release/a.node', `\x7fELF${'\0'.repeat(60)}`],
  ['setup.cfg', '[x]\n'],
  ['init.pth', 'import os\n'],
  ['m4/build-to-host.m4', 'gl_path_map\n'],
  ['binding.gyp', '{"targets":[]}'],
])('an injected %s is added and executable', async (path, content) => {
  const { files, says } = await compared({ source: base }, text({ ...base, [path]: content }));
  expect(files.find(({ file }) => file.path === path)).toMatchObject({ class: 'added', trivial: false });
  expect(says).toEqual(['source.added-executable high']);
});

it('three identical injected files are three entries', async () => {
  const injected = { 'a.js': 'x()\n', 'b/a.js': 'x()\n', 'c.js': 'x()\n' };
  const { concerns } = await compared({ source: base }, text({ ...base, ...injected }));
  expect(concerns[0]?.files.map(({ file }) => file.path)).toEqual(['a.js', 'b/a.js', 'c.js']);
});

it('of two members with one path both are classified', async () => {
  const artifact = [...text(base), { name: 'package/index.js', content: 'second()\n' }];
  const { files, says } = await compared({ source: base }, artifact);
  expect(files.filter(({ file }) => file.path === 'index.js').map((file) => file.class)).toEqual(['exact', 'modified']);
  expect(says).toEqual(['source.modified-executable high']);
});

it.each([
  ['a\r\nb\r\n', 'a\nb\n'],
  ['a\nb\n', 'a\r\nb\r\n'],
  ['\ufeffa\nb\n', 'a\nb\n'],
  ['a\nb\n', 'a\r\nb\n'],
])('a file that differs in line ends or byte order mark only (%j, %j) is eol-only', async (published, inSource) => {
  const { classes, says } = await compared(
    { source: { ...base, 'lib/a.js': inSource } },
    text({ ...base, 'lib/a.js': published }),
  );
  expect(classes['lib/a.js']).toBe('eol-only');
  expect(says).toEqual([]);
});

it('one space more is no line end: the file is modified', async () => {
  const { says } = await compared(
    { source: { ...base, 'lib/a.js': 'a\nb\n' } },
    text({ ...base, 'lib/a.js': 'a\r\nb \r\n' }),
  );
  expect(says).toEqual(['source.modified-executable high']);
});

it('only a new dependency in package.json is a manifest change and nothing else', async () => {
  const published = { ...manifest, dependencies: { a: '^1.0.0', 'plain-crypto': '^4.2.1' } };
  const { files, says } = await compared(
    { source: base },
    text({ ...base, 'package.json': JSON.stringify(published) }),
    { published },
  );
  expect(files[0]).toMatchObject({
    class: 'modified',
    manifestChanges: [{ key: 'dependencies.plain-crypto', kind: 'added', grave: true }],
  });
  expect(says).toEqual(['source.manifest-change high']);
});

it('a stamped version is verified metadata', async () => {
  const inSource = JSON.stringify({ ...manifest, version: '0.0.0-development', devDependencies: { t: '1' } });
  const { classes, says } = await compared({ source: { ...base, 'package.json': inSource } }, text(base));
  expect(classes['package.json']).toBe('metadata-verified');
  expect(says).toEqual([]);
});

it('trivial files prove nothing and accuse of nothing', async () => {
  const source = { ...base, 'src/empty.js': '' };
  const artifact = text({ ...base, 'new/empty.js': '', 'types.mjs': 'export {};\n' });
  const { classes, says } = await compared({ source }, artifact);
  expect(classes).toMatchObject({ 'new/empty.js': 'relocated', 'types.mjs': 'added' });
  expect(says).toEqual([]);
});

it('documents, declarations and maps that are added accuse of nothing, unless they lie about what they are', async () => {
  const inert = { 'index.d.ts': 'export declare const a: 1;\n', 'index.js.map': '{"version":3}', 'NEW.md': '# n\n' };
  expect((await compared({ source: base }, text({ ...base, ...inert }))).says).toEqual([]);
  const lying = { 'logo.svg': '#!/bin/sh\n', 'data.png': `\x7fELF${'\0'.repeat(60)}` };
  const { concerns } = await compared({ source: base }, text({ ...base, ...lying }));
  expect(concerns).toMatchObject([{ id: 'source.extension-lie', severity: 'high', files: [{}, {}] }]);
  const published = { ...manifest, main: 'README.md' };
  const named = await compared(
    { source: { ...base, 'package.json': JSON.stringify(published) } },
    text({ ...base, 'package.json': JSON.stringify(published), 'README.md': 'run()\n' }),
    { published },
  );
  expect(named.says).toEqual(['source.extension-lie high']);
});

it('a style sheet, a picture or a declaration that is exported or imported is no code', async () => {
  const published = {
    ...manifest,
    exports: { '.': { types: './index.d.ts', default: './index.js' }, './s': './s.css', './p': './p.png' },
  };
  const inSource = { ...base, 'package.json': JSON.stringify(published) };
  const artifact = { ...inSource, 'index.d.ts': 'export {}; declare const a: 1;', 's.css': 'a{}', 'p.png': 'PNG' };
  expect((await compared({ source: inSource }, text(artifact), { published })).says).toEqual([]);
});

it('WebAssembly without source is unverifiable and keeps the verdict from being benign', async () => {
  const { concerns, classes } = await compared({ source: base }, text({ ...base, 'a.wasm': '\0asm\x01\0\0\0' }));
  expect(classes['a.wasm']).toBe('unverifiable');
  expect(concerns).toMatchObject([{ id: 'source.unverifiable-binary', severity: 'medium', blocksBenign: true }]);
});

it('a file behind an LFS pointer is proved by its digest, and another file in its place is modified', async () => {
  const content = 'large\n';
  const {
    files: [file],
  } = await ingest(tgzOf([{ name: 'package/big.js', content }]));
  const source = { ...base, 'big.js': lfsPointer(file?.sha256 ?? '', content.length) };
  expect((await compared({ source }, text({ ...base, 'big.js': content }))).classes['big.js']).toBe('exact');
  expect((await compared({ source }, text({ ...base, 'big.js': 'other\n' }))).classes['big.js']).toBe('modified');
});

it('a repository of SHA-256 objects gives the same classes', async () => {
  const source = { ...base, 'lib/a.js': 'a\r\n' };
  const artifact = text({ ...base, 'lib/a.js': 'a\n', 'lib/b.js': 'b\n' });
  const { classes } = await compared({ source, objectFormat: 'sha256' }, artifact);
  expect(classes).toEqual({
    'package.json': 'exact',
    'index.js': 'exact',
    'lib/a.js': 'eol-only',
    'lib/b.js': 'added',
  });
});

it('an id alone clears no file that runs: other bytes are a collision, and absent ones leave it unverifiable', async () => {
  const { files } = await ingest(tgzOf(text(base)));
  const tree = files.map(({ path, blob }) => ({ path, kind: 'file' as const, blob: blob ?? '' }));
  const withBytes = (bytes: Buffer | undefined): string[] =>
    classify(
      files,
      { commit: 'c', objectFormat: 'sha1', subdir: '', tree, bytesOf: () => bytes },
      { manifest, version: '1.4.2' },
    ).map((file) => `${file.class} ${file.proof?.rule}`);
  expect(withBytes(Buffer.from('forged'))).toEqual(['exact blob-at-anchor', 'modified id-collision']);
  expect(withBytes(undefined)).toEqual(['exact blob-at-anchor', 'unverifiable bytes-not-at-hand']);
});

it('a member that leaves the archive is an anomaly', async () => {
  const { anomalies, files } = await ingest(tgzOf([...text(base), { name: 'package/../../x', content: 'x' }]));
  expect(anomalies.map(({ code }) => code)).toContain('path-traversal');
  expect(files.every(({ path }) => !path.split('/').includes('..'))).toBe(true);
});

it('a truncated archive is never complete', async () => {
  const whole = tarOf(text({ ...base, 'lib/a.js': 'x'.repeat(5000) }));
  const { complete, files } = await ingest(whole.subarray(0, 4000));
  expect(complete).toBe(false);
  expect(files.filter(({ sha256 }) => sha256 === null).length).toBeGreaterThan(0);
});

it('no file is called coherent without a proof that names a place in the source', async () => {
  const artifact = text({ ...base, 'lib/a.js': 'a\r\n', 'x.js': 'x\n', 'y.wasm': '\0asm', e: '' });
  const { files } = await compared({ source: { ...base, 'lib/a.js': 'a\n', 'e.txt': '' } }, artifact);
  for (const file of files.filter(isCoherent)) {
    expect(file.proof).toMatchObject({
      commit: expect.any(String),
      path: expect.any(String),
      blob: expect.any(String),
    });
  }
});
