import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Phase, RunId } from '@assay/kernel';
import { type Box, boxDirectory, closeDescriptors, hasInheritableDescriptors, shellQuote } from './box.ts';
import { type Mount, wrap } from './bubblewrap.ts';
import { SinkholeRecord } from './channels.ts';
import type { PlantedFile } from './decoys/index.ts';
import { SandboxError } from './errors.ts';
import { type Inhabitant, sharedEtcFiles, writeEtc } from './etc.ts';
import { LineBuffer } from './streams.ts';
import { type PhaseExit, supervise } from './supervise.ts';
import type { SystemTools } from './tools.ts';
import { TracePipe } from './trace/pipe.ts';
import { straceArgs } from './trace/strace.ts';
import type { ResourceLimits, ResourceUse } from './watchdog.ts';

export interface RunOptions {
  box: Box;
  tools: SystemTools;
  run: RunId;
  inhabitant: Inhabitant;
  /** Folder of the consumer project, as seen inside. */
  projectDirectory: string;
  /** Paths absolute, below home, project or /tmp. */
  files: readonly PlantedFile[];
  /** The whole environment of what runs inside, apart from {@link PhaseCommand.setenv}. */
  env: Record<string, string>;
  caPem: string;
  hostCaBundle: string;
  /** Command line of the sinkhole program as paths in the box, and its first input line. */
  sinkhole: { argv: string[]; configLine: string; onRecord: (record: SinkholeRecord) => void };
  /** Toolchain and drivers, mounted in every phase. */
  mounts: Mount[];
  limits: ResourceLimits;
  /**
   * Processor that traced commands and their tracer share. A stop of the tracer is a switch between the two: 18 µs on one
   * processor, up to 150 µs across two of a virtual machine.
   */
  cpu?: number;
}

export interface PhaseCommand {
  phase: Phase;
  argv: string[];
  cwd: string;
  deadlineMs: number;
  /** How long processes that outlive the command may go on, milliseconds. */
  lingerMs: number;
  setenv: Record<string, string>;
  mounts: Mount[];
  /** Whether opens, deletes and the like are traced; they cost a third of an installation. */
  traceFiles: boolean;
  onTrace: (chunk: Buffer) => void;
  onHook: (chunk: Buffer) => void;
  onOver?: (limit: 'memory' | 'processes', use: ResourceUse) => void;
}

/** FIFO of the runtime hook, as seen inside. */
export const hookFifo = '/run/user/1000/bus-node';
const killGraceMs = 3000;

/**
 * One run: a network namespace with its sinkhole, a home with decoys, a project folder. Commands run one after another in
 * the same surroundings; every command's processes are gone when {@link SandboxRun.exec} resolves.
 */
export class SandboxRun {
  readonly directory: string;
  readonly options: RunOptions;
  #sinkhole: ChildProcess | undefined;
  #commands = 0;
  #overlaid = false;

  private constructor(options: RunOptions) {
    this.options = options;
    this.directory = `${boxDirectory}/${options.run}`;
  }

  /** *Errors:* `SandboxError` ISOLATION_UNAVAILABLE when the namespace or the sinkhole cannot be made. */
  static async open(options: RunOptions): Promise<SandboxRun> {
    const run = new SandboxRun(options);
    await run.#prepare();
    return run;
  }

  /** Puts a copy-on-write layer over the prepared tree: from here on this run's writes are its own. */
  async overlayTree(): Promise<void> {
    const { box, tools } = this.options;
    const user = process.getuid?.() === 0 ? '' : ',userxattr';
    const dir = this.directory;
    await box.sh(
      `${tools.mount} -t overlay -o lowerdir=${boxDirectory}/tree,upperdir=${dir}/upper,workdir=${dir}/work${user} overlay ${dir}/project`,
    );
    this.#overlaid = true;
  }

