import { TraceEvent } from '@assay/kernel';
import { describe, expect, it } from 'vitest';
import type { HookRecord } from '../channels.ts';
import { finish, lines, makeReducer, origin, type Played, play } from './tape.ts';

const env = '["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/dev", "LANG=C.UTF-8"]';
const node = `100 execve("/usr/local/bin/node", ["node", "/home/dev/project/node_modules/target/x.js"], ${env}) = 0`;
const options = { phase: 'import', rootPackage: 'target' } as const;
const caller = 'file:///home/dev/project/node_modules/@a/b/lib/index.js:3:7';

type Line = Partial<HookRecord> & Pick<HookRecord, 'kind'>;

/** Hook lines of process 2 (p1), numbered, two milliseconds after the command started and one apart. */
function hooked(said: readonly Line[], more: Parameters<typeof play>[1] = {}, rows: string[] = []) {
  const played = play([node, ...rows], { ...options, ...more }, ({ reducer }: Played) => {
    said.forEach((line, index) => {
      reducer.hook({ pid: 2, at: origin.monotonicMs + 2 + index, seq: index + 1, thread: 0, ...line } as HookRecord);
    });
  });
  return { ...played, events: played.reducer.events().filter(({ type }) => !/^(phase|process|net)\./.test(type)) };
}

const begin: Line = { kind: 'start', runtime: 'node', version: 'v24' };
const end = (written: number): Line => ({ kind: 'end', written });
const call = (api: string, detail: string, more: object = {}): Line => ({ kind: 'call', api, detail, ...more });

describe('what the runtime hook says', () => {
  it('a call names the package and the place of the code that made it', () => {
    const { events } = hooked([call('eval', '1+npm_secretsecretsecret', { caller, sha256: 'a'.repeat(64), bytes: 4 })]);
    expect(events).toMatchObject([
      {
        type: 'runtime.hook',
        process: 'p1',
        api: 'eval',
        detail: '1+canary:c1',
        caller: '{dep:@a/b}/lib/index.js:3:7',
        package: '@a/b',
        sha256: 'a'.repeat(64),
        bytes: 4,
      },
    ]);
  });

  it('a read of a decoy variable by name is a canary.read, an enumeration is one that says so', () => {
    const { events } = hooked([
      call('process.env', 'NPM_TOKEN', { caller }),
      call('process.env', 'OTHER'),
      call('process.env', '*'),
    ]);
    expect(events.filter(({ type }) => type === 'canary.read')).toMatchObject([
      { canary: 'c3', path: 'env:NPM_TOKEN', detail: 'NPM_TOKEN', package: '@a/b' },
      { canary: 'c3', path: 'env:NPM_TOKEN', detail: 'enumerate' },
    ]);
    expect(events.filter(({ type }) => type === 'runtime.hook')).toHaveLength(3);
  });

  it('long timers are sleeps, short ones nothing, looks at the clock clock.read', () => {
    const { events } = hooked([
      call('setTimeout', '', { ms: 3_600_000 }),
      call('setTimeout', '', { ms: 5 }),
      call('Date.now', '', { caller }),
    ]);
    expect(events.map(({ type, api, ms }) => [type, api, ms])).toEqual([
      ['sleep', 'setTimeout', 3_600_000],
      ['clock.read', 'Date.now', undefined],
    ]);
  });

  it('a replaced global and a driver’s step are told', () => {
    const { events } = hooked([
      { kind: 'patch', target: 'globalThis.fetch', caller },
      { kind: 'driver', step: 'require', outcome: 'threw', detail: 'boom' },
      { kind: 'driver', step: 'call login', outcome: 'ok', canaries: ['c7'] },
    ]);
    expect(events).toMatchObject([
      { api: 'patch', detail: 'globalThis.fetch', package: '@a/b' },
      { api: 'driver.step', detail: 'require: boom', outcome: 'error:THREW' },
      { api: 'driver.step', detail: 'call login', outcome: 'ok', canary: 'c7' },
    ]);
  });

  it('lines that come before the tracer has told of their process wait for it', () => {
    const { reducer } = play([], options, ({ reducer: early, parser }) => {
      early.hook({ kind: 'call', pid: 3, at: origin.monotonicMs + 30, seq: 1, thread: 0, api: 'eval', detail: 'x' });
      const row = (ms: number, text: string) =>
        `${text.slice(0, 3)}  1795200000.${String(ms).padStart(3, '0')}000${text.slice(3)}\n`;
      parser.write(
        Buffer.from(
          row(1, node) +
            row(20, "100 clone(flags=SIGCHLD) = 3 /* 101 in strace's PID NS */") +
            row(200, '101 unlink("/home/dev/x") = 0'),
        ),
      );
    });
    const hook = reducer.events().find(({ type }) => type === 'runtime.hook');
    expect(reducer.nodes().find(({ key }) => key === hook?.process)?.pid).toBe(3);
    expect(hook?.attribution).toBeUndefined();
  });

  it('a line of a process that does not exist is kept under a guess', () => {
    const { events } = hooked([{ ...call('eval', 'x'), pid: 999 }]);
    expect(events).toMatchObject([{ api: 'eval', process: 'p1', attribution: 'inferred' }]);
  });
});

