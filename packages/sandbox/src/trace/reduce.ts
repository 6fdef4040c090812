import path from 'node:path';
import type { Phase, RunId, TraceEvent } from '@assay/kernel';
import type { HookRecord, SinkholeRecord } from '../channels.ts';
import type { Call } from './call.ts';
import { EscapeWatch } from './escapes.ts';
import { ExecWatch } from './execs.ts';
import { FileWatch } from './files.ts';
import { type ChannelGap, HookChannel } from './hook-channel.ts';
import { HookWatch } from './hooks.ts';
import { SinkholeJoin } from './join.ts';
import { EventKeeper, type Retention, retention, type Truncation } from './keeper.ts';
import { PathNames, type TraceLayout } from './layout.ts';
import { type Network, NetworkLedger } from './ledger.ts';
import { NetworkWatch } from './network.ts';
import type { TraceConsumer } from './parse.ts';
import type { ProcessNode, TracedProcess } from './process.ts';
import { type ProcessLimits, ProcessTable, processLimits } from './processes.ts';
import { record, type Scene, type SceneCallbacks } from './scene.ts';
import { AccessTables, type TableLimits, tableLimits } from './tables.ts';

export interface TraceReducerOptions extends SceneCallbacks {
  run: RunId;
  phase: Phase;
  layout: TraceLayout;
  /** Ids of events and keys of processes, shared by all phases of a report: `e1`, `e2`, … and `p1`, `p2`, … */
  ids: { event: () => string; process: () => string };
  /** Start of the run on both clocks, in milliseconds; the channels' times are measured from it. */
  origin: { epochMs: number; monotonicMs: number };
  /** Environment of the phase's command as the persona has it. */
  environment: Readonly<Record<string, string>>;
  /** Variables of ours that no report shows, e.g. the hook's. */
  hiddenVariables?: readonly string[];
  /** In import and execute: the package whose code the phase's command runs. */
  rootPackage?: string;
  /** Base names of programs that set the sandbox up. */
  setUp?: readonly string[];
  /** Absolute path as seen inside → decoy id. */
  decoyPaths: ReadonlyMap<string, string>;
  /** Variable of the environment → decoy id. */
  decoyVariables: ReadonlyMap<string, string>;
  /** Other files that were there before anything ran. */
  planted: ReadonlySet<string>;
  /** The hook's FIFO, as seen inside. */
  ownPaths: ReadonlySet<string>;
  resolvers: ReadonlySet<string>;
  /** Replaces decoy values by `canary:<id>`. */
  mask: (text: string) => string;
  /** Gets every event once, e.g. to write the raw trace. */
  sink: (event: TraceEvent) => void;
  minSleepMs?: number;
  retention?: Retention;
  limits?: { processes?: ProcessLimits; tables?: TableLimits; maxWaitingRecords?: number };
}

/** What the reducer could not do; each is a reason for a limitation. */
export interface TraceFacts {
  /** Whether the phase's command was seen to start at all. */
  started: boolean;
  /** Lines of the tracer that have no known form. */
  malformedLines: number;
  /** Processes shown under an ancestor's name. */
  foldedProcesses: number;
  /** Sinkhole records that no process could be found for. */
  unexplainedRecords: number;
}

type Waiting = { at: number; sinkhole: SinkholeRecord } | { at: number; hook: HookRecord };

const defaultSetUp = ['bwrap', 'nsenter', 'unshare', 'prlimit', 'setpriv', 'strace'];
/** A record waits until the tracer has reported calls this much later: by then the call behind it has been reported, too. */
const joinDelayMs = 50;
const drainIntervalMs = 10;

/**
 * Turns what the channels of one run and phase say into {@link TraceEvent}s: who did what, in report form, with the process
 * and package behind it.
 *
 * Use: feed the tracer's calls (it is the consumer of a `StraceParser`), sinkhole and hook records in any interleaving, then
 * {@link finish}; only then are the results complete. Memory is bounded whatever the package does.
 *
 * **How attribution can be wrong.**
 * - *Paths* of failed opens, deletes, renames and execs, and all addresses, are read from the caller's memory before the
 *   kernel reads them: a second thread can show the tracer something else. Paths of successful opens are the kernel's.
 * - *Connections* go to the first unclaimed call to the same address and port; simultaneous ones may be exchanged. So may
 *   equal DNS questions asked at one moment. What no call explains is marked `attribution: inferred`.
 * - *Package* of a process is decided by who started it: `require` inside one process is seen by the runtime hook only, whose
 *   word for the calling file is the package's own process speaking.
 * - *Toolchain* means a known tool from a read-only folder without injected code. A tool that obeys a file of the package
 *   (a makefile, a git configuration) is still toolchain; what it starts is not.
 * - *Hook lines* carry a pid that anybody with access to the FIFO can write; see {@link HookChannel}.
 */
