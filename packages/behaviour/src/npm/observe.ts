import type { Limitation, Phase, TraceEvent } from '@assay/kernel';
import {
  answerMarker,
  type Decoy,
  decoyPaths,
  type ExecutedFile,
  FileCapture,
  HookRecord,
  hookFifo,
  kindOf,
  LineBuffer,
  type PhaseExit,
  resolverAddress,
  StraceParser,
  TraceReducer,
} from '@assay/sandbox';
import type { DroppedEvidence, RunEvidence, WrittenAndRun } from '../evidence.ts';
import type { TraceRecorder } from '../recorder.ts';
import type { MeasuredPhase, PhaseReport } from '../report/index.ts';
import { limitationsOf, type Observed } from './limitations.ts';
import type { PhaseStep } from './phases.ts';
import type { NpmSession } from './session.ts';

const captureLimits = { maxFiles: 256, maxFileBytes: 32 * 1024 * 1024, maxKeptBytes: 64 * 1024 };
const maxHookLines = 200_000;
const lateRecordsMs = 12;
/** More than starting Node and loading an ordinary tree of packages takes; says something only beside other evidence. */
const loadMs = 2000;
/** Share of the time until the deadline; what waits uses next to none, what spins shares the processors with other runs. */
const spinShare = 0.3;