  /** Host path of a file seen inside under a folder that is writable there; undefined for anything else. */
  hostPath(inside: string): string | undefined {
    const { box, inhabitant, projectDirectory } = this.options;
    const dir = this.directory;
    const roots: [string, string][] = [
      // Before the layer is there, what is planted in the project goes into it: the tree below is shared by all runs.
      [projectDirectory, `${dir}/${this.#overlaid ? 'project' : 'upper'}`],
      [inhabitant.home, `${dir}/home`],
      ['/tmp', `${dir}/tmp`],
      ['/var/tmp', `${dir}/vartmp`],
      ['/dev/shm', `${dir}/shm`],
    ];
    for (const [prefix, target] of roots) {
      if (inside === prefix || inside.startsWith(`${prefix}/`)) {
        const rest = path.posix.normalize(inside.slice(prefix.length));
        return rest.startsWith('..') ? undefined : path.join(box.root, target, rest);
      }
    }
    return undefined;
  }

  async exec(command: PhaseCommand, signal: AbortSignal): Promise<PhaseExit> {
    signal.throwIfAborted();
    const { box, limits } = this.options;
    const index = ++this.#commands;
    const fifo = `${this.directory}/trace${index}`;
    const hook = `${this.directory}/hook${index}`;
    await box.sh(`mkfifo -m 0600 ${fifo} ${hook} && ${this.#own(fifo)} && ${this.#own(hook)}`);
    const trace = new TracePipe(path.join(box.root, fifo), command.onTrace);
    const hooks = new TracePipe(path.join(box.root, hook), command.onHook);
    // Package code owns the FIFO, but must not read from it what others say; the mount is read-only, which prevents chmod.
    chmodSync(path.join(box.root, hook), 0o200);
    const startedAt = Date.now();
    const child = this.#spawn(command, fifo, hook);
    try {
      return await supervise(child, { box, limits, startedAt, ...command }, signal);
    } finally {
      await Promise.all([trace.end(), hooks.end()]);
      await box.sh(`rm -f ${fifo} ${hook}`).catch((error: unknown) => {
        if (!box.closed) throw error;
      });
    }
  }

  async close(): Promise<void> {
    const sinkhole = this.#sinkhole;
    if (sinkhole === undefined || sinkhole.exitCode !== null || sinkhole.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => sinkhole.once('close', () => resolve()));
    sinkhole.stdin?.end();
    const timer = setTimeout(() => sinkhole.kill('SIGKILL'), killGraceMs);
    await exited;
    clearTimeout(timer);
  }

