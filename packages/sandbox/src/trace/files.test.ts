import { describe, expect, it } from 'vitest';
import { play } from './tape.ts';

const env = '["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/dev", "LANG=C.UTF-8"]';
const npm = `100 execve("/usr/local/bin/node", ["node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js", "install"], ${env}) = 0`;
/** A script of package `thief`: p2. */
const script = [
  npm,
  "100 clone(child_stack=NULL, flags=SIGCHLD) = 3 /* 101 in strace's PID NS */",
  '101 chdir("/home/dev/project/node_modules/thief") = 0',
  `101 execve("/usr/local/bin/node", ["node", "x.js"], ${env}) = 0`,
  '101 openat(AT_FDCWD</home/dev/project/node_modules/thief>, "x.js", O_RDONLY) = 3</home/dev/project/node_modules/thief/x.js>',
];

function fileEvents(rows: string[], options = {}) {
  const { reducer } = play([...script, ...rows], options);
  return reducer
    .events()
    .filter(({ process, type }) => process === 'p2' && (type.startsWith('file.') || type === 'canary.read'))
    .slice(1)
    .map(({ id: _id, run: _run, phase: _phase, t_ms: _t, process: _process, ...rest }) => rest);
}

describe('file events', () => {
  it('a read names the file that the kernel opened, links resolved', () => {
    expect(fileEvents(['101 openat(AT_FDCWD</x>, "innocent", O_RDONLY) = 4</home/dev/.bashrc>'])).toEqual([
      { type: 'file.read', outcome: 'ok', path: '~/.bashrc' },
    ]);
  });

  it.each([
    ['open("/etc/passwd", O_RDONLY) = 4</etc/passwd>', 'file.read', '/etc/passwd'],
    ['openat2(AT_FDCWD</x>, "a", {flags=O_RDONLY|O_CLOEXEC, resolve=0}, 24) = 4</home/dev/a>', 'file.read', '~/a'],
    [
      'openat2(AT_FDCWD</x>, "a", {flags=O_WRONLY|O_CREAT, mode=0600, resolve=0}, 24) = 4</home/dev/a>',
      'file.write',
      '~/a',
    ],
    ['creat("/home/dev/a", 0644) = 4</home/dev/a>', 'file.write', '~/a'],
    ['truncate("/home/dev/a", 0) = 0', 'file.write', '~/a'],
    ['mknod("/home/dev/fifo", S_IFIFO|0600) = 0', 'file.write', '~/fifo'],
  ])('%s is a %s of %s', (call, type, path) => {
    expect(fileEvents([`101 ${call}`])).toMatchObject([{ type, path, outcome: 'ok' }]);
  });

  it('a listed directory is a read that says so', () => {
    expect(
      fileEvents(['101 openat(AT_FDCWD</x>, "/home/dev/.ssh", O_RDONLY|O_DIRECTORY) = 4</home/dev/.ssh>']),
    ).toEqual([{ type: 'file.read', outcome: 'ok', path: '~/.ssh', detail: 'directory' }]);
  });

  it('what every start asks for is counted and is no event', () => {
    const { reducer } = play([
      ...script,
      '101 openat(AT_FDCWD</x>, "/etc/ld.so.cache", O_RDONLY) = 4</etc/ld.so.cache>',
      '101 openat(AT_FDCWD</x>, "/usr/lib/a.so", O_RDONLY) = 4</usr/lib/a.so>',
    ]);
    expect(reducer.events().filter(({ type }) => type === 'file.read')).toHaveLength(1);
    expect(reducer.tables.files().map(({ Path }) => Path)).toEqual([
      '/etc/ld.so.cache',
      '/usr/lib/**',
      '{dep:thief}/**',
    ]);
  });

  it('the runtime’s look at its memory map is not the package’s, the package’s is', () => {
    const maps = '101 openat(AT_FDCWD</x>, "/proc/self/maps", O_RDONLY) = 4</proc/3/maps>';
    const { reducer } = play([...script.slice(0, 4), maps, script[4] ?? '', maps]);
    expect(reducer.events().filter(({ path }) => path === '/proc/self/maps')).toHaveLength(1);
  });

  it('a look for something that is not there is an event only outside the places where programs search', () => {
    const miss = (path: string) =>
      `101 openat(AT_FDCWD</x>, "${path}", O_RDONLY) = -1 ENOENT (No such file or directory)`;
    const events = fileEvents([
      miss('/home/dev/.aws/credentials'),
      miss('/.dockerenv'),
      miss('/home/dev/project/node_modules/a/package.json'),
      miss('/usr/lib/x.so'),
    ]);
    expect(events).toEqual([
      { type: 'file.read', outcome: 'error:ENOENT', path: '~/.aws/credentials' },
      { type: 'file.read', outcome: 'error:ENOENT', path: '/.dockerenv' },
    ]);
  });

  it('a refused access is always an event', () => {
    expect(
      fileEvents(['101 openat(AT_FDCWD</x>, "/usr/lib/x", O_WRONLY|O_CREAT, 0644) = -1 EROFS (Read-only file system)']),
    ).toMatchObject([{ type: 'file.write', outcome: 'denied', path: '/usr/lib/x' }]);
  });

  it('a write says whether the file was there before the run', () => {
    const write = (path: string, flags: string) =>
      `101 openat(AT_FDCWD</x>, "f", O_WRONLY|${flags}, 0666) = 4<${path}>`;
    const events = fileEvents([
      write('/home/dev/new', 'O_CREAT|O_TRUNC'),
      write('/home/dev/.bashrc', 'O_CREAT|O_APPEND'),
      write('/home/dev/.bashrc', 'O_CREAT|O_TRUNC'),
      write('/home/dev/.npmrc', 'O_CREAT|O_TRUNC'),
    ]);
    expect(events.map(({ path, mode }) => [path, mode])).toEqual([
      ['~/new', 'create'],
      ['~/.bashrc', 'append'],
      ['~/.bashrc', 'truncate'],
      ['~/.npmrc', 'truncate'],
    ]);
  });

  it('an executable that is made says so', () => {
    expect(fileEvents(['101 openat(AT_FDCWD</x>, "f", O_WRONLY|O_CREAT, 0755) = 4</tmp/f>'])).toMatchObject([
      { detail: 'executable 0755' },
    ]);
  });

  it('deletes, renames, links and modes name both ends', () => {
    expect(
      fileEvents([
        '101 unlinkat(AT_FDCWD</home/dev>, "a", 0) = 0',
        '101 rmdir("/home/dev/b") = 0',
        '101 renameat2(AT_FDCWD</home/dev>, "c", 5</tmp>, "d", RENAME_NOREPLACE) = 0',
        '101 symlink("/etc/passwd", "/tmp/e") = 0',
        '101 linkat(AT_FDCWD</tmp>, "f", AT_FDCWD</tmp>, "g", 0) = 0',
        '101 fchmod(4</tmp/h>, 0755) = 0',
        '101 fchmodat(AT_FDCWD</tmp>, "i", 0644) = 0',
        '101 unlink("/home/dev/missing") = -1 ENOENT (No such file or directory)',
      ]),
    ).toEqual([
      { type: 'file.delete', outcome: 'ok', path: '~/a' },
      { type: 'file.delete', outcome: 'ok', path: '~/b' },
      { type: 'file.rename', outcome: 'ok', path: '~/c', to: '{tmp}/d' },
      { type: 'file.link', outcome: 'ok', path: '{tmp}/e', to: '/etc/passwd', detail: 'symbolic' },
      { type: 'file.link', outcome: 'ok', path: '{tmp}/g', to: '{tmp}/f', detail: 'hard' },
      { type: 'file.chmod', outcome: 'ok', path: '{tmp}/h', mode: '0755' },
      { type: 'file.chmod', outcome: 'ok', path: '{tmp}/i', mode: '0644' },
    ]);
  });

  it('what the phase itself had made is its own when it deletes or moves it', () => {
    const events = fileEvents([
      '101 openat(AT_FDCWD</x>, "f", O_WRONLY|O_CREAT, 0666) = 4</home/dev/f>',
      '101 rename("/home/dev/f", "/home/dev/g") = 0',
      '101 unlink("/home/dev/g") = 0',
      '101 unlink("/home/dev/.bashrc") = 0',
    ]);
    expect(events.map(({ type, own }) => [type, own])).toEqual([
      ['file.write', undefined],
      ['file.rename', true],
      ['file.delete', true],
      ['file.delete', undefined],
    ]);
  });
});