export class TraceReducer implements TraceConsumer {
  readonly #options: TraceReducerOptions;
  readonly #scene: Scene;
  readonly #processes: ProcessTable;
  readonly #keeper: EventKeeper;
  readonly #tables: AccessTables;
  readonly #ledger = new NetworkLedger();
  readonly #files: FileWatch;
  readonly #network: NetworkWatch;
  readonly #join: SinkholeJoin;
  readonly #hooks: HookWatch;
  readonly #channel = new HookChannel();
  readonly #execs: ExecWatch;
  readonly #escapes: EscapeWatch;
  readonly #maxWaiting: number;
  #waiting: Waiting[] = [];
  #now = 0;
  #drainedAt = 0;
  #begunAt: number | undefined;
  #suspect: TracedProcess | undefined;
  #malformed = 0;
  #gaps: ChannelGap[] = [];

  constructor(options: TraceReducerOptions) {
    this.#options = options;
    const { run, phase, origin, layout, ids, limits } = options;
    const names = new PathNames(layout, options.mask);
    const baseline = new Set(Object.entries(options.environment).map(([name, value]) => `${name}=${value}`));
    const sinceStart = (at: number) => Math.max(0, Math.round(at - origin.epochMs));
    this.#maxWaiting = limits?.maxWaitingRecords ?? 20_000;
    this.#processes = new ProcessTable({
      run,
      phase,
      names,
      newKey: ids.process,
      sinceStart,
      baseline,
      setUp: new Set(options.setUp ?? defaultSetUp),
      rootPackage: options.rootPackage,
      limits: limits?.processes ?? processLimits,
    });
    this.#keeper = new EventKeeper({
      run,
      phase,
      newId: ids.event,
      sink: options.sink,
      retention: options.retention ?? retention,
    });
    this.#tables = new AccessTables(limits?.tables ?? tableLimits);
    const { decoyPaths, decoyVariables, planted, ownPaths, resolvers, mask } = options;
    this.#scene = {
      run,
      phase,
      names,
      processes: this.#processes,
      keeper: this.#keeper,
      tables: this.#tables,
      callbacks: options,
      decoyPaths,
      decoyVariables,
      planted,
      ownPaths,
      resolvers,
      mask,
      sinceStart,
      minSleepMs: options.minSleepMs ?? 1000,
    };
    this.#files = new FileWatch(this.#scene);
    this.#join = new SinkholeJoin({
      scene: this.#scene,
      ledger: this.#ledger,
      epochOf: (at) => this.#epochOf(at),
      suspect: () => this.#suspect ?? this.#processes.root,
    });
    this.#network = new NetworkWatch(this.#scene, this.#ledger, (contact) => this.#join.report(contact));
    this.#join.attach(this.#network);
    this.#hooks = new HookWatch(this.#scene);
    this.#escapes = new EscapeWatch(this.#scene, (at) => at - origin.epochMs + origin.monotonicMs);
    this.#execs = new ExecWatch({
      scene: this.#scene,
      files: this.#files,
      hooks: this.#channel,
      baseline,
      hiddenVariables: options.hiddenVariables ?? [],
      onRoot: (root, at) => {
        record(this.#scene, root, this.#begunAt ?? at, { type: 'phase.start', outcome: 'ok' }, 'evidence');
      },
    });
  }

  /** The phase begins; `phase.start` is dated so. Milliseconds since the epoch. */
  start(at: number): void {
    this.#begunAt = at;
  }

  // --- the tracer's side: TraceConsumer ---

  call(call: Call): void {
    if (call.at > this.#now) this.#advance(call.at);
    const { name } = call;
    if (name === 'set_robust_list') return;
    if (name === 'clone' || name === 'clone3' || name === 'fork' || name === 'vfork') {
      this.#processes.forked(call);
      const process = this.#processes.of(call.tid, call.at);
      if (!process.inTree) return;
      this.#tables.call(name);
      this.#escapes.clone(call, process);
      return;
    }
    const process = this.#processes.of(call.tid, call.at);
    if (name === 'execve' || name === 'execveat') {
      this.#execs.exec(call, process);
    } else if (name === 'chdir' || name === 'fchdir') {
      this.#changeDirectory(call, process);
    } else if (process.inTree) {
      void (this.#files.call(call, process) || this.#network.call(call, process) || this.#escapes.call(call, process));
    }
    if (!process.inTree) return;
    this.#tables.call(name);
    if (!process.toolchain) this.#suspect = process;
  }

  forking(tid: number, at: number, text: string): void {
    this.#processes.forking(tid, at, text);
  }

  exit(tid: number, at: number, code: number | undefined, signal: string | undefined): void {
    if (at > this.#now) this.#advance(at);
    const process = this.#processes.exited(tid, at, code, signal);
    if (process !== undefined) this.#execs.exit(process, at, code, signal);
  }

  superseded(_tid: number, _at: number, by: number): void {
    this.#processes.superseded(by);
  }

  malformed(_line: string): void {
    this.#malformed += 1;
  }

  // --- the other channels ---

  sinkhole(entry: SinkholeRecord): void {
    if (entry.kind !== 'ready') this.#wait({ at: this.#epochOf(entry.at), sinkhole: entry });
  }

  hook(entry: HookRecord): void {
    this.#wait({ at: this.#epochOf(entry.at), hook: entry });
  }

  /** What the watchdog saw, e.g. `cpu`, `processes`, `memory`, `spin`; `at` milliseconds since the epoch. */
  resource(api: string, detail: string, at: number): void {
    const process = this.#suspect ?? this.#processes.root;
    if (process !== undefined)
      record(this.#scene, process, at, { type: 'resource', outcome: 'ok', api, detail }, 'evidence');
  }

  /**
   * The phase is over and every channel has been read to its end.
   *
   * *Shape:* `at` milliseconds since the epoch; `outcome` as in {@link TraceEvent}; `detail` why it ended, if not by itself.
   */
  finish(at: number, outcome = 'ok', detail?: string): void {
    this.#drain(Number.POSITIVE_INFINITY);
    this.#join.finish();
    const { root } = this.#processes;
    if (root !== undefined) {
      const draft = { type: 'phase.end', outcome, ...(detail === undefined ? {} : { detail }) } as const;
      record(this.#scene, root, at, draft, 'evidence');
    }
    this.#keeper.flush();
    this.#gaps = this.#channel.gaps((process) => this.#processes.keyOf(process), root?.node?.key);
    this.#channel.release();
    this.#processes.release();
    this.#files.release();
    this.#scene.names.forget();
  }

  // --- results ---

  events(): TraceEvent[] {
    return this.#keeper.events();
  }

  nodes(): ProcessNode[] {
    return this.#processes.nodes();
  }

  network(): Network {
    return this.#ledger.network();
  }

  /** The folded lists of `Analysis.<phase>`. */
  get tables(): AccessTables {
    return this.#tables;
  }

  /** What was seen and not kept: events by type and worth, rows of tables and of the network's lists. */
  truncation(): { events: Truncation[]; lists: { field: string; kept: number; total: number }[] } {
    return { events: this.#keeper.truncation(), lists: [...this.#tables.truncation(), ...this.#ledger.truncation()] };
  }

  channelGaps(): ChannelGap[] {
    return this.#gaps;
  }

  facts(): TraceFacts {
    return {
      started: this.#processes.root !== undefined,
      malformedLines: this.#malformed,
      foldedProcesses: this.#processes.folded,
      unexplainedRecords: this.#join.unexplained,
    };
  }

  #changeDirectory(call: Call, process: TracedProcess): void {
    const target = call.name === 'fchdir' ? call.fdPath(0) : call.text(0);
    if (!call.ok || target === undefined) return;
    process.cwd = path.posix.resolve(process.cwd, target);
    process.cwdIsExact = false;
  }

  #advance(at: number): void {
    this.#now = at;
    if (this.#waiting.length > 0 && at - this.#drainedAt >= drainIntervalMs) this.#drain(at - joinDelayMs);
  }

  #wait(entry: Waiting): void {
    this.#waiting.push(entry);
    if (this.#waiting.length < this.#maxWaiting) return;
    // Too many to wait for the tracer: the older half is joined with what is known now.
    const times = this.#waiting.map(({ at }) => at).sort((a, b) => a - b);
    this.#drain(times[times.length >> 1] ?? Number.POSITIVE_INFINITY);
  }

  #drain(until: number): void {
    this.#drainedAt = this.#now;
    const due = this.#waiting.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ at }) => at > until);
    for (const entry of due) {
      if ('sinkhole' in entry) this.#join.record(entry.sinkhole);
      else this.#hookLine(entry.hook, entry.at);
    }
  }

  #hookLine(entry: HookRecord, at: number): void {
    const known = this.#processes.byPid(entry.pid, at);
    this.#channel.said(known, entry);
    const process = known ?? this.#suspect ?? this.#processes.root;
    if (process !== undefined) this.#hooks.record(process, entry, at, known === undefined);
  }

  #epochOf(monotonicMs: number): number {
    const { epochMs, monotonicMs: start } = this.#options.origin;
    return epochMs + monotonicMs - start;
  }
}
