import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Clock, type Deadlines, KernelError, type Limitation, type RunId } from '@assay/kernel';
import type { NpmSource } from '@assay/registries';
import { startMirror } from '@assay/registries';
import { type Box, boxDirectory, findSystemTools, openBox, type RandomSource, type SystemTools } from '@assay/sandbox';
import { assembleReport, type FinishedRun } from './assemble.ts';
import { type Comparison, compareWithPrevious, readPrevious } from './baseline.ts';
import { CanaryIds } from './canaries.ts';
import type { Evidence, HiddenText } from './evidence.ts';
import { hiddenTexts } from './hidden-texts.ts';
import { metadataClaims } from './metadata-claims.ts';
import { NpmCache } from './npm/cache.ts';
import { performRun, prepareTree } from './npm/perform.ts';
import { type NpmSession, openSession } from './npm/session.ts';
import { type AnalysisTarget, loadSubject, type Subject } from './npm/subject.ts';
import { findToolchain, type Toolchain } from './npm/toolchain.ts';
import type { InstalledPackage } from './npm/tree.ts';
import { TraceRecorder } from './recorder.ts';
import type { DynamicAnalysisReport } from './report/index.ts';
import type { RunPlan } from './runs.ts';
import { readStatically, type StaticFacts } from './static.ts';

export interface AnalyzeRequest {
  target: AnalysisTarget;
  /** r0 comes first and is always among them. */
  runs: readonly RunPlan[];
  /** Archive of the version before. */
  previous?: string;
}

export interface AnalyzeProgress {
  step: string;
  state: 'started' | 'completed' | 'failed';
  detail?: string;
}

export interface AnalyzeDeps {
  source: NpmSource;
  /** Empty folder for this analysis; the caller removes it. */
  workDirectory: string;
  /** Downloads and prepared files; may be deleted at any time. */
  cacheDirectory: string;
  clock: Clock;
  random: RandomSource;
  /** Runs at one time. */
  parallelism: number;
  deadlines: Deadlines;
  isolation: 'bubblewrap' | 'gvisor';
  onProgress: (event: AnalyzeProgress) => void;
}

export interface AnalyzeResult {
  report: DynamicAnalysisReport;
  /** Raw trace, gzip-compressed NDJSON, in the work directory. */
  traceFile: string;
}

const maxDiskBytes = 4 * 1024 ** 3;

/**
 * Runs a package and reports what it does: resolve, fetch, read, six runs in a sandbox, findings, verdict.
 *
 * *Errors:* bad input and registries as `loadSubject`; `SandboxError` ISOLATION_UNAVAILABLE when a wall is missing (nothing is
 * run then); the reason of `signal` when aborted. A package that fails is not an error, but what the report says.
 */
export async function analyze(request: AnalyzeRequest, deps: AnalyzeDeps, signal: AbortSignal): Promise<AnalyzeResult> {
  if (deps.isolation !== 'bubblewrap') {
    throw new KernelError(
      'ISOLATION_UNAVAILABLE',
      `isolation ${deps.isolation} is not available yet; nothing was run. Choose bubblewrap`,
    );
  }
  const deadline = AbortSignal.timeout(deps.deadlines.taskMs);
  const stop = AbortSignal.any([signal, deadline]);
  const analysis = new Analysis(request, deps, stop);
  try {
    return await analysis.run();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (deadline.aborted)
      throw new KernelError(
        'DEADLINE_EXCEEDED',
        `the analysis took longer than ${deps.deadlines.taskMs} ms; no report was made`,
        {},
        { cause: error },
      );
    throw error;
  } finally {
    await analysis.close();
  }
}

class Analysis {
  readonly #request: AnalyzeRequest;
  readonly #deps: AnalyzeDeps;
  readonly #signal: AbortSignal;
  readonly #beganAt: number;
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #canaries = new CanaryIds();

  constructor(request: AnalyzeRequest, deps: AnalyzeDeps, signal: AbortSignal) {
    this.#request = request;
    this.#deps = deps;
    this.#signal = signal;
    this.#beganAt = deps.clock.monotonic();
  }

  /** npm's own cache, shared by analyses; filled only while no package code runs. */
  get #npmCache(): string {
    return path.join(this.#deps.cacheDirectory, 'npm-client');
  }

