import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Conclusion } from './capability.ts';
import { missing } from './capability.ts';

export interface ProbeOptions {
  /** Directories searched for programs. The sandbox itself looks only in the system's own. */
  directories: readonly string[];
  /** Places of libfaketime, the first readable one counts. */
  faketimeLibraries: readonly string[];
  /** The Node that packages run under. */
  node: string;
  /** Entry file of the pinned npm (`npm-cli.js`), where there is one to look for. */
  npm?: string;
  /** Directory that downloads and traces are kept in; its file system must have room. It need not exist yet. */
  dataDirectory: string;
  isolation: 'bubblewrap' | 'gvisor';
  /** Longest that one attempt may take, in milliseconds. */
  timeoutMs: number;
}

export interface Attempt {
  /** Exit code; undefined when it was killed or did not start. */
  code: number | undefined;
  stdout: string;
  /** One line of standard error, or why the program did not start. */
  complaint: string;
}

export const maxOutputBytes = 64 * 1024;

/** What probes see of the machine: programs by name, one bounded way to run them, small files of /proc. */
export class Surroundings {
  readonly options: ProbeOptions;
  readonly asRoot = process.getuid?.() === 0;

  constructor(options: ProbeOptions) {
    this.options = options;
  }

  /** Absolute path of a program, or undefined. */
  find(name: string): string | undefined {
    return this.options.directories.map((directory) => path.join(directory, name)).find(isExecutable);
  }

  /** Paths of all the programs, in order; or what to conclude when one is missing. */
  need(programs: Record<string, string>): { paths: string[] } | { lack: Conclusion } {
    const lacking = Object.keys(programs).filter((name) => this.find(name) === undefined);
    if (lacking.length === 0) return { paths: Object.keys(programs).map((name) => this.find(name) ?? name) };
    const packages = [...new Set(lacking.map((name) => programs[name]))].join(' ');
    return { lack: missing(`${lacking.join(', ')} not found`, install(packages)) };
  }

  /**
   * Runs a program with a deadline, closed standard input and bounded output, in a process group of its own that is
   * killed with it.
   *
   * *Shape:* never rejects: a program that cannot be started or does not end is what a probe is there to find.
   */
  run(argv: readonly string[], env: Record<string, string> = {}): Promise<Attempt> {
    const { timeoutMs, directories } = this.options;
    const [program = '', ...rest] = argv;
    return new Promise((resolve) => {
      const child = spawn(program, rest, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: directories.join(':'), LC_ALL: 'C', ...env },
        cwd: '/',
        detached: true,
      });
      let stdout = '';
      let stderr = '';
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        killGroup(child.pid);
      }, timeoutMs);
      child.stdout.on('data', (chunk: Buffer) => {
        stdout = (stdout + chunk.toString()).slice(0, maxOutputBytes);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        stderr = (stderr + chunk.toString()).slice(-maxOutputBytes);
      });
      const settle = (code: number | null, trouble?: string): void => {
        clearTimeout(timer);
        const complaint = late ? `no answer within ${timeoutMs} ms` : (trouble ?? complaintIn(stderr));
        resolve({ code: late ? undefined : (code ?? undefined), stdout, complaint });
      };
      child.on('error', (error) => settle(null, error.message));
      child.on('close', (code, signal) =>
        settle(code, signal === null ? undefined : `${complaintIn(stderr)} (ended by ${signal})`.trim()),
      );
    });
  }

  /** Gives `use` a temporary directory that is gone afterwards. */
  async inScratch<T>(use: (directory: string) => Promise<T>): Promise<T> {
    const directory = mkdtempSync(path.join(tmpdir(), 'assay-doctor-'));
    try {
      return await use(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** Trimmed content of a small file, or undefined when it cannot be read. */
  read(file: string): string | undefined {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      // Absent, masked or not ours to read: for a probe these are one answer.
      return undefined;
    }
  }
}

/** The one command that installs Debian packages. */
export function install(packages: string): string {
  return `install ${packages} (Debian, Ubuntu: sudo apt-get install -y ${packages})`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run.
    return false;
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The line that names an error, or else the last one. */
function complaintIn(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '').slice(0, 300);
}