describe('gaps of the hook’s channel', () => {
  const gaps = (said: readonly Line[], rows: string[] = ['100 +++ exited with 0 +++'], more = {}) =>
    hooked(said, more, rows)
      .reducer.channelGaps()
      .map(({ kind, process }) => `${process} ${kind}`);

  it('a complete channel has none', () => {
    expect(gaps([begin, call('eval', 'x'), end(3)])).toEqual([]);
  });

  it('a process that never spoke', () => {
    expect(gaps([])).toEqual(['p1 no_start']);
  });

  it('a line that is missing in the middle, or at the end', () => {
    expect(gaps([begin, { ...call('eval', 'x'), seq: 4 }, { ...end(5), seq: 5 }])).toEqual(['p1 missing_lines']);
    expect(gaps([begin, end(9)])).toEqual(['p1 missing_lines']);
  });

  it('a number that comes twice', () => {
    expect(gaps([begin, { ...call('eval', 'x'), seq: 1 }, { ...end(2), seq: 2 }])).toEqual(['p1 repeated_lines']);
  });

  it('an orderly exit without the last word; a death is none', () => {
    expect(gaps([begin])).toEqual(['p1 no_end']);
    expect(gaps([begin], ['100 +++ killed by SIGKILL +++'])).toEqual([]);
  });

  it('lines in the name of a process that was never seen', () => {
    expect(gaps([begin, { ...end(2), seq: 2 }, { ...call('eval', 'x'), pid: 77, seq: 1 }])).toEqual([
      'p1 unknown_process',
    ]);
  });

  it('nothing is expected of the package manager or of other programs', () => {
    const rows = [
      "100 clone(flags=SIGCHLD) = 3 /* 101 in strace's PID NS */",
      '101 execve("/usr/bin/sh", ["sh"], []) = 0',
      '101 +++ exited with 0 +++',
    ];
    const npm = '101 execve("/usr/local/bin/node", ["node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js"], []) = 0';
    expect(gaps([begin, end(2)], [...rows.slice(0, 2), npm, ...rows.slice(2), '100 +++ exited with 0 +++'])).toEqual(
      [],
    );
  });

  it('a Node process that executes another program has said its last word', () => {
    expect(gaps([begin], ['100 execve("/usr/bin/true", ["true"], []) = 0', '100 +++ exited with 0 +++'])).toEqual([]);
  });
});

