import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { archiveLimits, sha256 } from '@assay/kernel';
import { type TarSpec, tarOf, type ZipSpec, zipOf } from '@assay/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readArchive } from './read.ts';

/*
 * Our readers beside the system's own tools, both ways: what they write, we read without an anomaly and with the same
 * digests; what our builders write, they list as we do. A tool that is not installed is left out; `tar` is everywhere.
 */
const scratch = mkdtempSync(join(tmpdir(), 'assay-differential-'));
const source = join(scratch, 'source');
afterAll(() => rmSync(scratch, { recursive: true }));

const files: Record<string, { content: Buffer; mode: number }> = {
  'package/package.json': { content: Buffer.from('{"name":"a"}'), mode: 0o644 },
  'package/bin/run': { content: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
  'package/empty': { content: Buffer.alloc(0), mode: 0o644 },
  'package/exactly-a-block': { content: Buffer.alloc(512, 'x'), mode: 0o644 },
  'package/large.bin': { content: Buffer.alloc(300_000, 'pattern '), mode: 0o644 },
  'package/naïve – 日本.txt': { content: Buffer.from('unicode'), mode: 0o644 },
  [`package/${'long/'.repeat(40)}${'n'.repeat(120)}.js`]: { content: Buffer.from('deep'), mode: 0o644 },
};

beforeAll(() => {
  for (const [path, { content, mode }] of Object.entries(files)) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    writeFileSync(join(source, path), content);
    chmodSync(join(source, path), mode);
  }
});

const run = (command: string, args: string[]): string => {
  const done = spawnSync(command, args, { cwd: source, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
};
const isInstalled = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const hasPython = isInstalled('python3', '-c', 'import zipfile, tarfile');

type Writer = (target: string) => void;
const gnuTar =
  (...args: string[]): Writer =>
  (target) =>
    void run('tar', [...args, '-cf', target, 'package']);
const python =
  (script: string): Writer =>
  (target) =>
    void run('python3', ['-c', script, target]);
const writers: [string, Writer][] = [
  ['tar --format=gnu', gnuTar('--format=gnu')],
  ['tar --format=pax', gnuTar('--format=pax')],
  ['tar --format=pax, gzipped', gnuTar('--format=pax', '-z')],
  ...(hasPython
    ? ([
        ['python tarfile', python('import sys,tarfile\nwith tarfile.open(sys.argv[1],"w:gz") as t: t.add("package")')],
        ['python zipfile, deflated', python('import sys,shutil\nshutil.make_archive(sys.argv[1],"zip",".","package")')],
        [
          'python zipfile, streamed',
          python(
            [
              'import sys,os,zipfile',
              'class Pipe:',
              '  def __init__(self,f): self.f=f',
              '  def write(self,b): return self.f.write(b)',
              '  def flush(self): self.f.flush()',
              'with open(sys.argv[1]+".zip","wb") as f, zipfile.ZipFile(Pipe(f),"w",8) as z:',
              '  [z.write(os.path.join(d,n)) for d,_,ns in os.walk("package") for n in sorted(ns)]',
            ].join('\n'),
          ),
        ],
      ] satisfies [string, Writer][])
    : []),
  ...(isInstalled('zip', '-v')
    ? ([['zip', (target) => void run('zip', ['-qr', `${target}.zip`, 'package'])]] satisfies [string, Writer][])
    : []),
];

describe('what others write, we read whole and find nothing odd in', () => {
  test.each(writers)('%s', async (name, write) => {
    const target = join(scratch, name.replace(/\W/g, '-'));
    write(target);
    const path = spawnSync('test', ['-e', target]).status === 0 ? target : `${target}.zip`;
    const { entries, anomalies, complete } = await readArchive(path, archiveLimits, { label: name });
    const found = entries.filter(({ type }) => type === 'file').sort((a, b) => (a.path < b.path ? -1 : 1));
    const wanted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
    expect(found.map((entry) => [entry.path, entry.sha256, entry.mode])).toEqual(
      wanted.map(([wantedPath, { content, mode }]) => [wantedPath, sha256(content), mode]),
    );
    expect({ anomalies, complete }).toEqual({ anomalies: [], complete: true });
  });
});

describe('what we write, others list as we read it', () => {
  const long = `p/${'d/'.repeat(80)}end`;
  const specs: TarSpec[] = [
    { name: 'p/', flag: '5' },
    { name: 'p/a', content: 'abc' },
    { name: 'p/cut', content: 'long', pax: [['path', long]] },
    { name: 'p/cut', content: 'gnu', longName: `${long}2` },
    { name: 'p/s', flag: '2', link: 'a' },
    { name: '../evil', content: 'x' },
    { name: 'p/a', content: 'again' },
  ];

  test('tar -t', async () => {
    const path = join(scratch, 'ours.tar');
    writeFileSync(path, tarOf(specs));
    const { entries } = await readArchive(path, archiveLimits, { label: 'ours' });
    expect(run('tar', ['-tf', path]).trimEnd().split('\n')).toEqual(entries.map(({ rawPath }) => rawPath));
  });

  const zipSpecs: ZipSpec[] = [
    { name: 'd/' },
    { name: 'd/a', content: 'abc', descriptor: 'true' },
    { name: 'd/stored', content: 'abc', method: 0 },
    { name: '../evil', content: 'x' },
    { name: 'good', content: 'x', local: { name: 'evil' } },
    { name: 'unseen', hidden: true },
  ];
  const listers: [string, (path: string) => string][] = [
    ...(isInstalled('unzip', '-v')
      ? ([['unzip -Z1', (path) => run('unzip', ['-Z1', path])]] satisfies [string, (path: string) => string][])
      : []),
    ...(hasPython
      ? ([
          [
            'python zipfile',
            (path) =>
              run('python3', [
                '-c',
                'import sys,zipfile\nprint("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))',
                path,
              ]),
          ],
        ] satisfies [string, (path: string) => string][])
      : []),
    [
      'our own directory',
      () =>
        zipSpecs
          .filter(({ hidden }) => hidden !== true)
          .map(({ name }) => `${name}\n`)
          .join(''),
    ],
  ];
  test.each(listers)('%s', async (_name, list) => {
    const path = join(scratch, 'ours.zip');
    writeFileSync(path, zipOf(zipSpecs));
    const { entries } = await readArchive(path, archiveLimits, { label: 'ours' });
    expect(list(path).trimEnd().split('\n')).toEqual(entries.map(({ rawPath }) => rawPath));
  });
});
