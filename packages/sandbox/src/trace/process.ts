import type { Phase, RunId } from '@assay/kernel';
import type { Execution, interpreterOf } from './programs.ts';

/** One process as `process_tree.nodes` of the report shows it. *Units:* milliseconds from the start of the run. */
export interface ProcessNode {
  key: string;
  /** As seen inside the sandbox. */
  pid: number;
  parent_key?: string;
  process_name: string;
  executable_path?: string;
  argv: string[];
  /** In report form. */
  pwd?: string;
  run: RunId;
  phase: Phase;
  /** Package of the tree whose code started it. */
  package?: string;
  toolchain: boolean;
  start_ms: number;
  exit_ms?: number;
  exit_code?: number;
  signal?: string;
}

/** A network socket that a process holds as standard input, output or error. */
export type StandardSockets = [string | undefined, string | undefined, string | undefined];

/**
 * A process while it is followed. It gets a key, and with it a place in the report's tree, with its first successful exec or
 * its first event; a fork that does neither leaves no trace. Threads are part of their process.
 */
export class TracedProcess {
  readonly tracerPid: number;
  /** Pid inside; 0 until its parent's clone has returned. */
  pid: number;
  /** Nearest ancestor that has a place in the tree. */
  parent: TracedProcess | undefined;
  node: ProcessNode | undefined;
  /** `node` is an ancestor's: there were too many processes for one more. */
  folded = false;
  cwd: string;
  /** The kernel has named the working directory since it last changed. */
  cwdIsExact = false;
  execution: Execution | undefined;
  interpreter: ReturnType<typeof interpreterOf>;
  package: string | undefined;
  toolchain: boolean;
  /** Descends from (or is) the phase's command; bubblewrap's own processes do not. */
  inTree: boolean;
  /** The program has not yet opened anything but itself, its libraries and what every start asks for. */
  starting = false;
  /** Whether it has executed anything since it was forked. */
  executed = false;
  /** Last exec that failed, until one succeeds. */
  failedExec: { at: number; argv: string[]; file: string; errno: string } | undefined;
  stdio: StandardSockets;
  /** Names of memory files it made, by descriptor. */
  memoryFiles: Map<number, string> | undefined;
  readonly startedAt: number;
  /** Another process that had the same pid inside before. */
  older: TracedProcess | undefined;

  constructor(tracerPid: number, at: number, creator: TracedProcess | undefined) {
    this.tracerPid = tracerPid;
    this.pid = 0;
    this.startedAt = at;
    this.parent = creator?.node === undefined ? creator?.parent : creator;
    this.cwd = creator?.cwd ?? '/';
    this.execution = creator?.execution;
    this.interpreter = creator?.interpreter;
    this.package = creator?.package;
    this.toolchain = creator?.toolchain ?? false;
    this.inTree = creator?.inTree ?? false;
    this.stdio = creator === undefined ? [undefined, undefined, undefined] : [...creator.stdio];
    this.memoryFiles = creator?.memoryFiles === undefined ? undefined : new Map(creator.memoryFiles);
  }

  /** Its place in the tree, unless it shares an ancestor's. */
  get ownNode(): ProcessNode | undefined {
    return this.folded ? undefined : this.node;
  }
}