describe('other events', () => {
  const events = (rows: string[]) => play([node, ...rows], options).reducer.events();

  it('a program run from memory is memory.exec, however it is named', () => {
    const made = '100 memfd_create("m", 0) = 5</memfd:m>(deleted)';
    for (const exec of [
      'execve("/proc/self/fd/5", ["a", "b"], [])',
      'execve("/dev/fd/5", ["a", "b"], [])',
      'execve("/proc/2/fd/5", ["a", "b"], [])',
      'execveat(5</memfd:m>(deleted), "", ["a", "b"], [], AT_EMPTY_PATH)',
    ]) {
      const found = events([made, `100 ${exec} = 0`]).filter(({ type }) => type === 'memory.exec');
      expect(found, exec).toMatchObject([{ api: 'memfd', path: 'memfd:m', detail: 'a b' }]);
    }
    expect(events([made, '100 execve("/proc/9/fd/5", ["a"], []) = 0']).some(({ type }) => type === 'memory.exec')).toBe(
      false,
    );
  });

  it('a program run after it was deleted is memory.exec as well', () => {
    expect(events(['100 execveat(5</tmp/x>(deleted), "", ["x"], [], AT_EMPTY_PATH) = 0'])).toContainEqual(
      expect.objectContaining({ type: 'memory.exec', api: 'deleted', path: '/tmp/x' }),
    );
  });

  it('calls at other processes, namespaces and the kernel are ptrace events with the call in api', () => {
    const found = events([
      '100 ptrace(PTRACE_ATTACH, 1) = -1 EPERM (Operation not permitted)',
      '100 unshare(CLONE_NEWUSER) = 0',
      '100 clone(child_stack=NULL, flags=CLONE_UNTRACED|SIGCHLD) = 9',
      '100 bpf(BPF_PROG_LOAD, {prog_type=1}, 128) = -1 EPERM (Operation not permitted)',
      '100 open_by_handle_at(3</>, {handle_bytes=8}, O_RDONLY) = -1 EPERM (Operation not permitted)',
      '100 io_uring_setup(256, {flags=0}) = -1 ENOSYS (Function not implemented) (INJECTED)',
    ]).filter(({ type }) => type === 'ptrace');
    expect(found.map(({ api, outcome }) => [api, outcome])).toEqual([
      ['ptrace', 'denied'],
      ['unshare', 'ok'],
      ['clone', 'ok'],
      ['bpf', 'denied'],
      ['open_by_handle_at', 'denied'],
    ]);
  });

  it('a signal to anybody but oneself and one’s children is told', () => {
    const rows = [
      "100 clone(flags=SIGCHLD) = 3 /* 101 in strace's PID NS */",
      '101 execve("/usr/bin/sh", ["sh"], []) = 0',
      "100 kill(3 /* 101 in strace's PID NS */, SIGTERM) = 0",
      "101 kill(2 /* 100 in strace's PID NS */, SIGKILL) = 0",
      "101 kill(2 /* 100 in strace's PID NS */, 0) = 0",
      '101 kill(3, SIGTERM) = 0',
      '101 kill(1, SIGKILL) = -1 EPERM (Operation not permitted)',
    ];
    const found = events(rows).filter(({ type }) => type === 'ptrace');
    expect(found.map(({ detail, outcome }) => [detail, outcome])).toEqual([
      ['SIGKILL to p1', 'ok'],
      ['SIGKILL to pid 1', 'denied'],
    ]);
  });

  it('long sleeps of programs are told, relative and absolute ones', () => {
    const found = events([
      '100 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=600, tv_nsec=0}, NULL) = 0',
      '100 clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, {tv_sec=95, tv_nsec=3000000}, NULL) = 0',
      '100 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=1000000}, NULL) = 0',
    ]).filter(({ type }) => type === 'sleep');
    expect(found.map(({ ms }) => ms)).toEqual([600_000, 90_000]);
  });

  it('a command that was searched for and not found is told once, with the last place', () => {
    const found = events([
      "100 clone(flags=SIGCHLD) = 3 /* 101 in strace's PID NS */",
      '101 execve("/usr/bin/bun", ["bun", "x"], []) = -1 ENOENT (No such file or directory)',
      '101 execve("/bin/bun", ["bun", "x"], []) = -1 ENOENT (No such file or directory)',
      '101 +++ exited with 127 +++',
    ]).filter(({ process, type }) => process === 'p2' && type === 'process.exec');
    expect(found).toMatchObject([{ outcome: 'error:ENOENT', argv: ['bun', 'x'], executable: '/bin/bun' }]);
  });

  it('an exec names its program, words, folder and what its environment has of its own', () => {
    const found = events([
      '100 chdir("/tmp") = 0',
      '100 execve("./tool", ["tool", "npm_secretsecretsecret"], ["HOME=/home/dev", "NODE_OPTIONS=--require /opt/hook/hook.cjs", "X=1", "npm_config_cache=/c"]) = 0',
    ]);
    expect(found).toContainEqual(
      expect.objectContaining({
        type: 'process.exec',
        argv: ['tool', 'canary:c1'],
        executable: '{tmp}/tool',
        pwd: '{tmp}',
        env: ['X=1'],
      }),
    );
  });

  it('what the watchdog saw is an event of the last active process of package code', () => {
    const { reducer } = play([node], options, (one) =>
      one.reducer.resource('processes', '900 processes', origin.epochMs + 9),
    );
    expect(reducer.events()).toContainEqual(
      expect.objectContaining({ type: 'resource', api: 'processes', detail: '900 processes', process: 'p1', t_ms: 9 }),
    );
  });

  it('the phase begins and ends with events of its command', () => {
    const played = makeReducer(options);
    played.reducer.start(origin.epochMs);
    played.parser.write(Buffer.from(lines([node], 40)));
    finish(played);
    const { reducer } = played;
    expect(reducer.events().filter(({ type }) => type.startsWith('phase.'))).toMatchObject([
      { type: 'phase.start', t_ms: 0, process: 'p1', phase: 'import', run: 'r0' },
      { type: 'phase.end', t_ms: 60_000, outcome: 'ok' },
    ]);
  });

  it('a phase whose command never started has no events and says so', () => {
    const { reducer } = play(['10 execve("/usr/bin/bwrap", ["bwrap"], []) = 0']);
    expect([reducer.events(), reducer.facts().started]).toEqual([[], false]);
  });

  it('every event has the form that reports promise, ids unique, and is passed on once', () => {
    const { reducer, streamed } = hooked([begin, call('eval', 'x', { caller }), end(3)], {}, [
      '100 unlink("/home/dev/a") = 0',
      '100 unlink("/home/dev/a") = 0',
    ]);
    for (const event of reducer.events()) expect(TraceEvent.parse(event)).toEqual(event);
    expect(new Set(streamed.map(({ id }) => id)).size).toBe(streamed.length);
    expect(streamed.map(({ id }) => id).sort()).toEqual(
      reducer
        .events()
        .map(({ id }) => id)
        .sort(),
    );
  });
});

