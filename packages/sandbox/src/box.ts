import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SandboxError } from './errors.ts';
import type { SystemTools } from './tools.ts';

/**
 * The outer room of one analysis: a mount and a PID namespace (and, for an ordinary user, a user namespace) that hold
 * every process, mount and temporary file of all its runs.
 *
 * States: `opening → open → closed`. Its first process is a shell that reads commands from us; when that pipe ends, for
 * whatever reason, the kernel kills everything inside and the memory file system with all files disappears. So an
 * orchestrator that is killed leaves nothing behind.
 *
 * As root, what runs inside runs under a user id of its own that no account has, different for each box.
 */
export interface Box {
  /** Host path of the box's file system root: `/proc/<pid>/root`. */
  readonly root: string;
  /** User id inside the box that sandboxed processes run under. */
  readonly uid: number;
  /** Command prefix that enters the box; the rest is executed there with full rights over the box's namespaces. */
  enter(): string[];
  /** Command prefix that drops those rights (empty for an ordinary user, whose rights end at the box). */
  drop(): string[];
  /** Runs one shell command inside; resolves when it has finished. Arguments must be quoted with {@link shellQuote}. */
  sh(command: string): Promise<void>;
  /** Ends everything inside. Safe to call twice. */
  close(): Promise<void>;
  readonly closed: boolean;
}

/** The box's own directory on its memory file system. */
export const boxDirectory = '/mnt';

export interface BoxOptions {
  tools: SystemTools;
  /** Upper bound of everything that is written inside, in bytes. */
  maxDiskBytes: number;
  /** Host directories or files made visible, read-only, at a path below {@link boxDirectory}. */
  binds: { host: string; name: string }[];
}

export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Whether this process carries descriptors that a child would inherit (from the shell that started us): the sandbox must not
 * see them. Node opens its own with O_CLOEXEC. *Source:* proc(5), `/proc/<pid>/fdinfo`.
 */
export function hasInheritableDescriptors(): boolean {
  const closeOnExec = 0o2000000;
  return readdirSync('/proc/self/fd').some((fd) => {
    if (Number(fd) <= 2) return false;
    try {
      const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
      return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
    } catch {
      // The descriptor of the listing itself is gone by now.
      return false;
    }
  });
}

/** Closes every descriptor but 0–3 and goes on with the given command. */
export const closeDescriptors = [
  '-c',
  'for f in /proc/self/fd/*; do n=${f##*/}; [ "$n" -gt 3 ] && eval "exec $n>&-"; done; exec "$@"',
  'bash',
];

export async function openBox(options: BoxOptions): Promise<Box> {
  const box = new NamespaceBox(options);
  try {
    await box.open();
  } catch (cause) {
    await box.close();
    throw cause;
  }
  return box;
}

class NamespaceBox implements Box {
  readonly uid: number;
  closed = false;
  #options: BoxOptions;
  #asRoot = process.getuid?.() === 0;
  #child: ChildProcess;
  #pid = 0;
  #stderr = '';
  #buffer = '';
  #sequence = 0;
  #waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void; command: string }>();
  #exited: Promise<void>;