describe('decoys', () => {
  it('opening one for reading is a canary.read beside the read', () => {
    expect(fileEvents(['101 openat(AT_FDCWD</x>, "link-to-it", O_RDONLY) = 4</home/dev/.npmrc>'])).toEqual([
      { type: 'canary.read', outcome: 'ok', path: '~/.npmrc', canary: 'c1' },
      { type: 'file.read', outcome: 'ok', path: '~/.npmrc' },
    ]);
  });

  it('opening one for writing only is none', () => {
    expect(fileEvents(['101 openat(AT_FDCWD</x>, "f", O_WRONLY|O_TRUNC) = 4</home/dev/.npmrc>'])).toMatchObject([
      { type: 'file.write' },
    ]);
  });

  it.each([
    ['renamed', '101 rename("/home/dev/.ssh/id_ed25519", "/tmp/k") = 0'],
    ['hard-linked', '101 link("/home/dev/.ssh/id_ed25519", "/tmp/k") = 0'],
  ])('one that was %s stays one', (_how, call) => {
    expect(fileEvents([call, '101 openat(AT_FDCWD</x>, "k", O_RDONLY) = 4</tmp/k>'])).toContainEqual({
      type: 'canary.read',
      outcome: 'ok',
      path: '{tmp}/k',
      canary: 'c2',
    });
  });

  it('the package manager reading its own configuration is recorded under its own process', () => {
    const { reducer } = play([npm, '100 openat(AT_FDCWD</x>, "n", O_RDONLY) = 4</home/dev/.npmrc>']);
    const read = reducer.events().find(({ type }) => type === 'canary.read');
    expect(reducer.nodes().find(({ key }) => key === read?.process)?.toolchain).toBe(true);
  });

  it('a file named after a decoy value shows only the decoy’s id', () => {
    expect(fileEvents(['101 unlink("/tmp/npm_secretsecretsecret.txt") = 0'])).toMatchObject([
      { path: '{tmp}/canary:c1.txt' },
    ]);
  });
});

