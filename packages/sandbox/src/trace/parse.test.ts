import { describe, expect, it } from 'vitest';
import type { Call } from './call.ts';
import { StraceParser } from './parse.ts';

type Seen = {
  name: string;
  tid: number;
  at: number;
  ret: number;
  errno: string;
  args: string[];
  retPath?: string;
  cut?: boolean;
};

function read(text: string, limits = { maxLineBytes: 1 << 20, maxUnfinished: 100 }) {
  const calls: Seen[] = [];
  const other: string[] = [];
  const parser = new StraceParser(
    {
      call: (call) => calls.push(copy(call)),
      exit: (tid, _at, code, signal) => other.push(`exit ${tid} ${code ?? signal}`),
      signal: (tid, _at, name) => other.push(`signal ${tid} ${name}`),
      superseded: (tid, _at, by) => other.push(`superseded ${tid} by ${by}`),
      forking: (tid) => other.push(`forking ${tid}`),
      malformed: (line) => other.push(`malformed ${line.slice(0, 20)}`),
    },
    limits,
  );
  parser.write(Buffer.from(text, 'latin1'));
  parser.end();
  return { calls, other };
}

function copy(call: Call): Seen {
  const retPath = call.retPath();
  return {
    name: call.name,
    tid: call.tid,
    at: call.at,
    ret: call.ret,
    errno: call.errno,
    args: Array.from({ length: call.argCount }, (_, index) => call.raw(index)),
    ...(retPath === undefined ? {} : { retPath }),
    ...(call.cut ? { cut: true } : {}),
  };
}

