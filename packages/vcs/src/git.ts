import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { KernelError } from '@assay/kernel';
import { quoted, throwIfInterrupted, VcsError } from './errors.ts';
import type { VcsLimits } from './limits.ts';

/** Starts one program in a process group of its own. The domain may bind it to a sandbox; the default is a plain child. */
export type SpawnGit = (
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
) => ChildProcessWithoutNullStreams;

export type GitOptions = { limits: VcsLimits; spawn?: SpawnGit };

export type GitCommand = {
  args: readonly string[];
  /** The bare repository to work in. */
  dir?: string;
  deadlineMs: number;
  signal?: AbortSignal | undefined;
  /** `key=value` of this command, after the hardening. */
  config?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Schemes this command may use, as `GIT_ALLOW_PROTOCOL` wants them. None for everything that only reads. */
  protocols?: readonly string[];
};

export type GitEnd = { code: number | null; stderr: string; endedBy: 'itself' | 'deadline' | 'signal' | 'us' };

export type GitProcess = {
  child: ChildProcessWithoutNullStreams;
  end: Promise<GitEnd>;
  /** Ends the whole process group. */
  stop(): void;
};

const maxStderrBytes = 4096;

/** No file of a user or of the machine is read, nothing is run beside git, nobody is asked anything. */
const hardening: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.askPass=',
  'credential.helper=',
  'gc.auto=0',
  'maintenance.auto=false',
  'protocol.version=2',
  'log.showSignature=false',
  'core.packedGitWindowSize=32m',
  'core.packedGitLimit=512m',
  'core.bigFileThreshold=64m',
  'index.threads=1',
  'pack.threads=1',
  'submodule.recurse=false',
  'safe.directory=*',
];

const environment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '/bin/false',
  SSH_ASKPASS: '/bin/false',
  GIT_SSH_COMMAND: '/bin/false',
  // Git 2.45 and later; for earlier ones a mirror's configuration names no remote and no protocol is allowed.
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_LFS_SKIP_SMUDGE: '1',
};

const plainSpawn: SpawnGit = ([program = '', ...args], env) =>
  spawn(program, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });

/** The system's git, hardened: argument arrays only, bounded in memory, file size, time and output. */
export class Git {
  readonly limits: VcsLimits;
  readonly #spawn: SpawnGit;

  constructor(options: GitOptions) {
    this.limits = options.limits;
    this.#spawn = options.spawn ?? plainSpawn;
  }

  start(command: GitCommand): GitProcess {
    throwIfInterrupted(command.signal);
    const { maxMemoryBytes, maxPackBytes } = this.limits;
    const config = [...hardening, ...(command.config ?? [])].flatMap((setting) => ['-c', setting]);
    const where = command.dir === undefined ? [] : [`--git-dir=${command.dir}`];
    const limited = ['prlimit', `--as=${maxMemoryBytes}`, `--fsize=${maxPackBytes}`, '--core=0', '--'];
    const env = { ...environment, GIT_ALLOW_PROTOCOL: command.protocols?.join(':') ?? 'none', ...command.env };
    return this.#watch(this.#spawn([...limited, 'git', ...where, ...config, ...command.args], env), command);
  }

  /** Starts a program other than git the same way. */
  startPlain(argv: readonly string[], command: Pick<GitCommand, 'deadlineMs' | 'signal'>): GitProcess {
    throwIfInterrupted(command.signal);
    return this.#watch(this.#spawn(argv, environment), command);
  }

  /**
   * Runs git to its end and returns what it printed.
   *
   * *Errors:* `QUOTA_EXCEEDED` beyond `maxOutputBytes`; `DEADLINE_EXCEEDED`; `INTERRUPTED`; `failedAs` when git fails.
   */
  async run(
    command: GitCommand & { maxOutputBytes: number; input?: string; failedAs?: VcsError['code'] },
  ): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.output(command)) {
      size += chunk.length;
      if (size > command.maxOutputBytes) throw tooMuch(command.args, 'maxOutputBytes', command.maxOutputBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }

  /** The same, as it comes. Who stops reading ends git. *Errors:* as `run`, without the quota. */
  async *output(command: GitCommand & { input?: string; failedAs?: VcsError['code'] }): AsyncGenerator<Buffer> {
    const running = this.start(command);
    running.child.stdin.end(command.input ?? '');
    let isDone = false;
    try {
      for await (const chunk of running.child.stdout) yield chunk as Buffer;
      isDone = true;
    } finally {
      if (!isDone) running.stop();
    }
    assertSucceeded(await running.end, command, command.failedAs ?? 'REPOSITORY_INVALID');
  }

  #watch(
    child: ChildProcessWithoutNullStreams,
    { deadlineMs, signal }: Pick<GitCommand, 'deadlineMs' | 'signal'>,
  ): GitProcess {
    let endedBy: GitEnd['endedBy'] = 'itself';
    const stop = (by: GitEnd['endedBy']): void => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (endedBy === 'itself') endedBy = by;
      killGroup(child);
    };
    const timer = setTimeout(() => stop('deadline'), deadlineMs);
    const onAbort = (): void => stop('signal');
    signal?.addEventListener('abort', onAbort, { once: true });
    let stderr = Buffer.alloc(0);
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk.subarray(0, maxStderrBytes - stderr.length)]);
    });
    // Git that ended early cannot be written to (EPIPE): its exit code says why.
    child.stdin.on('error', () => child.stdin.destroy());
    const { promise: end, resolve, reject } = Promise.withResolvers<GitEnd>();
    // Awaited by most users, but not by those who stop it: their rejection is already theirs.
    end.catch(() => undefined);
    child.once('error', (cause) => {
      clearTimeout(timer);
      reject(
        new VcsError(
          'REPOSITORY_UNREACHABLE',
          'git or prlimit could not be started; install git and util-linux',
          {},
          { cause },
        ),
      );
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve({ code, stderr: stderr.toString('utf8'), endedBy });
    });
    return { child, end, stop: () => stop('us') };
  }
}

/** *Errors:* `DEADLINE_EXCEEDED`, `INTERRUPTED`, else `code` unless git ended well. */
export function assertSucceeded(end: GitEnd, { args, signal, deadlineMs }: GitCommand, code: VcsError['code']): void {
  if (end.code === 0) return;
  if (end.endedBy === 'signal') throw new KernelError('INTERRUPTED', 'interrupted', {}, { cause: signal?.reason });
  const what = `git ${args[0] ?? ''}`;
  if (end.endedBy === 'deadline') {
    throw new VcsError('DEADLINE_EXCEEDED', `${what} was stopped after ${deadlineMs} ms`, { deadlineMs });
  }
  throw new VcsError(code, `${what} failed: ${quoted(end.stderr.trim())}`, {
    exitCode: end.code,
    said: quoted(end.stderr),
  });
}

export function tooMuch(args: readonly string[], limit: string, allowed: number): VcsError {
  return new VcsError(
    'QUOTA_EXCEEDED',
    `git ${args[0] ?? ''} gave more than ${limit} = ${allowed} allows; it was stopped`,
    {
      limit,
      allowed,
    },
  );
}

function killGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: the group is gone already; or a port started it without a group of its own.
    child.kill('SIGKILL');
  }
}