/** Collects what the channels of one run say, step by step, and gives it as evidence. */
export class RunObserver {
  readonly session: NpmSession;
  readonly #decoys: readonly Decoy[];
  readonly #target: string;
  readonly #recorder: TraceRecorder;
  readonly #origin = {
    epochMs: performance.timeOrigin + performance.now(),
    monotonicMs: Number(process.hrtime.bigint()) / 1e6,
  };
  readonly #mask: (text: string) => string;
  readonly #observed: Observed[] = [];
  readonly #dropped: DroppedEvidence[] = [];
  readonly #ran: WrittenAndRun[] = [];
  #current: TraceReducer | undefined;
  #missedFiles = 0;

  constructor(session: NpmSession, target: string, recorder: TraceRecorder) {
    this.session = session;
    this.#decoys = session.decoys;
    session.onRecord((record) => this.#current?.sinkhole(record));
    this.#target = target;
    this.#recorder = recorder;
    this.#mask = maskOf(session.decoys);
  }

  /** Runs one step of a phase and records it. *Errors:* those of `SandboxRun.exec`. */
  async step(
    step: PhaseStep,
    deadlineMs: number,
    hookEnv: Record<string, string>,
    setenv: Record<string, string>,
    signal: AbortSignal,
  ): Promise<PhaseExit> {
    const { run, env, persona, project } = this.session;
    const executed: ExecutedFile[] = [];
    const created = new Map<string, { event: string; report: string }>();
    const capture = new FileCapture(captureLimits, (inside) => run.hostPath(inside));
    const reducer = new TraceReducer({
      run: this.session.plan.run,
      phase: step.phase,
      layout: {
        home: persona.home,
        project,
        target: this.#target,
        tmp: ['/tmp', '/var/tmp', '/dev/shm'],
        caches: [`${persona.home}/.npm`, `${persona.home}/.cache`],
        toolchain: ['/usr', '/bin', '/sbin', '/lib', '/lib64'],
      },
      ids: this.#recorder.ids,
      origin: this.#origin,
      environment: env,
      hiddenVariables: [...Object.keys(hookEnv), ...Object.keys(setenv), 'NODE_EXTRA_CA_CERTS'],
      ...(step.phase === 'install' ? {} : { rootPackage: this.#target }),
      decoyPaths: new Map([...decoyPaths(this.#decoys, persona)].map(([path, decoy]) => [path, decoy.id])),
      decoyVariables: new Map(
        this.#decoys.flatMap((decoy) => Object.keys(decoy.env ?? {}).map((name) => [name, decoy.id])),
      ),
      planted: this.session.planted,
      ownPaths: new Set([hookFifo]),
      resolvers: new Set([resolverAddress]),
      mask: this.#mask,
      sink: this.#recorder.sink,
      onFileOpened: (file) => {
        if (!step.runsPackageCode) return;
        created.set(file.path, { event: file.event, report: file.report });
        capture.hold(file.path);
      },
      onWrittenFileRun: (file) => executed.push(file),
    });
    this.#current = reducer;
    reducer.start(performance.timeOrigin + performance.now());
    const parser = new StraceParser(reducer);
    const said: Observed['said'] = [];
    let hookLines = 0;
    const hooks = new LineBuffer((line) => {
      if (++hookLines > maxHookLines) return;
      const record = parseHookLine(line);
      if (record === undefined) return;
      if (record.kind === 'driver') said.push(record);
      reducer.hook(record);
    });
    const exit = await run.exec(
      {
        phase: step.phase,
        argv: step.argv,
        cwd: project,
        deadlineMs,
        lingerMs: step.runsPackageCode ? 2500 : 500,
        setenv: { ...setenv, ...(step.runsPackageCode ? hookEnv : {}) },
        mounts: step.mounts,
        traceFiles: step.runsPackageCode,
        onTrace: (chunk) => parser.write(chunk),
        onHook: (chunk) => hooks.push(chunk),
        onOver: (limit, use) =>
          reducer.resource(
            limit,
            `${use.peakProcesses} processes, ${Math.round(use.peakMemoryBytes / 2 ** 20)} MiB`,
            Date.now(),
          ),
      },
      signal,
    );
    parser.end();
    // The sinkhole is another process: what it saw last may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, lateRecordsMs));
    if (step.runsPackageCode && exit.use.cpuMs > loadMs)
      reducer.resource('cpu', `${exit.use.cpuMs} ms of processor time`, Date.now());
    if (exit.ended === 'deadline' && exit.use.cpuMs > spinShare * deadlineMs)
      reducer.resource('spin', `${exit.use.cpuMs} ms of processor time`, Date.now());
    reducer.finish(
      performance.timeOrigin + performance.now(),
      outcomeOf(exit),
      exit.ended === 'exit' ? undefined : exit.ended,
    );
    this.#missedFiles += capture.missed;
    this.#collect(capture, created, executed, reducer);
    this.#ran.push(
      ...executed.map(({ report, created: event, executed: exec }) => ({
        path: report,
        created: event,
        executed: exec,
      })),
    );
    this.#observed.push({ step, reducer, exit, said });
    return exit;
  }

  evidence(): RunEvidence {
    const events = this.events();
    const requests = this.#observed.flatMap(({ reducer }) => reducer.network().requests);
    return {
      run: this.session.plan.run,
      plan: this.session.plan,
      events,
      processes: new Map(this.#observed.flatMap(({ reducer }) => reducer.nodes()).map((node) => [node.key, node])),
      requests: new Map(requests.map((request) => [request.event, request])),
      dropped: this.#dropped,
      ran: this.#ran,
      phases: {},
    };
  }

  events(): TraceEvent[] {
    return this.#observed
      .flatMap(({ reducer }) => reducer.events())
      .sort((a, b) => a.t_ms - b.t_ms || Number(a.id.slice(1)) - Number(b.id.slice(1)));
  }

  /** Report form of a phase: its steps joined; the worst ending counts. */
  phase(phase: Phase): PhaseReport {
    const steps = this.#observed.filter(({ step }) => step.phase === phase);
    if (steps.length === 0) return { Status: 'not_measured', StatusReason: 'the phase was not reached' };
    const bad = steps.find(({ exit, step }) => statusOf(exit, step) !== 'completed');
    const tail = (name: 'stdout' | 'stderr') =>
      Buffer.from(this.#mask(Buffer.concat(steps.map(({ exit }) => exit[name])).toString('utf8')))
        .subarray(-4096)
        .toString('base64');
    const status = bad === undefined ? 'completed' : statusOf(bad.exit, bad.step);
    return {
      Status: status,
      ...(bad === undefined ? {} : { StatusReason: reasonOf(bad) }),
      Files: joinFiles(steps.flatMap(({ reducer }) => reducer.tables.files())),
      Sockets: steps.flatMap(({ reducer }) => reducer.tables.sockets()),
      Commands: steps.flatMap(({ reducer }) => reducer.tables.commands()),
      DNS: steps.flatMap(({ reducer }) => reducer.tables.dns()),
      Stdout: tail('stdout'),
      Stderr: tail('stderr'),
      SyscallCounts: sumCounts(steps.map(({ reducer }) => reducer.tables.syscallCounts())),
    };
  }

  durationOf(phase: Phase): number | undefined {
    const steps = this.#observed.filter(({ step }) => step.phase === phase);
    return steps.length === 0 ? undefined : steps.reduce((sum, { exit }) => sum + exit.durationMs, 0);
  }

  limitations(): Limitation[] {
    return limitationsOf(this.session.plan.run, this.#observed, this.#missedFiles);
  }

  truncation(): { field: string; kept: number; total: number }[] {
    const dropped = this.#observed.flatMap(({ reducer }) => reducer.truncation().events);
    if (dropped.length === 0) return [];
    const kept = this.#observed.reduce((sum, { reducer }) => sum + reducer.events().length, 0);
    return [{ field: 'events', kept, total: kept + dropped.reduce((sum, one) => sum + one.total - one.kept, 0) }];
  }

  /** Every step, for those who look for what the drivers said. */
  steps(): readonly { step: PhaseStep; exit: PhaseExit }[] {
    return this.#observed;
  }

  #collect(
    capture: FileCapture,
    created: ReadonlyMap<string, { event: string; report: string }>,
    executed: readonly ExecutedFile[],
    reducer: TraceReducer,
  ): void {
    const answers = new Set(
      reducer
        .network()
        .requests.flatMap(({ response_sha256: sha256, egress }) =>
          sha256 === undefined || egress !== 'sinkhole' ? [] : [sha256],
        ),
    );
    for (const file of capture.collect()) {
      const made = created.get(file.path);
      const ran = executed.find((one) => one.path === file.path || one.created === made?.event);
      const kind = kindOf(file.head);
      const isAnswer = answers.has(file.sha256) || file.head.includes(answerMarker);
      // What a package writes into its own folder without running it is listed under Files; what it drops elsewhere, or got
      // from the network, is shown.
      if (made === undefined || (ran === undefined && !isAnswer && /^\{(pkg|dep:)/.test(made.report))) continue;
      this.#dropped.push({
        path: made.report,
        sha256: file.sha256,
        size_bytes: file.sizeBytes,
        kind: kind.kind,
        mime: kind.mime,
        entropy: Math.round(file.entropy * 1000) / 1000,
        created: made.event,
        ...(ran === undefined ? {} : { executed: ran.executed }),
        deleted: file.deleted,
        signals: [],
        isAnswer,
      });
    }
  }
}

function outcomeOf(exit: PhaseExit): string {
  if (exit.ended === 'deadline') return 'error:TIMEOUT';
  return exit.ended === 'exit' ? 'ok' : `error:${exit.ended.toUpperCase()}`;
}

function statusOf(exit: PhaseExit, step: PhaseStep): MeasuredPhase['Status'] {
  // A program that waits for something to do was started, and that is all that was asked.
  if (exit.ended === 'deadline') return step.mayFail ? 'completed' : 'error_timeout';
  if (exit.ended !== 'exit') return 'error_other';
  return exit.exitCode === 0 || step.mayFail ? 'completed' : 'error_other';
}

function reasonOf({ step, exit }: Observed): string {
  if (exit.ended === 'deadline') return `${step.name}: phase deadline`;
  if (exit.ended !== 'exit') return `${step.name}: limit on ${exit.ended}`;
  return `${step.name}: exit code ${exit.exitCode}`;
}

function parseHookLine(line: string): HookRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    // The channel is writable from inside: what is no JSON is somebody else's noise, and the counters show the gap.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const parsed = HookRecord.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** Replaces decoy values, raw, wherever they stand. */
function maskOf(decoys: readonly Decoy[]): (text: string) => string {
  const pairs = decoys
    .flatMap((decoy) => decoy.values.map((value) => [value, `canary:${decoy.id}`] as const))
    .sort((a, b) => b[0].length - a[0].length);
  return (text) => {
    if (text.length < 8) return text;
    let masked = text;
    for (const [value, name] of pairs) if (masked.includes(value)) masked = masked.replaceAll(value, name);
    return masked;
  };
}

function joinFiles(rows: readonly MeasuredPhase['Files'][number][]): MeasuredPhase['Files'] {
  const byPath = new Map<string, MeasuredPhase['Files'][number]>();
  for (const row of rows) {
    const known = byPath.get(row.Path);
    if (known === undefined) byPath.set(row.Path, { ...row });
    else
      Object.assign(known, {
        Read: known.Read || row.Read,
        Write: known.Write || row.Write,
        Delete: known.Delete || row.Delete,
        Count: (known.Count ?? 1) + (row.Count ?? 1),
      });
  }
  return [...byPath.values()].sort((a, b) => (a.Path < b.Path ? -1 : 1));
}

function sumCounts(all: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  return total;
}
