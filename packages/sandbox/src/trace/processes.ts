import path from 'node:path';
import type { Phase, RunId } from '@assay/kernel';
import type { Call } from './call.ts';
import type { PathNames } from './layout.ts';
import { type ProcessNode, TracedProcess } from './process.ts';
import { type Execution, interpreterOf, isToolchain, startedPackage } from './programs.ts';

export interface ProcessLimits {
  /** Nodes of the tree; later processes are folded into their nearest ancestor in it. */
  maxNodes: number;
  /** Words of an argv that are kept, and bytes of all of them together. */
  maxWords: number;
  maxArgvChars: number;
  /** Exited processes that hook lines may still name; up to twice as many are held. */
  maxRemembered: number;
}

export const processLimits: ProcessLimits = { maxNodes: 4096, maxWords: 64, maxArgvChars: 8192, maxRemembered: 2048 };

export interface ProcessTableOptions {
  run: RunId;
  phase: Phase;
  names: PathNames;
  newKey: () => string;
  /** Milliseconds from the start of the run, of a time in milliseconds since the epoch. */
  sinceStart: (at: number) => number;
  /**
   * Variables that we set, `K=V`: not worth showing, and no way to inject code. Those that the phase's command is started
   * with are added.
   */
  baseline: Set<string>;
  /** Base names of programs that set the sandbox up; the tree begins with the first other one. */
  setUp: ReadonlySet<string>;
  /** In import and execute: the package whose code the phase's command runs. */
  rootPackage: string | undefined;
  limits: ProcessLimits;
}

/**
 * Which thread belongs to which process, who started whom, what runs where.
 *
 * States of a process: `forked → executed → ended`. A child's lines may come before its parent's clone returns; until then it
 * is a child of the process that is known to be inside such a call (the latest, if there are several), and is put right when
 * the call returns.
 *
 * *Limits:* a child may be shown under the wrong parent while two processes fork at the same instant; a working directory that
 * was reached through symbolic links is exact only from the next open on.
 */
export class ProcessTable {
  readonly #options: ProcessTableOptions;
  readonly #threads = new Map<number, TracedProcess>();
  readonly #byPid = new Map<number, TracedProcess>();
  readonly #endedRecently: TracedProcess[] = [];
  readonly #nodes = new Map<string, ProcessNode>();
  /** Calls that are making a process, by the caller's thread. */
  readonly #forking = new Map<number, { process: TracedProcess; thread: boolean }>();
  /** Children that ended before their parent's clone returned. */
  readonly #early = new Map<number, TracedProcess>();
  #root: TracedProcess | undefined;
  #folded = 0;

  constructor(options: ProcessTableOptions) {
    this.#options = options;
  }

  /** The phase's command; undefined until it has started. */
  get root(): TracedProcess | undefined {
    return this.#root;
  }

  /** Processes that have no node of their own because there were too many. */
  get folded(): number {
    return this.#folded;
  }

