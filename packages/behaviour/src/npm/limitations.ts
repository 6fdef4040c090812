import type { Limitation, RunId } from '@assay/kernel';
import type { ChannelGap, HookRecord, PhaseExit, TraceReducer } from '@assay/sandbox';
import type { PhaseStep } from './phases.ts';

type DriverRecord = Extract<HookRecord, { kind: 'driver' }>;

/** One step as it was observed. */
export interface Observed {
  step: PhaseStep;
  /** What the phase's driver said it tried. */
  said: DriverRecord[];
  reducer: TraceReducer;
  exit: PhaseExit;
}

/** Every gap of one run: what was stopped, not seen, not heard, or could not be loaded. */
export function limitationsOf(run: RunId, observed: readonly Observed[], missedFiles: number): Limitation[] {
  const found: Limitation[] = [];
  for (const { step, reducer, exit, said } of observed) {
    const base = { run, phase: step.phase };
    const facts = reducer.facts();
    if (exit.ended === 'deadline')
      found.push({
        ...base,
        code: 'phase_deadline',
        channel: 'processes',
        effect: step.mayFail ? 'note' : 'blocks_benign',
        text: `${step.name} was stopped at its deadline`,
      });
    else if (exit.ended !== 'exit')
      found.push({
        ...base,
        code: `phase_${exit.ended}`,
        channel: 'processes',
        effect: 'blocks_benign',
        text: `${step.phase} was stopped: limit on ${exit.ended}`,
      });
    if (facts.malformedLines > 0)
      found.push({
        ...base,
        code: 'trace_malformed',
        channel: 'processes',
        effect: 'blocks_benign',
        text: `${facts.malformedLines} lines of the tracer could not be read`,
      });
    if (!facts.started)
      found.push({
        ...base,
        code: 'phase_not_started',
        channel: 'processes',
        effect: 'blocks_benign',
        text: `${step.phase} (${step.name}) was not seen to start`,
      });
    const gaps = reducer.channelGaps();
    if (gaps.length > 0) found.push({ ...base, ...hookGap(gaps) });
    found.push(...loadLimitations(step, said).map((one) => ({ ...base, ...one })));
  }
  if (missedFiles > 0)
    found.push({
      run,
      code: 'file_not_captured',
      channel: 'files',
      effect: 'note',
      text: `${missedFiles} written files were gone before they could be read`,
    });
  return found;
}

type Gap = Pick<Limitation, 'code' | 'channel' | 'effect' | 'text'>;

/**
 * Lines that are missing, repeated or in a stranger's name mean that package code had its hands in the channel. A process that
 * the hook never entered (started without our options) is a blind spot, too, but an ordinary one.
 */
function hookGap(gaps: readonly ChannelGap[]): Gap {
  const tampered = gaps.find(({ kind }) => kind !== 'no_start' && kind !== 'no_end');
  const shown = tampered ?? gaps[0];
  const processes = new Set(gaps.map((gap) => gap.process)).size;
  return {
    code: 'hook_gap',
    channel: 'runtime_hook',
    effect: tampered === undefined ? 'note' : 'blocks_benign',
    text: `the runtime hook was not heard in full in ${processes} processes (${shown?.kind}: ${shown?.detail})`,
  };
}

/**
 * What could not be loaded. The package itself must load; a subpath may fail, and so may anything for want of a declared peer,
 * a platform's binary or a browser. *Source:* package-analysis contract §3, `phase_threw`.
 */
function loadLimitations(step: PhaseStep, said: readonly DriverRecord[]): Gap[] {
  if (step.phase !== 'import' || step.loads === undefined) return [];
  const [main, ...others] = step.loads;
  const of = (load: string) => said.find((record) => record.step === load);
  const gap = (load: string, isMain: boolean): Gap[] => {
    const record = of(load);
    if (record?.outcome === 'ok') return [];
    const excused = record?.missing !== undefined;
    const effect = isMain && !excused ? 'blocks_benign' : 'note';
    const why = record === undefined ? 'nothing was heard of it' : `${record.outcome}: ${oneLine(record.detail ?? '')}`;
    return [{ code: 'phase_threw', channel: 'processes', effect, text: `${load}: ${why}`.slice(0, 300) }];
  };
  return [...(main === undefined ? [] : gap(main, true)), ...others.flatMap((load) => gap(load, false))];
}

/** Messages of package code on one line, without the names that differ between personas. */
function oneLine(text: string): string {
  return text
    .replace(/\/home\/[^/\s]+\/[^\s]*?\/node_modules\//g, 'node_modules/')
    .replace(/\s+/g, ' ')
    .trim();
}