  async #prepare(): Promise<void> {
    const { box, tools, run } = this.options;
    const dir = this.directory;
    const netns = `${boxDirectory}/net/${run}`;
    const temporary = ['tmp', 'vartmp', 'shm'].map((name) => `${dir}/${name}`);
    const own = [...['home', 'upper', 'work', 'project'].map((name) => `${dir}/${name}`), `${boxDirectory}/tree`];
    const setUp = [
      `${tools.ip} link set lo up`,
      `${tools.ip} route add local 0.0.0.0/0 dev lo`,
      `{ ${tools.ip} -6 route add local ::/0 dev lo || true; }`,
      'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start',
      'echo "1024 65535" > /proc/sys/net/ipv4/ping_group_range || true',
    ].join(' && ');
    await box.sh(
      [
        `mkdir -p ${temporary.join(' ')} ${own.join(' ')} ${dir}/etc`,
        `chmod 1777 ${temporary.join(' ')}`,
        this.#own([...temporary, ...own].join(' ')),
        `: > ${netns}`,
        `${tools.unshare} --net=${netns} ${tools.sh} -c ${shellQuote(setUp)}`,
      ].join(' && '),
    );
    this.#plant();
    await this.#startSinkhole(netns);
  }

  #own(paths: string): string {
    return process.getuid?.() === 0 ? `chown ${this.options.box.uid}:${this.options.box.uid} ${paths}` : ':';
  }

  #plant(): void {
    const { box, inhabitant, files, caPem, hostCaBundle } = this.options;
    writeEtc(path.join(box.root, this.directory, 'etc'), inhabitant, caPem, hostCaBundle);
    const owned = new Set<string>();
    const own = (host: string) => {
      if (process.getuid?.() !== 0 || owned.has(host)) return;
      owned.add(host);
      chownSync(host, box.uid, box.uid);
    };
    for (const file of files) {
      const host = this.hostPath(file.path);
      if (host === undefined) throw new RangeError(`planted file ${file.path} is outside what is writable inside`);
      const root = this.hostPath(inhabitant.home) as string;
      const first = mkdirSync(path.dirname(host), { recursive: true });
      for (
        let made = path.dirname(host);
        first !== undefined && made.length >= first.length && made !== root;
        made = path.dirname(made)
      )
        own(made);
      writeFileSync(host, file.content, { mode: file.mode });
      own(host);
    }
  }

  async #startSinkhole(netns: string): Promise<void> {
    const { box, tools, sinkhole } = this.options;
    const caps = '+net_admin,+net_bind_service';
    const drop =
      process.getuid?.() === 0
        ? [
            tools.setpriv,
            `--reuid=${box.uid}`,
            `--regid=${box.uid}`,
            '--clear-groups',
            `--inh-caps=${caps}`,
            `--ambient-caps=${caps}`,
            '--bounding-set=-all,+net_admin,+net_bind_service',
            '--',
          ]
        : [];
    const [command = '', ...args] = [...box.enter(), tools.nsenter, `--net=${netns}`, '--', ...drop, ...sinkhole.argv];
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin' },
      detached: true,
    });
    this.#sinkhole = child;
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-2000);
    });
    child.stdin.on('error', (error: Error) => {
      stderr = `${stderr}\n${error.message}`;
    });
    await new Promise<void>((resolve, reject) => {
      const lines = new LineBuffer((line) => {
        const record = SinkholeRecord.parse(JSON.parse(line));
        if (record.kind === 'ready') resolve();
        sinkhole.onRecord(record);
      });
      child.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
      child.once('error', reject);
      child.once('exit', (code) => {
        reject(
          new SandboxError(
            'ISOLATION_UNAVAILABLE',
            `the sinkhole network did not start (exit ${code}): ${stderr.trim()}; nothing was run`,
            { code },
          ),
        );
      });
      child.stdin.write(sinkhole.configLine);
    });
  }

  #spawn(command: PhaseCommand, fifo: string, hook: string): ChildProcess {
    const { box, tools, run, inhabitant, projectDirectory, env, mounts, cpu } = this.options;
    const dir = this.directory;
    const own: Mount[] = [
      { source: `${dir}/etc`, target: '/etc' },
      ...sharedEtcFiles.map((file) => ({ source: file, target: file, optional: true })),
      { source: `${dir}/tmp`, target: '/tmp', writable: true },
      { source: `${dir}/vartmp`, target: '/var/tmp', writable: true },
      { source: `${dir}/shm`, target: '/dev/shm', writable: true },
      { source: `${dir}/home`, target: inhabitant.home, writable: true },
      { source: this.#overlaid ? `${dir}/project` : `${boxDirectory}/tree`, target: projectDirectory, writable: true },
      { source: hook, target: hookFifo },
    ];
    const wrapped = wrap({
      bwrap: tools.bwrap,
      hostname: inhabitant.hostname,
      uid: inhabitant.uid,
      mounts: [...own, ...mounts, ...command.mounts],
      cwd: command.cwd,
      env: { ...env, ...command.setenv },
      statusFd: 3,
      argv: command.argv,
    });
    const [program = '', ...args] = [
      ...(hasInheritableDescriptors() ? [tools.bash, ...closeDescriptors] : []),
      ...(cpu === undefined || !command.traceFiles ? [] : [tools.taskset, '-c', String(cpu)]),
      ...box.enter(),
      tools.nsenter,
      `--net=${boxDirectory}/net/${run}`,
      '--',
      ...box.drop(),
      tools.prlimit,
      '--core=0',
      '--',
      tools.strace,
      ...straceArgs({ output: fifo, files: command.traceFiles }).slice(1),
      ...wrapped,
    ];
    return spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin', LC_ALL: 'C' },
      detached: true,
    });
  }
}
