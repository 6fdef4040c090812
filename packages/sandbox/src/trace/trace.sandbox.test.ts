import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TracePipe } from './pipe.ts';
import { straceArgs } from './strace.ts';
import { makeReducer } from './tape.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'traced-'));
  mkdirSync(path.join(folder, 'home/project'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a command in a small sandbox under the tracer; the home is at /home/dev. */
async function traced(...command: string[]) {
  const fifo = path.join(folder, 'fifo');
  execFileSync('mkfifo', ['-m', '0600', fifo]);
  const startedAt = Date.now();
  const played = makeReducer({
    origin: { epochMs: startedAt, monotonicMs: 0 },
    phase: 'import',
    rootPackage: 'target',
  });
  const pipe = new TracePipe(fifo, (chunk) => played.parser.write(chunk));
  const [strace = '', ...args] = straceArgs({ output: fifo });
  const walls = [
    '--unshare-user',
    '--unshare-pid',
    '--unshare-net',
    '--cap-drop',
    'ALL',
    '--new-session',
    '--die-with-parent',
  ];
  const view = [
    '--ro-bind',
    '/usr',
    '/usr',
    '--symlink',
    'usr/bin',
    '/bin',
    '--symlink',
    'usr/lib',
    '/lib',
    '--symlink',
    'usr/lib64',
    '/lib64',
  ];
  const own = [
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
    '--bind',
    path.join(folder, 'home'),
    '/home/dev',
    '--chdir',
    '/home/dev/project',
  ];
  const child = spawn(strace, [...args, 'bwrap', ...walls, ...view, ...own, '--', ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: '/usr/bin:/bin' },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  await pipe.end();
  played.parser.end();
  played.reducer.finish(Date.now());
  return { ...played, code };
}

it('what a program did inside comes out with process ids from inside and paths from inside', async () => {
  const { reducer, code } = await traced('sh', '-c', 'echo a > made; (exec /usr/bin/rm made); kill -9 $$');
  expect(code).toBe(137);
  expect(reducer.facts()).toMatchObject({ started: true, malformedLines: 0 });
  expect(reducer.nodes()).toMatchObject([
    {
      key: 'p1',
      pid: 2,
      argv: ['sh', '-c', 'echo a > made; (exec /usr/bin/rm made); kill -9 $$'],
      pwd: '~/project',
      signal: 'SIGKILL',
    },
    { key: 'p2', pid: 3, parent_key: 'p1', argv: ['/usr/bin/rm', 'made'], exit_code: 0 },
  ]);
  const files = reducer.events().filter(({ type }) => type.startsWith('file.'));
  expect(files.map(({ type, path: file, process }) => [type, file, process])).toEqual([
    ['file.write', '~/project/made', 'p1'],
    ['file.delete', '~/project/made', 'p2'],
  ]);
});

it('a file that deletes itself right after it was written can still be opened when it is reported', async () => {
  const seen: boolean[] = [];
  const { opened } = await (async () => {
    const fifo = path.join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const played = makeReducer({
      origin: { epochMs: Date.now(), monotonicMs: 0 },
      onFileOpened: (file) => {
        played.opened.push(file);
        seen.push(existsSync(path.join(folder, 'home/project', path.basename(file.path))));
      },
      phase: 'import',
      rootPackage: 'target',
    });
    const pipe = new TracePipe(fifo, (chunk) => played.parser.write(chunk));
    writeFileSync(path.join(folder, 'home/project/w.pl'), 'for (1..20) { open(F, ">", "f$_"); close F; unlink "f$_" }');
    const [strace = '', ...args] = straceArgs({ output: fifo });
    const child = spawn(strace, [...args, 'perl', 'w.pl'], {
      stdio: 'ignore',
      cwd: path.join(folder, 'home/project'),
      env: { PATH: '/usr/bin:/bin' },
    });
    await once(child, 'exit');
    await pipe.end();
    return played;
  })();
  expect(opened).toHaveLength(20);
  // A machine under load may be late for a few; without the delay it is late for nearly all.
  expect(seen.filter(Boolean).length).toBeGreaterThan(10);
});

it('a child that asked not to be traced can neither open nor execute, and the asking is seen', async () => {
  const clone = process.arch === 'arm64' ? 220 : 56;
  const script = `my $p = syscall(${clone}, 0x00800011, 0, 0, 0, 0); if ($p == 0) { open(F, ">", "escaped"); exec "/usr/bin/touch", "escaped"; syscall(${clone === 56 ? 60 : 93}, 0) } sleep 1;`;
  const { reducer } = await traced('perl', '-e', script);
  expect(existsSync(path.join(folder, 'home/project/escaped'))).toBe(false);
  expect(reducer.events()).toContainEqual(
    expect.objectContaining({ type: 'ptrace', api: 'clone', detail: expect.stringContaining('CLONE_UNTRACED') }),
  );
});

it('io_uring is refused by the tracer', async () => {
  const { reducer } = await traced('perl', '-e', 'exit(syscall(425, 8, 0) == -1 ? 0 : 1)');
  expect(reducer.events()).toContainEqual(
    expect.objectContaining({ type: 'ptrace', api: 'io_uring_setup', outcome: 'error:ENOSYS' }),
  );
  expect(reducer.nodes()[0]).toMatchObject({ exit_code: 0 });
});
