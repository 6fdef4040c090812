/**
 * Arguments of the tracer. What is traced decides what an analysis costs: each traced call stops its thread twice, and a stop
 * is a switch to the tracer and back (18 µs on one core, up to 150 µs across two idle cores of a virtual machine).
 *
 * Measured on two cores, `npm install` of 128 packages from cache, medians of seven, interleaved; processor time of command
 * and tracer, and of our own reading and reducing:
 *
 * | traced                                         | wall   | processor | ours   |
 * |------------------------------------------------|--------|-----------|--------|
 * | nothing                                        | 1.63 s | 1.63 s    |        |
 * | processes, network, escapes                    | 2.23 s | 2.56 s    | 0.04 s |
 * | the same and `set_robust_list`                 | 1.62 s | 1.70 s    | 0.03 s |
 * | and deletes, renames, links, modes             | 1.66 s | 1.75 s    | 0.04 s |
 * | and opens, with descriptor paths: what is used | 1.86 s | 1.90 s    | 0.08 s |
 * | and stat, access, readlink                     | 2.08 s | 2.20 s    | 0.09 s |
 *
 * `node -e "require('typescript')"`: 186 ms with nothing, 195 ms with what is used.
 *
 * - `set_robust_list` is traced only to be seen once: strace lets a new thread run free of stops no earlier than its first
 *   traced call, and this is the first that glibc makes in each thread, fork and program. Without it every call of a thread
 *   that does nothing of interest stops twice.
 * - `stat`, `access`, `readlink` are not traced, not even for sensitive paths: strace compares paths only after the stop. A
 *   probe that only asks whether a file exists is seen by the runtime hook, or (from a shell) not at all.
 * - `tgkill` and `nanosleep` are not traced: Go's scheduler makes about 1,600 of each per second. Sleeps of programs use
 *   `clock_nanosleep`; a death by signal is printed whoever sent it.
 * - `write` is not traced: bytes that leave are recorded by the sinkhole.
 * - io_uring would make files and sockets without system calls. `io_uring_setup` is therefore answered with ENOSYS by the
 *   tracer itself (libuv falls back), and the attempt is recorded.
 * - Key rings know no namespaces: the session's own is inherited, with the keys of whoever started us. The tracer refuses.
 * - A child made with `CLONE_UNTRACED` is not followed, but inherits the filter: every call of the traced set fails with
 *   ENOSYS there (checked on Linux 6.18), so it can neither open, connect nor execute.
 */
const traced = {
  process: 'execve execveat clone clone3 fork vfork set_robust_list chdir fchdir dup dup2 dup3',
  signals: 'kill tkill pidfd_send_signal rt_sigqueueinfo',
  files:
    'open openat openat2 creat open_by_handle_at unlink unlinkat rmdir rename renameat renameat2 link linkat symlink ' +
    'symlinkat chmod fchmod fchmodat fchmodat2 truncate mknod mknodat',
  network: 'socket connect bind listen accept accept4 sendto sendmsg sendmmsg socketcall',
  time: 'clock_nanosleep settimeofday clock_settime',
  memory: 'memfd_create ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp userfaultfd',
  namespaces:
    'unshare setns mount umount2 pivot_root chroot move_mount open_tree fsopen fsmount fspick mount_setattr sethostname',
  kernel:
    'bpf keyctl add_key request_key io_uring_setup perf_event_open init_module finit_module delete_module kexec_load ' +
    'kexec_file_load reboot swapon acct iopl ioperm syslog fanotify_init quotactl',
} as const;

/** Names of the traced calls, in a fixed order. */
export function tracedCalls(options: { files: boolean } = { files: true }): string[] {
  const { files, ...others } = traced;
  return Object.values(options.files ? { ...others, files } : others).flatMap((names) => names.split(' '));
}

/** Calls that only an attempt to leave the sandbox, or to look into another process, has a use for. */
export const escapeCalls: ReadonlySet<string> = new Set(
  [traced.namespaces, traced.kernel, 'ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp userfaultfd']
    .join(' ')
    .concat(' open_by_handle_at settimeofday clock_settime')
    .split(' '),
);

export interface StraceOptions {
  /**
   * Path of a FIFO (or file) that strace itself opens. Never `/dev/fd/<n>`: that descriptor would be inherited by the traced
   * command, which could then write trace lines of its own.
   */
  output: string;
  /** Whether opens, deletes, renames and the like are traced (default); without them an installation costs a third less. */
  files?: boolean;
  /** Bytes kept of each string argument (paths are never cut). */
  stringLimit?: number;
  /**
   * Holds up the first deletes of each thread, so that what deletes its own traces can still be opened by then: longer than
   * the pause between two looks at the tracer's output. `calls: 0` holds up none.
   */
  delayedDeletes?: { ms: number; calls: number };
}

const delayedDeletes = { ms: 6, calls: 32 };

/**
 * Command line of the tracer up to and including `--`; the command to trace follows it.
 *
 * *Source:* strace(1) 6.1. `-v` is wanted only for environments, hence `abbrev=!execve,execveat`. `-q` and not `-qq`: exit
 * lines carry exit codes. Default-ignored signals are not printed; the others stay, because hiding a signal also hides the
 * line that says it killed a process.
 */
export function straceArgs(options: StraceOptions): string[] {
  const files = options.files ?? true;
  const { ms, calls } = options.delayedDeletes ?? delayedDeletes;
  return [
    'strace',
    '-f',
    '--seccomp-bpf',
    '--decode-pids=pidns',
    '-q',
    '-ttt',
    '-y',
    '-s',
    String(options.stringLimit ?? 1024),
    '-e',
    'abbrev=!execve,execveat',
    '-e',
    'signal=!SIGCHLD,SIGURG,SIGWINCH,SIGCONT',
    '-e',
    `trace=${tracedCalls({ files })
      .map((name) => `?${name}`)
      .join(',')}`,
    '-e',
    'inject=io_uring_setup:error=ENOSYS',
    '-e',
    'inject=add_key,keyctl,request_key:error=EPERM',
    ...(files && calls > 0 ? ['-e', `inject=unlink,unlinkat:delay_enter=${ms * 1000}:when=1..${calls}`] : []),
    '-o',
    options.output,
    '--',
  ];
}