  nodes(): ProcessNode[] {
    return [...this.#nodes.values()];
  }

  /** Process of a thread; one that was never announced is taken for a child of whoever is forking. */
  of(tid: number, at: number): TracedProcess {
    const known = this.#threads.get(tid);
    if (known !== undefined) return known;
    const maker = [...this.#forking.values()].at(-1);
    if (maker?.thread === true) {
      this.#threads.set(tid, maker.process);
      return maker.process;
    }
    const process = new TracedProcess(tid, at, maker?.process ?? this.#root);
    this.#threads.set(tid, process);
    return process;
  }

  /** Process by the pid it has inside, at a time; hook lines name processes so. */
  byPid(pid: number, at: number): TracedProcess | undefined {
    const newest = this.#byPid.get(pid);
    return newest?.older !== undefined && at < newest.startedAt ? newest.older : newest;
  }

  /** A clone, fork or vfork was entered. */
  forking(tid: number, at: number, text: string): void {
    this.#forking.set(tid, { process: this.of(tid, at), thread: text.includes('CLONE_THREAD') });
  }

  /** A clone, fork or vfork returned. */
  forked(call: Call): void {
    const process = this.of(call.tid, call.at);
    this.#forking.delete(call.tid);
    if (!call.ok) return;
    const tracerPid = call.retTracerPid();
    if (flagsOf(call).includes('CLONE_THREAD')) {
      this.#threads.set(tracerPid, process);
      return;
    }
    const known = this.#threads.get(tracerPid);
    const started = known?.tracerPid === tracerPid ? known : this.#early.get(tracerPid);
    this.#early.delete(tracerPid);
    const child = started ?? new TracedProcess(tracerPid, call.at, process);
    if (started === undefined) this.#threads.set(tracerPid, child);
    else this.#adopt(child, process);
    this.#setPid(child, call.ret);
  }

  /** A successful exec. Returns undefined while the sandbox is still being set up. */
  executed(call: Call, file: string): { process: TracedProcess; execution: Execution } | undefined {
    const process = this.of(call.tid, call.at);
    const { setUp, names, baseline, rootPackage } = this.#options;
    const argvAt = call.name === 'execveat' ? 2 : 1;
    const execution: Execution = {
      file,
      argv: this.wordsOf(call, argvAt),
      env: call.list(argvAt + 1, 512),
      cwd: process.cwd,
    };
    if (this.#root === undefined && setUp.has(path.posix.basename(file))) return undefined;
    const isRoot = this.#root === undefined;
    if (isRoot) {
      this.#root = process;
      process.inTree = true;
      process.parent = undefined;
      for (const pair of execution.env) baseline.add(pair);
    }
    const begunByTool = process.toolchain;
    // Environments are large; of the whole only this is asked for later.
    process.execution = { ...execution, env: execution.env.filter((pair) => pair.startsWith('npm_lifecycle_event=')) };
    process.executed = true;
    process.failedExec = undefined;
    process.interpreter = interpreterOf(execution);
    process.starting = names.isToolchain(file);
    process.toolchain = isRoot && rootPackage !== undefined ? false : isToolchain(execution, names, baseline);
    if (isRoot) process.package = rootPackage;
    if (process.package === undefined && (begunByTool || isRoot) && !process.toolchain) {
      process.package = startedPackage(execution, names);
    }
    this.#describe(process, execution);
    if (isRoot && process.node !== undefined) process.node.start_ms = this.#options.sinceStart(call.at);
    return { process, execution };
  }

  /** Gives the process its place in the tree, if it has none yet; returns the key under which its events go. */
  keyOf(process: TracedProcess): string {
    if (process.node !== undefined) return process.node.key;
    if (this.#nodes.size >= this.#options.limits.maxNodes) {
      this.#folded += 1;
      const ancestor = process.parent ?? this.#root;
      process.folded = true;
      process.node = ancestor?.node ?? this.#nodes.values().next().value;
      if (process.node !== undefined) return process.node.key;
    }
    const { run, phase, newKey, sinceStart, names } = this.#options;
    const execution = process.execution;
    process.node = {
      key: newKey(),
      pid: process.pid,
      ...(process.parent?.node === undefined ? {} : { parent_key: process.parent.node.key }),
      process_name: path.posix.basename(execution?.file ?? 'unknown'),
      argv: [...(execution?.argv ?? [])],
      pwd: names.report(process.cwd),
      run,
      phase,
      ...(process.package === undefined ? {} : { package: process.package }),
      toolchain: process.toolchain,
      start_ms: sinceStart(process.startedAt),
    };
    this.#nodes.set(process.node.key, process.node);
    return process.node.key;
  }

  /** The thread ended; returns its process when that ended with it. */
  exited(tid: number, at: number, code: number | undefined, signal: string | undefined): TracedProcess | undefined {
    const process = this.#threads.get(tid);
    this.#threads.delete(tid);
    this.#forking.delete(tid);
    if (process === undefined || process.tracerPid !== tid) return undefined;
    if (process.pid === 0) this.#rememberEarly(process);
    this.#rememberEnded(process);
    process.execution = undefined;
    const node = process.ownNode;
    if (node !== undefined && node.exit_ms === undefined) {
      node.exit_ms = this.#options.sinceStart(at);
      if (code !== undefined) node.exit_code = code;
      if (signal !== undefined) node.signal = signal;
    }
    return process;
  }

  /** Thread `by` called execve: it takes over the id of the leader, all other threads are gone. */
  superseded(by: number): void {
    this.#threads.delete(by);
  }

  /** The phase is over: only the nodes are kept. */
  release(): void {
    for (const followed of [this.#threads, this.#byPid, this.#forking, this.#early]) followed.clear();
    this.#endedRecently.length = 0;
  }

  /** Words of an argv, bounded. */
  wordsOf(call: Call, index: number): string[] {
    const { maxWords, maxArgvChars } = this.#options.limits;
    const words = call.list(index, maxWords);
    let chars = 0;
    for (let at = 0; at < words.length; at += 1) {
      chars += words[at]?.length ?? 0;
      if (chars > maxArgvChars) return [...words.slice(0, at), '…'];
    }
    return words.length === maxWords ? [...words, '…'] : words;
  }

  #describe(process: TracedProcess, execution: Execution): void {
    this.keyOf(process);
    const node = process.ownNode;
    if (node === undefined) return;
    node.process_name = path.posix.basename(execution.file);
    node.executable_path = this.#options.names.report(execution.file);
    node.argv = [...execution.argv];
    node.pwd = this.#options.names.report(execution.cwd);
    node.toolchain = process.toolchain;
    if (process.package !== undefined) node.package = process.package;
  }

  /** The real parent is known now: what the child took from the assumed one is taken anew, unless it has moved on. */
  #adopt(child: TracedProcess, parent: TracedProcess): void {
    const assumed = child.parent;
    const real = parent.node === undefined ? parent.parent : parent;
    if (assumed === real || child === parent) return;
    child.parent = real;
    if (child.ownNode !== undefined && real?.node !== undefined) child.ownNode.parent_key = real.node.key;
    child.inTree = parent.inTree || child === this.#root;
    if (child.executed && child.execution !== undefined) {
      child.package =
        parent.package ??
        (parent.toolchain && !child.toolchain ? startedPackage(child.execution, this.#options.names) : undefined);
    } else {
      child.package = parent.package;
      child.toolchain = parent.toolchain;
      child.cwd = parent.cwd;
    }
    if (child.ownNode === undefined) return;
    if (child.package === undefined) delete child.ownNode.package;
    else child.ownNode.package = child.package;
  }

  #setPid(process: TracedProcess, pid: number): void {
    process.pid = pid;
    if (process.ownNode !== undefined) process.ownNode.pid = pid;
    const before = this.#byPid.get(pid);
    // One predecessor is enough: a pid comes around again only after all others.
    if (before !== undefined) before.older = undefined;
    process.older = before;
    this.#byPid.set(pid, process);
  }

  /** Keeps the latest ended processes findable by pid, for hook lines that are still on their way. */
  #rememberEnded(process: TracedProcess): void {
    const { maxRemembered } = this.#options.limits;
    this.#endedRecently.push(process);
    if (this.#endedRecently.length < 2 * maxRemembered) return;
    for (const forgotten of this.#endedRecently.splice(0, maxRemembered)) {
      if (this.#byPid.get(forgotten.pid) === forgotten) this.#byPid.delete(forgotten.pid);
    }
  }

  #rememberEarly(process: TracedProcess): void {
    this.#early.set(process.tracerPid, process);
    const oldest = this.#early.keys().next().value;
    if (this.#early.size > 256 && oldest !== undefined) this.#early.delete(oldest);
  }
}

function flagsOf(call: Call): string {
  // clone(child_stack=…, flags=…, …) names its arguments; clone3({flags=…, …}, 88) has a structure.
  return call.name === 'clone3' ? call.raw(0) : `${call.raw(0)} ${call.raw(1)}`;
}
