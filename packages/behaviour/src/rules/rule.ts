import type { Baseline, Confidence, FindingPhase, Severity, TraceEvent } from '@assay/kernel';
import type { ClaimId } from '../claims.ts';
import type { Evidence, RunEvidence } from '../evidence.ts';

/** A claim made by a rule about one run, before runs are merged into findings. */
export interface Draft {
  id: ClaimId;
  phase: FindingPhase;
  /** Package whose code acted. */
  package: string;
  /** Event and signal ids in causal order, at least one. */
  evidence: string[];
  summary: string;
  severity?: Severity;
  confidence?: Confidence;
  /** Said only by rules that compare with the previous version themselves. */
  baseline?: Baseline;
}

/** Looks at one run. Pure: no I/O, no clock, no state between calls. */
export type RunRule = (run: RunEvidence, all: Evidence) => Draft[];

/** Looks at all runs together with what the run rules said about each. */
export type CrossRule = (all: Evidence, drafts: ReadonlyMap<string, readonly Draft[]>) => Draft[];

/** Whether package code, not the package manager or a compiler, made this event. */
export function byPackage(run: RunEvidence, event: TraceEvent): boolean {
  return run.processes.get(event.process)?.toolchain !== true;
}

/** Whether package code did this, itself or through a tool that it started: `npm publish`, `git push`. */
export function onBehalf(run: RunEvidence, event: TraceEvent): boolean {
  const process = run.processes.get(event.process);
  return process?.toolchain !== true || process.package !== undefined;
}

/** Base name of the program that an exec really started; `argv[0]` is anybody's choice. */
export function programOf(event: Pick<TraceEvent, 'executable' | 'argv'>): string {
  return (event.executable ?? event.argv?.[0] ?? '').split('/').at(-1) ?? '';
}

/** Package that the event's process (or, for hook records, its caller) belongs to; the subject when unknown. */
export function ownerOf(run: RunEvidence, all: Evidence, event: TraceEvent): string {
  return event.package ?? run.processes.get(event.process)?.package ?? all.subject.name;
}

/** The exec events that led to a process of package code, outermost first, toolchain left out. */
export function ancestry(run: RunEvidence, processKey: string): string[] {
  const ids: string[] = [];
  const seen = new Set<string>();
  for (
    let key: string | undefined = processKey;
    key !== undefined && !seen.has(key);
    key = run.processes.get(key)?.parent_key
  ) {
    seen.add(key);
    if (run.processes.get(key)?.toolchain) continue;
    const exec = execOf(run).get(key);
    if (exec !== undefined) ids.unshift(exec);
  }
  return ids.slice(-4);
}

const execCache = new WeakMap<RunEvidence, Map<string, string>>();

function execOf(run: RunEvidence): Map<string, string> {
  let map = execCache.get(run);
  if (map === undefined) {
    map = new Map();
    for (const event of run.events)
      if (event.type === 'process.exec' && event.outcome === 'ok') map.set(event.process, event.id);
    execCache.set(run, map);
  }
  return map;
}

/** Removes repeats, keeps order, and keeps the list short enough to read. */
export function evidenceOf(...ids: (string | undefined | readonly (string | undefined)[])[]): string[] {
  const flat = ids.flat().filter((id): id is string => id !== undefined);
  return [...new Set(flat)].slice(0, 24);
}
