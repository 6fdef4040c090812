import path from 'node:path';
import type { Deadlines, Limitation, Phase } from '@assay/kernel';
import { boxDirectory, hookEnvironment, hookFifo, hookFile, type SystemTools } from '@assay/sandbox';
import type { FinishedRun } from '../assemble.ts';
import type { TraceRecorder } from '../recorder.ts';
import type { PhaseReport } from '../report/index.ts';
import { fakeTimeOf } from '../runs.ts';
import type { NpmCache } from './cache.ts';
import { RunObserver } from './observe.ts';
import { executeSteps, extractTree, importSteps, type PhaseStep, runHooks } from './phases.ts';
import type { NpmSession } from './session.ts';
import { strayFiles } from './stray.ts';
import type { Subject } from './subject.ts';
import { insideDirectory, type Toolchain } from './toolchain.ts';
import { type InstalledPackage, readInstalledTree } from './tree.ts';

export interface PerformContext {
  subject: Subject;
  toolchain: Toolchain;
  tools: SystemTools;
  recorder: TraceRecorder;
  deps: { deadlines: Deadlines };
  signal: AbortSignal;
}

/** The extracted tree that all runs share. */
export interface PreparedTree {
  /** Undefined when the package manager could not extract it. */
  tree: InstalledPackage[] | undefined;
  observer: RunObserver;
  anyPort: boolean;
  /** Files that the package manager wrote where it has no business. */
  stray: string[];
}

/** First half of the installation, in r0. */
export async function prepareTree(
  session: NpmSession,
  cache: NpmCache,
  context: PerformContext,
): Promise<PreparedTree> {
  const { subject, tools, deps, signal } = context;
  await cache.mount(tools.mount);
  const observer = new RunObserver(session, subject.name, context.recorder);
  const step = extractTree(`${subject.name}@${subject.version}`, cache.mountAt(`${session.persona.home}/.npm`));
  const exit = await observer.step(step, deps.deadlines.installMs, {}, {}, signal);
  const project = path.join(session.run.options.box.root, boxDirectory, 'tree');
  const done = exit.ended === 'exit' && exit.exitCode === 0;
  return {
    tree: done ? readInstalledTree(project) : undefined,
    observer,
    anyPort: session.anyPort(),
    stray: strayFiles(session),
  };
}

/** All phases of one run over the prepared tree. */
export async function performRun(
  session: NpmSession,
  prepared: PreparedTree,
  context: PerformContext,
  progress: (phase: Phase, work: () => Promise<void>) => Promise<void>,
): Promise<FinishedRun> {
  const { subject, toolchain, recorder, deps, signal } = context;
  const isFirst = prepared.observer.session === session;
  const observer = isFirst ? prepared.observer : new RunObserver(session, subject.name, recorder);
  const timings: FinishedRun['timings'] = {};
  try {
    if (prepared.tree !== undefined) {
      await session.run.overlayTree();
      const hasHooks = prepared.tree.some((one) => one.hooks.length > 0);
      const phases: [Phase, PhaseStep[], number][] = [
        [
          'install',
          hasHooks ? [runHooks(`${subject.name}@${subject.version}`, toolchain)] : [],
          deps.deadlines.installMs,
        ],
        ['import', importSteps(subject, session, deps.deadlines), deps.deadlines.importMs],
        ['execute', executeSteps(subject, session, deps.deadlines), deps.deadlines.executeMs],
      ];
      for (const [phase, steps, deadlineMs] of phases) {
        if (steps.length > 0) await progress(phase, () => performPhase(observer, steps, deadlineMs, context));
        const duration = observer.durationOf(phase);
        if (duration !== undefined) timings[phase] = duration;
      }
    }
  } finally {
    await session.run.close();
  }
  signal.throwIfAborted();
  const evidence = observer.evidence();
  return {
    evidence,
    phases: phaseReports(observer, isFirst, prepared, subject.name),
    timings,
    limitations: [
      ...observer.limitations(),
      ...clockLimitation(session, context.tools),
      ...(isFirst ? strayLimitation(prepared) : []),
    ],
    truncation: observer.truncation(),
  };
}

async function performPhase(
  observer: RunObserver,
  steps: readonly PhaseStep[],
  deadlineMs: number,
  { tools, signal }: PerformContext,
): Promise<void> {
  const { plan } = observer.session;
  const shift = fakeTimeOf[plan.clock];
  const clock: Record<string, string> =
    shift === undefined || tools.faketime === undefined
      ? {}
      : { LD_PRELOAD: tools.faketime, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DISABLE_SHM: '1' };
  const until = performance.now() + deadlineMs;
  for (const step of steps) {
    const left = until - performance.now();
    if (left < 100) return;
    await observer.step(
      step,
      Math.min(left, step.deadlineMs ?? left),
      hookEnvironment(`${insideDirectory}/${hookFile}`, { fifo: hookFifo, ...step.hook }),
      clock,
      signal,
    );
  }
}

/** Hooks that no package of the tree declares were not left out: there was nothing to run. */
function phaseReports(
  observer: RunObserver,
  isFirst: boolean,
  prepared: PreparedTree,
  target: string,
): FinishedRun['phases'] {
  const install = withTree(observer.phase('install'), target, prepared);
  const nothing: PhaseReport = {
    Status: 'completed',
    Files: [],
    Sockets: [],
    Commands: [],
    DNS: [],
    Stdout: '',
    Stderr: '',
  };
  return {
    install: install.Status === 'not_measured' && prepared.tree !== undefined && !isFirst ? nothing : install,
    import: observer.phase('import'),
    execute: observer.phase('execute'),
  };
}

/** What the extraction wrote, from what lies there: a row per package. */
function withTree(install: PhaseReport, target: string, { tree }: PreparedTree): PhaseReport {
  if (install.Status === 'not_measured' || tree === undefined) return install;
  const known = new Set(install.Files.map(({ Path }) => Path));
  const names = [...new Set(tree.map(({ name }) => name))].map((name) =>
    name === target ? '{pkg}/**' : `{dep:${name}}/**`,
  );
  const rows = names
    .filter((name) => !known.has(name))
    .map((Path) => ({ Path, Read: false, Write: true, Delete: false }));
  return { ...install, Files: [...install.Files, ...rows].sort((a, b) => (a.Path < b.Path ? -1 : 1)) };
}

/** Something made the package manager write outside: whatever it was, nobody watched it happen. */
function strayLimitation({ stray }: PreparedTree): Limitation[] {
  if (stray.length === 0) return [];
  const text = `extracting the tree wrote outside of it: ${stray.slice(0, 5).join(', ')}`;
  return [{ code: 'stray_extraction', channel: 'files', run: 'r0', phase: 'install', effect: 'blocks_benign', text }];
}

function clockLimitation(session: NpmSession, tools: SystemTools): Limitation[] {
  const { run, clock } = session.plan;
  if (clock === 'now' || tools.faketime !== undefined) return [];
  return [
    {
      code: 'clock_not_shifted',
      channel: 'clock_shift',
      run,
      effect: 'blocks_benign',
      text: `the clock could not be set to ${clock}: libfaketime is not installed`,
    },
  ];
}
