import { compareSeverity, type Finding, reaches, type Signal, type TraceEvent, type Verdict } from '@assay/kernel';
import type { EvidenceType, ExpectedFinding, Simulant } from './simulant.ts';

/** What is read of a report; a DynamicAnalysisReport gives `static.signals` as `signals`. */
export interface ReportView {
  findings: readonly Finding[];
  events: readonly TraceEvent[];
  signals: readonly Signal[];
  verdict: Verdict;
}

const confidences = ['low', 'medium', 'high'];

/** One sentence for each way in which a report differs from what a simulant's behaviour must give; empty = as expected. */
export function unmetExpectations(simulant: Simulant, report: ReportView): string[] {
  const { expect } = simulant;
  const missed = expect.findings.flatMap((expected) => unmetFinding(expected, simulant, report));
  const forbidden = report.findings
    .filter(({ id }) => expect.never.some((never) => (never.endsWith('.') ? id.startsWith(never) : id === never)))
    .map(({ id, summary }) => `${id} must not fire: ${summary}`);
  const { level, score } = report.verdict;
  if (expect.levelAtLeast !== undefined && !reaches(level, expect.levelAtLeast)) {
    missed.push(`level is ${level} (score ${score}), at least ${expect.levelAtLeast} is due`);
  }
  if (expect.levelAtMost !== undefined && !reaches(expect.levelAtMost, level)) {
    missed.push(`level is ${level} (score ${score}), at most ${expect.levelAtMost} is allowed`);
  }
  return [...missed, ...forbidden, ...falseAlarms(simulant, report)];
}

/** A neighbour shows nothing above info but what its row allows. */
function falseAlarms({ kind, expect }: Simulant, { findings }: ReportView): string[] {
  if (kind !== 'neighbour') return [];
  return findings
    .filter(({ id, severity }) => compareSeverity(severity, expect.allowed?.[id] ?? 'info') > 0)
    .map(({ id, severity, summary }) => `${id} at ${severity} is a false alarm: ${summary}`);
}

function unmetFinding(expected: ExpectedFinding, simulant: Simulant, report: ReportView): string[] {
  const named = report.findings.filter(({ id }) => id === expected.id);
  if (named.length === 0) return [`${expected.id} did not fire`];
  const reasons = named.map((finding) => whyNot(expected, finding, simulant, report));
  const least = reasons.reduce((best, next) => (next.length < best.length ? next : best));
  return least.map((reason) => `${expected.id}: ${reason}`);
}

function whyNot(expected: ExpectedFinding, found: Finding, simulant: Simulant, report: ReportView): string[] {
  const reasons: string[] = [];
  const owner = expected.package ?? simulant.packages[0].manifest.name;
  if (owner !== 'any' && found.package !== owner) reasons.push(`package is ${found.package}, wanted ${owner}`);
  if (expected.severityAtLeast !== undefined && compareSeverity(found.severity, expected.severityAtLeast) < 0) {
    reasons.push(`severity is ${found.severity}, at least ${expected.severityAtLeast} is due`);
  }
  const { confidenceAtMost: limit } = expected;
  if (limit !== undefined && confidences.indexOf(found.confidence) > confidences.indexOf(limit)) {
    reasons.push(`confidence is ${found.confidence}, at most ${limit} is right`);
  }
  if (expected.phase !== undefined && !expected.phase.includes(found.phase)) {
    reasons.push(`phase is ${found.phase}, wanted ${expected.phase.join(' or ')}`);
  }
  if (expected.baseline !== undefined && found.baseline !== expected.baseline) {
    reasons.push(`baseline is ${found.baseline}, wanted ${expected.baseline}`);
  }
  return [...reasons, ...unmetEvidence(expected, found, report)];
}

function unmetEvidence(expected: ExpectedFinding, found: Finding, report: ReportView): string[] {
  const events = new Map(report.events.map((event) => [event.id, event]));
  const signals = new Set(report.signals.map(({ id }) => id));
  const cited = found.evidence.map((id) => ({ id, event: events.get(id) }));
  const reasons = cited
    .filter(({ id, event }) => event === undefined && !signals.has(id))
    .map(({ id }) => `evidence ${id} is not in the report`);
  const types = cited.map(({ event }): EvidenceType => event?.type ?? 'signal');
  const steps = expected.evidenceTypes.map((step): readonly EvidenceType[] =>
    typeof step === 'string' ? [step] : step,
  );
  let at = 0;
  for (const step of steps) {
    while (at < types.length && !step.includes(types[at] as EvidenceType)) at++;
    if (at++ >= types.length) {
      reasons.push(`evidence is ${types.join(', ')}, wanted ${steps.map((s) => s.join('|')).join(', ')} in this order`);
      break;
    }
  }
  const last = steps.at(-1) ?? [];
  const seen = cited
    .filter(({ event }) => event && last.includes(event.type))
    .reduce((n, { event }) => n + (event?.count ?? 1), 0);
  if (expected.atLeast !== undefined && seen < expected.atLeast)
    reasons.push(`cites ${seen} of ${expected.atLeast} events`);
  const { runs } = expected;
  if (runs !== undefined && !cited.some(({ event }) => event !== undefined && runs.includes(event.run))) {
    reasons.push(`cites no event of ${runs.join(', ')}`);
  }
  return reasons;
}