  async run(): Promise<AnalyzeResult> {
    const { source, workDirectory, clock } = this.#deps;
    const [first, ...others] = this.#request.runs;
    if (first?.run !== 'r0') throw new RangeError('the first run must be r0');
    const file = this.#request.previous;
    const previous = file === undefined ? undefined : await readPrevious(file, this.#signal);
    const tools = findSystemTools();
    const toolchain = await findToolchain(this.#deps.cacheDirectory);
    mkdirSync(path.join(workDirectory, 'mirror'), { mode: 0o755 });
    const mirror = await startMirror({
      source,
      socketPath: path.join(workDirectory, 'mirror/registry.sock'),
      maxRegistryRequests: 20_000,
      onRequest: () => undefined,
    });
    this.#closers.push(() => mirror.close());
    // The first run's surroundings are made while the registry answers; if either fails, the other is ended.
    const [opened, subject] = await all([
      this.#step('sandbox', async () => {
        const box = await this.#box(tools, toolchain, mirror.socketPath);
        return {
          box,
          r0: await this.#open(first, { box, tools, toolchain, registry: new URL(mirror.baseUrl), lane: 0 }),
        };
      }),
      this.#step('resolve', () => loadSubject(this.#request.target, source, clock, this.#signal)),
    ]);
    const { box, r0 } = opened;
    if (subject.overlay !== undefined)
      mirror.addArchive({ name: subject.name, version: subject.version, ...subject.overlay });
    const cache = new NpmCache(box, this.#npmCache);
    const recorder = new TraceRecorder(path.join(workDirectory, 'trace.ndjson.gz'));
    const registry = new URL(mirror.baseUrl);
    const open = (plan: RunPlan, lane: number) => this.#open(plan, { box, tools, toolchain, registry, lane });
    const staticsLater = this.#statics(subject);
    // Waited for at the end whatever happens: it goes on beside the runs, and its failure is told where it is asked for.
    this.#closers.push(() =>
      staticsLater.then(
        () => undefined,
        () => undefined,
      ),
    );
    staticsLater.catch(() => undefined);
    const context = { subject, toolchain, recorder, deps: this.#deps, signal: this.#signal, tools };
    const prepared = await this.#step('r0 install', () => prepareTree(r0, cache, context));
    if (subject.source.kind === 'registry') this.#closers.push(() => cache.keep());
    const perform = async (plan: RunPlan, session: NpmSession) =>
      await performRun(session, prepared, context, (phase, work) => this.#step(`${plan.run} ${phase}`, work));
    const runs = await pool(
      [
        () => perform(first, r0),
        ...others.map((plan) => async (lane: number) => perform(plan, await open(plan, lane))),
      ],
      this.#deps.parallelism,
    );
    const { facts: read, ms: staticMs } = await staticsLater;
    const found = hiddenTexts(
      runs.map((run) => run.evidence),
      subject,
      read.reading.signals.length,
    );
    const statics = { ...read, reading: { ...read.reading, signals: [...read.reading.signals, ...found.signals] } };
    const baseline = await compareWithPrevious(previous, subject, prepared.tree, source, this.#signal);
    const trace = recorder.finish();
    const evidence = evidenceOf(subject, statics, runs, prepared.tree, this.#canaries, {
      ...baseline,
      hidden: found.hidden,
    });
    const report = assembleReport({
      subject,
      statics,
      runs: withTraceLoss(runs, trace.dropped),
      tree: prepared.tree,
      evidence,
      baseline: baseline.report,
      tools: { ...toolchain.versions },
      features: {
        user_ns: process.getuid?.() !== 0,
        net_ns: true,
        pid_ns: true,
        seccomp: true,
        faketime: tools.faketime !== undefined,
        any_port: prepared.anyPort,
      },
      artifacts: [{ name: 'trace.ndjson.gz', sha256: trace.sha256, size_bytes: trace.bytes }],
      timings: {
        static: staticMs,
        ...(baseline.ms === undefined ? {} : { baseline: baseline.ms }),
        total: Math.round(clock.monotonic() - this.#beganAt),
      },
      createdAt: clock.now(),
    });
    return { report, traceFile: path.join(workDirectory, 'trace.ndjson.gz') };
  }

  async close(): Promise<void> {
    // Each is tried, whatever became of the one before: a box left open would keep its processes.
    const failures: unknown[] = [];
    for (const close of this.#closers.reverse()) await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  async #box(tools: SystemTools, toolchain: Toolchain, socketPath: string): Promise<Box> {
    const box = await openBox({
      tools,
      maxDiskBytes,
      binds: [
        ...toolchain.binds,
        { host: path.dirname(socketPath), name: 'app/mirror' },
        { host: NpmCache.prepare(this.#npmCache), name: 'app/npm-cache' },
      ],
    });
    this.#closers.push(() => box.close());
    this.#signal.addEventListener('abort', () => void box.close(), { once: true });
    if (process.getuid?.() === 0) chownSync(socketPath, box.uid, box.uid);
    return box;
  }

  #open(
    plan: RunPlan,
    where: { box: Box; tools: SystemTools; toolchain: Toolchain; registry: URL; lane: number },
  ): Promise<NpmSession> {
    const { lane, ...surroundings } = where;
    const cpu = processorOf(lane);
    return openSession({
      ...surroundings,
      ...(cpu === undefined ? {} : { cpu }),
      plan,
      random: this.#deps.random,
      mirrorSocket: `${boxDirectory}/app/mirror/registry.sock`,
      canaries: this.#canaries,
      mounts: [],
    });
  }

  async #statics(subject: Subject): Promise<{ facts: StaticFacts; ms: number }> {
    const { clock } = this.#deps;
    const begun = clock.monotonic();
    const facts = await readStatically(
      subject.archive,
      subject.resolved?.manifest,
      [metadataClaims(subject)],
      this.#deps.deadlines.importMs,
      this.#signal,
    );
    return { facts, ms: Math.round(clock.monotonic() - begun) };
  }

  async #step<T>(step: string, work: () => Promise<T>): Promise<T> {
    this.#deps.onProgress({ step, state: 'started' });
    try {
      const result = await work();
      this.#deps.onProgress({ step, state: 'completed' });
      return result;
    } catch (error) {
      this.#deps.onProgress({ step, state: 'failed' });
      throw error;
    }
  }
}

/** Like Promise.all, but waits for every part before it throws: nothing goes on behind the caller's back. */
async function all<A, B>(parts: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled(parts);
  // The subject's failure is the user's to know; the sandbox's comes first only when it is the only one.
  if (b.status === 'rejected') throw b.reason;
  if (a.status === 'rejected') throw a.reason;
  return [a.value, b.value];
}

async function pool<T>(work: ((lane: number) => Promise<T>)[], parallelism: number): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (_: unknown, number: number) => {
    for (let index = next++; index < work.length; index = next++) {
      const one = work[index];
      if (one !== undefined) results[index] = await one(number);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.max(1, Math.min(parallelism, work.length)) }, lane));
  const failed = lanes.find((lane) => lane.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results;
}

function evidenceOf(
  subject: Subject,
  statics: StaticFacts,
  runs: readonly FinishedRun[],
  tree: readonly InstalledPackage[] | undefined,
  canaries: CanaryIds,
  compared: Comparison & { hidden: readonly HiddenText[] },
): Evidence {
  const imported = importedPackages(runs);
  return {
    subject: {
      name: subject.name,
      version: subject.version,
      declaredHosts: statics.declaredHosts,
      shipsDigests: statics.shipsDigests,
      ...(compared.changedFiles === undefined ? {} : { changedFiles: compared.changedFiles }),
      tree: new Map(
        (tree ?? []).map((one) => [
          one.name,
          {
            name: one.name,
            version: one.version,
            hooks: one.hooks,
            ...(imported === undefined ? {} : { isImported: imported.has(one.name) }),
            ...compared.treeFacts(one),
          },
        ]),
      ),
    },
    canaries: new Map(canaries.list().map((canary) => [canary.id, canary])),
    signals: statics.reading.signals,
    staticClaims: statics.claims,
    runs: runs.map((run) => run.evidence),
    hidden: compared.hidden,
  };
}

/** Packages of which a file was read while the package was imported or its functions were called. */
function importedPackages(runs: readonly FinishedRun[]): Set<string> | undefined {
  const first = runs.find((run) => run.evidence.run === ('r0' satisfies RunId));
  const names = new Set<string>();
  let measured = false;
  for (const phase of ['import', 'execute'] as const) {
    const report = first?.phases[phase];
    if (report === undefined || report.Status === 'not_measured') continue;
    measured = true;
    for (const { Path, Read } of report.Files) {
      const name = /^\{dep:([^}]+)\}/.exec(Path)?.[1];
      // npm and node read manifests of neighbours when they look for a module: that is no import.
      if (Read && name !== undefined) names.add(name);
    }
  }
  return measured ? names : undefined;
}

function withTraceLoss(runs: FinishedRun[], dropped: number): FinishedRun[] {
  const [first, ...rest] = runs;
  if (dropped === 0 || first === undefined) return runs;
  const limitation: Limitation = {
    code: 'trace_cut',
    channel: 'processes',
    effect: 'note',
    text: `the raw trace holds all but ${dropped} events`,
  };
  return [{ ...first, limitations: [...first.limitations, limitation] }, ...rest];
}

/** One processor per lane, the last of ours first: the orchestrator itself tends to sit on the first. */
function processorOf(lane: number): number | undefined {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const allowed = list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return first === undefined || last === undefined || Number.isNaN(first)
      ? []
      : Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
  return allowed.length === 0 ? undefined : allowed.at(-1 - (lane % allowed.length));
}
