import type { Limitation } from '@assay/kernel';
import { requiredRuns } from '../coverage.ts';
import type { DynamicAnalysisReport } from '../schema.ts';

/** Something that was not measured. `blocking` ones are why coverage is partial. Texts are as the report has them: unsafe. */
export type Gap = { blocking: boolean; where: string; what: string; text: string };

/** Every gap of a report, blocking ones first, each once: phases, runs, limitations, channels, and lists that were cut. */
export function gapsOf(report: DynamicAnalysisReport): Gap[] {
  const gaps = [...phaseGaps(report), ...runGaps(report), ...report.limitations.map(limitationGap)];
  const told = new Set(report.limitations.map(({ channel }) => channel as string));
  for (const [channel, { measured, how, reason }] of Object.entries(report.capabilities)) {
    if (measured || told.has(channel)) continue;
    gaps.push({ blocking: false, where: 'all runs', what: channel, text: reason ?? `not measured (${how})` });
  }
  for (const { field, kept, total } of report.truncation) {
    gaps.push({ blocking: false, where: 'report', what: 'truncation', text: `${field}: ${kept} of ${total} kept` });
  }
  return [...gaps.filter(({ blocking }) => blocking), ...gaps.filter(({ blocking }) => !blocking)];
}

function limitationGap({ run, phase, channel, effect, code, text }: Limitation): Gap {
  const where = [run, phase].filter((part) => part !== undefined).join(' ');
  return { blocking: effect === 'blocks_benign', where: where || 'all runs', what: `${channel} ${code}`, text };
}

function phaseGaps({ Analysis, limitations }: DynamicAnalysisReport): Gap[] {
  return Object.entries(Analysis).flatMap(([phase, { Status, StatusReason }]) => {
    const told = limitations.some(
      (known) => known.effect === 'blocks_benign' && known.phase === phase && (known.run ?? 'r0') === 'r0',
    );
    if (Status === 'completed' || told) return [];
    return [{ blocking: true, where: `r0 ${phase}`, what: Status, text: StatusReason ?? 'the phase did not complete' }];
  });
}

function runGaps({ triggers: { runs } }: DynamicAnalysisReport): Gap[] {
  return requiredRuns.flatMap((id) => {
    const run = runs.find(({ run }) => run === id);
    if (run !== undefined && run.status !== 'not_measured' && run.status !== 'error_analysis') return [];
    return [
      {
        blocking: true,
        where: id,
        what: run?.status ?? 'not_measured',
        text: run?.reason ?? 'the run did not take place',
      },
    ];
  });
}