describe('capture', () => {
  it('a file that package code opens for writing is handed over at once, with the descriptor that holds it', () => {
    const { opened } = play([
      ...script,
      '101 openat(AT_FDCWD</x>, "f", O_WRONLY|O_CREAT, 0666) = 9</tmp/f>',
      '101 openat(AT_FDCWD</x>, "r", O_RDONLY) = 9</tmp/f>',
      '101 openat(AT_FDCWD</x>, "n", O_WRONLY) = 9</dev/null>',
      '101 openat(AT_FDCWD</x>, "d", O_WRONLY) = -1 EACCES (Permission denied)',
      '100 openat(AT_FDCWD</x>, "npm", O_WRONLY|O_CREAT, 0666) = 9</tmp/npm>',
      '101 memfd_create("m", 0) = 10</memfd:m>(deleted)',
    ]);
    expect(opened).toMatchObject([
      { path: '/tmp/f', report: '{tmp}/f', process: 'p2', pid: 101, fd: 9 },
      { path: '/memfd:m', report: 'memfd:m', process: 'p2', pid: 101, fd: 10 },
    ]);
  });

  it('a file that package code moves or links out of the tree is handed over too, one that stays inside is not', () => {
    const inside = '/home/dev/project/node_modules/thief';
    const { opened } = play([
      ...script,
      `101 rename("${inside}/a", "${inside}/b") = 0`,
      `101 rename("${inside}/b", "/tmp/c") = 0`,
      `101 link("${inside}/d", "/home/dev/e") = 0`,
    ]);
    expect(opened.map(({ path, fd }) => [path, fd])).toEqual([
      ['/tmp/c', undefined],
      ['/home/dev/e', undefined],
    ]);
  });

  it('a file written in the phase and then run, itself or as a script, is reported with both events', () => {
    const { ran, reducer } = play([
      ...script,
      '101 openat(AT_FDCWD</x>, "f", O_WRONLY|O_CREAT, 0666) = 9</tmp/f>',
      '101 rename("/tmp/f", "/tmp/g") = 0',
      "101 clone(flags=SIGCHLD) = 4 /* 102 in strace's PID NS */",
      '102 chdir("/tmp") = 0',
      '102 execve("/usr/bin/sh", ["sh", "-e", "g"], []) = 0',
      '102 execve("/tmp/g", ["g"], []) = 0',
      '102 execve("/usr/bin/true", ["true", "/tmp/g"], []) = 0',
    ]);
    const moved = reducer.events().find(({ type }) => type === 'file.rename')?.id;
    const execs = reducer.events().filter(({ type, process }) => type === 'process.exec' && process === 'p3');
    // `sh -e g` is a script; `-e` of a shell is not `-e` of node.
    expect(ran).toEqual(
      execs.slice(0, 2).map(({ id }) => ({ path: '/tmp/g', report: '{tmp}/g', created: moved, executed: id })),
    );
  });
});