  constructor(options: BoxOptions) {
    this.#options = options;
    // An id that no account uses: processes of two analyses can neither signal nor trace each other.
    this.uid = this.#asRoot ? 1_000_000_000 + randomInt(1_000_000_000) : 0;
    const { tools } = options;
    const user = this.#asRoot ? [] : ['--user', '--map-root-user'];
    this.#child = spawn(
      tools.unshare,
      [...user, '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private', tools.sh],
      { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, detached: true },
    );
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', (error) => {
        this.#stderr += error.message;
        resolve();
      });
    });
    this.#child.stdin?.on('error', () => this.#fail());
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-2000);
    });
    void this.#exited.then(() => this.#fail());
  }

  get root(): string {
    return `/proc/${this.#pid}/root`;
  }

  async open(): Promise<void> {
    const { maxDiskBytes, binds } = this.#options;
    const { mount } = this.#options.tools;
    const staging = stagingFor(binds.map(({ host }) => host));
    const lines = [
      'set -e',
      `${mount} -t tmpfs -o size=${maxDiskBytes},mode=755,nosuid,nodev tmpfs ${staging}`,
      `mkdir ${staging}/net ${staging}/app`,
      ...binds.flatMap(({ host, name }) => {
        const target = shellQuote(path.posix.join(staging, name));
        return [
          `if [ -d ${shellQuote(host)} ]; then mkdir -p ${target}; else mkdir -p "$(dirname ${target})"; : > ${target}; fi`,
          `${mount} --bind ${shellQuote(host)} ${target}`,
        ];
      }),
      ...(staging === boxDirectory ? [] : [`${mount} --move ${staging} ${boxDirectory}`]),
      'set +e',
    ];
    await this.sh(lines.join('\n'));
    this.#pid = onlyChildOf(this.#child.pid ?? 0);
  }

  enter(): string[] {
    const user = this.#asRoot ? [] : ['-U', '--preserve-credentials'];
    return [this.#options.tools.nsenter, '-t', String(this.#pid), ...user, '-m', '-p', '--'];
  }

  drop(): string[] {
    if (!this.#asRoot) return [];
    const { setpriv } = this.#options.tools;
    return [setpriv, `--reuid=${this.uid}`, `--regid=${this.uid}`, '--clear-groups', '--no-new-privs', '--'];
  }

  sh(command: string): Promise<void> {
    const id = ++this.#sequence;
    return new Promise((resolve, reject) => {
      if (this.closed || this.#child.exitCode !== null) {
        reject(this.#lost());
        return;
      }
      this.#waiting.set(id, { resolve, reject, command });
      // Braces, not a subshell: `set -e` and mounts stay in the one shell that owns the namespaces.
      this.#child.stdin?.write(`{ ${command}\n} </dev/null >/dev/null; echo "done ${id} $?"\n`);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.#child.stdin?.end();
    // unshare --kill-child takes the first process along, and with it the whole PID namespace.
    if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
    }
    await this.#exited;
  }

  #read(chunk: Buffer): void {
    this.#buffer += chunk.toString();
    for (let end = this.#buffer.indexOf('\n'); end >= 0; end = this.#buffer.indexOf('\n')) {
      const [, id, status] = /^done (\d+) (\d+)$/.exec(this.#buffer.slice(0, end)) ?? [];
      this.#buffer = this.#buffer.slice(end + 1);
      const waiter = this.#waiting.get(Number(id));
      if (waiter === undefined) continue;
      this.#waiting.delete(Number(id));
      if (status === '0') waiter.resolve();
      else waiter.reject(this.#lost(`a set-up step failed with status ${status}`));
    }
  }

  #fail(): void {
    for (const waiter of this.#waiting.values()) waiter.reject(this.#lost());
    this.#waiting.clear();
  }

  #lost(what = 'the sandbox ended'): SandboxError {
    const opened = this.#pid !== 0;
    const reason = this.#stderr.trim().split('\n').slice(-3).join('; ');
    return new SandboxError(
      opened ? 'SANDBOX_LOST' : 'ISOLATION_UNAVAILABLE',
      `${opened ? what : 'namespaces for the sandbox could not be made'}${reason === '' ? '' : `: ${reason}`}; nothing is run without them`,
      { reason },
    );
  }
}

/** Where the box's directory is put together: not above what is to be seen in it, which a mount there would hide. */
function stagingFor(hosts: readonly string[]): string {
  const isFree = (folder: string) => !hosts.some((host) => host === folder || host.startsWith(`${folder}/`));
  return (
    [boxDirectory, '/srv', '/media', '/opt', '/home'].find((folder) => isFree(folder) && existsSync(folder)) ??
    boxDirectory
  );
}

function onlyChildOf(pid: number): number {
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
  if (child === undefined || child === '')
    throw new SandboxError('SANDBOX_LOST', 'the sandbox ended while it was made');
  return Number(child);
}
