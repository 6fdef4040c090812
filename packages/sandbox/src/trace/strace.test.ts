import { expect, it } from 'vitest';
import { escapeCalls, straceArgs, tracedCalls } from './strace.ts';

it('every call is traced once, and all that show an escape are traced', () => {
  const calls = tracedCalls();
  expect(new Set(calls).size).toBe(calls.length);
  expect([...escapeCalls].filter((name) => !calls.includes(name))).toEqual([]);
});

it('the call that switches filtering on is traced, the ones that cost most are not', () => {
  const calls = new Set(tracedCalls());
  expect(calls.has('set_robust_list')).toBe(true);
  expect(
    ['stat', 'newfstatat', 'statx', 'access', 'readlink', 'read', 'write', 'tgkill', 'nanosleep', 'futex'].filter(
      (name) => calls.has(name),
    ),
  ).toEqual([]);
});

it('exit lines and deaths by signal are never suppressed', () => {
  const args = straceArgs({ output: '/x/fifo' });
  expect(args).not.toContain('-qq');
  const signals = args.find((arg) => arg.startsWith('signal='));
  expect(signals).toBe('signal=!SIGCHLD,SIGURG,SIGWINCH,SIGCONT');
});

it('the output is a path and the traced command follows at the end', () => {
  expect(straceArgs({ output: '/x/fifo' }).slice(-3)).toEqual(['-o', '/x/fifo', '--']);
});

it('deletes are held up unless that is switched off', () => {
  const delayed = (args: string[]) => args.filter((arg) => arg.includes('delay_enter'));
  expect(delayed(straceArgs({ output: 'x', delayedDeletes: { ms: 2, calls: 7 } }))).toEqual([
    'inject=unlink,unlinkat:delay_enter=2000:when=1..7',
  ]);
  expect(delayed(straceArgs({ output: 'x', delayedDeletes: { ms: 2, calls: 0 } }))).toEqual([]);
});

it('without files nothing about files is traced or held up, everything else is', () => {
  const args = straceArgs({ output: 'x', files: false }).join(' ');
  expect(args).not.toMatch(/openat|unlink|rename/);
  expect(args).toMatch(/\?execve,.*\?connect,.*\?ptrace,/);
});
