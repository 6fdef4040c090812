import type { Phase, RunId, TraceEvent } from '@assay/kernel';
import type { EventDraft, EventKeeper, Worth } from './keeper.ts';
import type { PathNames } from './layout.ts';
import type { TracedProcess } from './process.ts';
import type { ProcessTable } from './processes.ts';
import type { AccessTables } from './tables.ts';

/**
 * A file that package code opened for writing, a memory file that it made, or a file that it moved or linked out of the
 * installed tree, as soon as the tracer has said so.
 */
export interface OpenedFile {
  /** As seen inside; `/memfd:<name>` for a memory file. */
  path: string;
  /** In report form. */
  report: string;
  /** Key in the process tree. */
  process: string;
  /** Pid as the tracer sees it. */
  pid: number;
  /** The file is `/proc/<pid>/fd/<fd>` while the process keeps it open; absent for a file that was moved or linked. */
  fd?: number;
  /** Id of the `file.write`, `file.rename` or `file.link` event. */
  event: string;
}

/** A file written in this phase that was then executed, or handed to an interpreter as its script. */
export interface ExecutedFile {
  path: string;
  report: string;
  created: string;
  executed: string;
}

export interface SceneCallbacks {
  onFileOpened?: ((file: OpenedFile) => void) | undefined;
  onWrittenFileRun?: ((file: ExecutedFile) => void) | undefined;
}

/** What the parts of the reducer share: one run and phase, its processes, and where observations go. */
export interface Scene {
  run: RunId;
  phase: Phase;
  names: PathNames;
  processes: ProcessTable;
  keeper: EventKeeper;
  tables: AccessTables;
  callbacks: SceneCallbacks;
  /** Decoy at a path as seen inside. */
  decoyPaths: ReadonlyMap<string, string>;
  /** Decoy in a variable of the environment. */
  decoyVariables: ReadonlyMap<string, string>;
  /** Paths of files that were there before anything ran: overwriting one of these is not creating it. */
  planted: ReadonlySet<string>;
  /** The hook's own channel: opening it is our doing. */
  ownPaths: ReadonlySet<string>;
  /** Name servers of the sandbox; traffic to them is shown as `net.dns` only. */
  resolvers: ReadonlySet<string>;
  /** Replaces decoy values by `canary:<id>`. */
  mask: (text: string) => string;
  /** Milliseconds from the start of the run. */
  sinceStart: (at: number) => number;
  /** Timers and sleeps shorter than this are not events. */
  minSleepMs: number;
}

/** Records an event of a process; the process gets its place in the tree by it. */
export function record(
  scene: Scene,
  process: TracedProcess,
  at: number,
  draft: Omit<EventDraft, 't_ms' | 'process'>,
  worth: Worth,
): TraceEvent {
  const event: EventDraft = { t_ms: scene.sinceStart(at), process: scene.processes.keyOf(process), ...draft };
  return scene.keeper.add(event, worth);
}

/** `ok`, `denied`, or `error:<ERRNO>`; the form of {@link TraceEvent.outcome}. */
export function outcomeOf(errno: string): string {
  if (errno === '') return 'ok';
  return errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS' ? 'denied' : `error:${errno.slice(0, 24)}`;
}