describe('retention', () => {
  it('equal events one after the other are one event with a count', () => {
    const { reducer, streamed } = play(
      [node, ...Array.from({ length: 5 }, () => '100 unlink("/home/dev/a") = 0'), '100 unlink("/home/dev/b") = 0'],
      options,
    );
    const deletes = reducer.events().filter(({ type }) => type === 'file.delete');
    expect(deletes.map(({ path, count }) => [path, count])).toEqual([
      ['~/a', 5],
      ['~/b', undefined],
    ]);
    expect(streamed.find(({ path }) => path === '~/a')?.count).toBe(5);
  });

  it('a flood keeps its beginning and its end, and says how much there was', () => {
    const few = { head: 3, tail: 2 };
    const rows = Array.from({ length: 50 }, (_, index) => `100 unlink("/home/dev/${index}") = 0`);
    const { reducer, streamed } = play([node, ...rows], {
      ...options,
      retention: { evidence: few, detail: few, noise: few },
    });
    const kept = reducer.events().filter(({ type }) => type === 'file.delete');
    expect(kept.map(({ path }) => path)).toEqual(['~/0', '~/1', '~/2', '~/48', '~/49']);
    expect(reducer.truncation().events).toContainEqual({ type: 'file.delete', worth: 'evidence', kept: 5, total: 50 });
    expect(streamed.filter(({ type }) => type === 'file.delete')).toHaveLength(50);
  });

  it('a flood of one worth leaves the others alone', () => {
    const few = { head: 3, tail: 2 };
    const rows = Array.from(
      { length: 50 },
      (_, index) => `100 openat(AT_FDCWD</x>, "f", O_WRONLY|O_CREAT) = 3</tmp/${index}>`,
    );
    const { reducer } = play(
      [node, '100 openat(AT_FDCWD</x>, "f", O_WRONLY|O_CREAT) = 3</home/dev/.profile>', ...rows],
      { ...options, retention: { evidence: few, detail: few, noise: few } },
    );
    expect(reducer.events().some(({ path }) => path === '~/.profile')).toBe(true);
  });

  it('records that nobody can wait for any longer are joined with what is known', () => {
    const many = Array.from({ length: 100 }, (_, index) => call('eval', `${index}`));
    const { events } = hooked(many, { limits: { maxWaitingRecords: 10 } });
    expect(events).toHaveLength(100);
  });
});