describe('reading lines of strace', () => {
  it('a call has its thread, time, arguments and the file that the kernel opened', () => {
    const { calls } = read(
      '7421  1795197208.786110 openat(AT_FDCWD</tmp>, "a,b)\\" = 1", O_RDONLY|O_CLOEXEC) = 3</etc/hosts>\n',
    );
    expect(calls).toEqual([
      {
        name: 'openat',
        tid: 7421,
        at: 1_795_197_208_786.11,
        ret: 3,
        errno: '',
        args: ['AT_FDCWD</tmp>', '"a,b)\\" = 1"', 'O_RDONLY|O_CLOEXEC'],
        retPath: '/etc/hosts',
      },
    ]);
  });

  it('a failed call has its error and no file', () => {
    const { calls } = read('1  1.000001 chdir("x")                     = -1 ENOENT (No such file or directory)\n');
    expect(calls[0]).toMatchObject({ ret: -1, errno: 'ENOENT' });
    expect(calls[0]?.retPath).toBeUndefined();
  });

  it('an answer that the tracer injected is still an error', () => {
    const { calls } = read('1  1.000001 io_uring_setup(8, NULL) = -1 ENOSYS (Function not implemented) (INJECTED)\n');
    expect(calls[0]).toMatchObject({ ret: -1, errno: 'ENOSYS', args: ['8', 'NULL'] });
  });

  it('nested structures are one argument', () => {
    const { calls } = read(
      '1  1.000001 sendmsg(3<socket:[9]>, {msg_iov=[{iov_base="a}], (", iov_len=5}], msg_flags=0}, 0) = 5\n',
    );
    expect(calls[0]?.args).toEqual(['3<socket:[9]>', '{msg_iov=[{iov_base="a}], (", iov_len=5}], msg_flags=0}', '0']);
  });

  it('a comment and a shift are not delimiters', () => {
    const { calls } = read(
      "1  1.000001 kill(9 /* 74), in strace's PID NS */, SIGKILL) = 0\n1  1.000002 capset(x, 1<<CAP_KILL|1<<CAP_SYSLOG, 2) = 0\n",
    );
    expect(calls.map(({ args }) => args)).toEqual([
      ["9 /* 74), in strace's PID NS */", 'SIGKILL'],
      ['x', '1<<CAP_KILL|1<<CAP_SYSLOG', '2'],
    ]);
  });

  it('a call in two parts is one call, dated when it was entered', () => {
    const { calls } = read(
      '5  1.000001 openat(AT_FDCWD</>, "x", O_RDONLY <unfinished ...>\n6  1.000002 unlink("y") = 0\n5  1.000003 <... openat resumed>) = 4</x>\n',
    );
    expect(calls.map(({ name, at }) => [name, at])).toEqual([
      ['unlink', 1000.002],
      ['openat', 1000.001],
    ]);
    expect(calls[1]).toMatchObject({ ret: 4, retPath: '/x', args: ['AT_FDCWD</>', '"x"', 'O_RDONLY'] });
  });

  it('a call that its thread did not live to finish is reported without result when the thread ends', () => {
    const { calls, other } = read(
      '5  1.000001 connect(3, {sa_family=AF_UNIX} <unfinished ...>\n5  1.000002 +++ killed by SIGKILL +++\n',
    );
    expect(calls[0]).toMatchObject({ name: 'connect', errno: '' });
    expect(calls[0]?.ret).toBeNaN();
    expect(other).toEqual(['exit 5 SIGKILL']);
  });

  it('an exec by a second thread is continued under the id of the first', () => {
    const { calls, other } = read(
      '8  1.000001 execve("/bin/true", ["true"], [] <pid changed to 7 ...>\n' +
        '7  1.000002 +++ superseded by execve in pid 8 +++\n7  1.000003 <... execve resumed>) = -1 (errno 18446744073709551359)\n',
    );
    expect(calls[0]).toMatchObject({ name: 'execve', tid: 7, ret: 0 });
    expect(other).toEqual(['superseded 7 by 8']);
  });

  it('a call that makes a process is announced while it is under way', () => {
    const { other } = read(
      "8  1.000001 vfork( <unfinished ...>\n8  1.000002 <... vfork resumed>) = 10 /* 12 in strace's PID NS */\n",
    );
    expect(other).toEqual(['forking 8']);
  });

  it('exits, signals and deaths are told apart', () => {
    const { other } = read(
      '1  1.000001 --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---\n1  1.000002 +++ killed by SIGSEGV (core dumped) +++\n2  1.000003 +++ exited with 17 +++\n',
    );
    expect(other).toEqual(['signal 1 SIGSEGV', 'exit 1 SIGSEGV', 'exit 2 17']);
  });

  it('a line that is no line of strace is counted and changes nothing else', () => {
    const { calls, other } = read(
      'strace: ptrace failed\n\n1  x openat() = 0\n1  1.000001 unlink("y") = 0\n1  1.000002 <... read resumed>) = 0\n',
    );
    expect(calls.map(({ name }) => name)).toEqual(['unlink']);
    expect(other.filter((line) => line.startsWith('malformed'))).toHaveLength(4);
  });

  it('a line over the limit keeps its result and the arguments that fit', () => {
    const words = Array.from({ length: 400 }, (_, index) => `"word ) = 7 ${index}"`).join(', ');
    const { calls } = read(
      `1  1.000001 execve("/bin/x", [${words}], ["A=B"]) = -1 E2BIG (Argument list too long)\n2  1.000002 rmdir("y") = 0\n`,
      {
        maxLineBytes: 300,
        maxUnfinished: 10,
      },
    );
    expect(calls[0]).toMatchObject({ name: 'execve', ret: -1, errno: 'E2BIG', cut: true });
    expect(calls[0]?.args[0]).toBe('"/bin/x"');
    expect(calls[1]).toMatchObject({ name: 'rmdir', ret: 0 });
  });

  it('a line over the limit that is finished later has the result of its end', () => {
    const { calls } = read(
      `1  1.000001 execve("/bin/x", ["${'a'.repeat(9000)}"] <unfinished ...>\n1  1.000002 <... execve resumed>) = 0\n`,
      {
        maxLineBytes: 300,
        maxUnfinished: 10,
      },
    );
    expect(calls[0]).toMatchObject({ name: 'execve', ret: 0, cut: true });
  });
});
