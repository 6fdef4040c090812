import { type Coverage, RunId } from '@assay/kernel';
import type { DynamicAnalysisReport } from './schema.ts';

/** Runs that a benign verdict needs, also when fewer were asked for. */
export const requiredRuns: readonly RunId[] = RunId.options;

/**
 * Whether everything was measured that a benign verdict needs.
 *
 * *Source:* package-analysis contract §3.1: partial = a phase of r0 that did not complete, a required run that is missing,
 * or any limitation that blocks benign.
 */
export function coverageOf(report: Pick<DynamicAnalysisReport, 'Analysis' | 'triggers' | 'limitations'>): Coverage {
  const phasesDone = Object.values(report.Analysis).every(({ Status }) => Status === 'completed');
  const ran = new Set(report.triggers.runs.filter(({ status }) => isMeasured(status)).map(({ run }) => run));
  const unblocked = report.limitations.every(({ effect }) => effect !== 'blocks_benign');
  return phasesDone && unblocked && requiredRuns.every((run) => ran.has(run)) ? 'complete' : 'partial';
}

function isMeasured(status: DynamicAnalysisReport['triggers']['runs'][number]['status']): boolean {
  return status !== 'not_measured' && status !== 'error_analysis';
}
