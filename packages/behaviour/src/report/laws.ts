import { reaches, type Verdict, type VerdictLevel, verdictOf } from '@assay/kernel';
import { coverageOf } from './coverage.ts';
import { ReportError } from './errors.ts';
import { cuttableLists } from './lists.ts';
import { compareEvents } from './order.ts';
import { type DynamicAnalysisReport, maxEvents } from './schema.ts';
import { visible } from './visible.ts';

export type LawOptions = {
  /** Secret values of this run's decoys: none may stand anywhere in the report. */
  canaryValues?: readonly string[];
};

/**
 * Throws unless the laws between a report's members hold. Cheap enough for every report that is stored.
 *
 * *Errors:* `REPORT_LAW_BROKEN`, `facts.broken` names each broken law.
 * *Source:* package-analysis contract §3 and §3.1.
 */
export function assertReportLaws(report: DynamicAnalysisReport, options: LawOptions = {}): void {
  const broken = brokenLaws(report, options);
  if (broken.length === 0) return;
  const rest = broken.length > 3 ? ` and ${broken.length - 3} more` : '';
  throw new ReportError(
    'REPORT_LAW_BROKEN',
    `the report of ${visible(report.purl)} breaks its own laws: ${broken.slice(0, 3).join('; ')}${rest}; it was not stored`,
    { broken },
  );
}

/** Each broken law in words; empty when all hold. Names only ids, never package text. */
export function brokenLaws(report: DynamicAnalysisReport, options: LawOptions = {}): string[] {
  return [
    ...eventLaws(report),
    ...identityLaws(report),
    ...evidenceLaws(report),
    ...processLaws(report),
    ...verdictLaws(report),
    ...measurementLaws(report),
    ...truncationLaws(report),
    ...secrecyLaws(report, options.canaryValues ?? []),
  ];
}

function eventLaws({ events }: DynamicAnalysisReport): string[] {
  const broken = events.length > maxEvents ? [`${events.length} events, at most ${maxEvents} are allowed`] : [];
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (before !== undefined && compareEvents(before, event) > 0) {
      broken.push(`event ${event.id} stands after ${before.id}, which is later by (run, t_ms, id)`);
    }
  }
  return broken;
}

function identityLaws({ events, static: { signals }, canaries, findings, artifacts }: DynamicAnalysisReport): string[] {
  return [
    ...repeated(
      'event',
      events.map(({ id }) => id),
    ),
    ...repeated(
      'signal',
      signals.map(({ id }) => id),
    ),
    ...repeated(
      'canary',
      canaries.map(({ id }) => id),
    ),
    ...repeated(
      'finding',
      findings.map((finding) => `${finding.id} of ${visible(finding.package)}`),
    ),
    ...repeated(
      'artifact',
      artifacts.map(({ name }) => visible(name)),
    ),
  ];
}

function repeated(what: string, ids: string[]): string[] {
  const seen = new Set<string>();
  return ids.flatMap((id) => (seen.size === seen.add(id).size ? [`${what} ${id} occurs twice`] : []));
}

function evidenceLaws(report: DynamicAnalysisReport): string[] {
  const events = new Map(report.events.map((event) => [event.id, event]));
  const signals = new Set(report.static.signals.map(({ id }) => id));
  const broken: string[] = [];
  for (const { id, evidence } of report.findings) {
    const cited = evidence.flatMap((item) => events.get(item) ?? []);
    for (const item of evidence) {
      if (!events.has(item) && !signals.has(item))
        broken.push(`finding ${id} cites ${item}, which is not in the report`);
    }
    for (const [index, event] of cited.entries()) {
      const before = cited[index - 1];
      if (before?.run === event.run && before.t_ms > event.t_ms) {
        broken.push(`finding ${id} cites ${before.id} before ${event.id}, which happened earlier`);
      }
    }
  }
  if (report.truncation.some(({ field }) => field === 'events')) return broken;
  const pointers = [
    ...report.network.requests.map(({ event }) => ['network.requests', event] as const),
    ...report.canaries.flatMap(({ id, reads, egress }) => [...reads, ...egress].map((event) => [id, event] as const)),
    ...report.triggers.runs.flatMap(({ run, new_behaviour }) => new_behaviour.map((event) => [run, event] as const)),
    ...report.dropped_files.map(({ created }) => ['dropped_files', created] as const),
    ...report.events.flatMap(({ id, request }) => (request === undefined ? [] : [[id, request] as const])),
  ];
  for (const [from, id] of pointers) {
    if (!events.has(id)) broken.push(`${from} points at ${id}, which is not in the report, and events were not cut`);
  }
  return broken;
}

function processLaws({ process_tree: { nodes, roots }, events }: DynamicAnalysisReport): string[] {
  const broken: string[] = [];
  const isRoot = new Set(roots);
  const known = (key: string) => Object.hasOwn(nodes, key);
  for (const [key, node] of Object.entries(nodes)) {
    if (node.key !== key) broken.push(`process ${visible(key)} calls itself ${visible(node.key)}`);
    if (node.parent_key === undefined ? !isRoot.has(key) : isRoot.has(key)) {
      broken.push(`process ${visible(key)}: roots and parent_key disagree`);
    }
    if (node.parent_key !== undefined && !known(node.parent_key)) {
      broken.push(`process ${visible(key)} has a parent that is not in the tree`);
    }
  }
  for (const key of roots) if (!known(key)) broken.push(`root ${visible(key)} is not in the tree`);
  const reached = new Set(roots);
  const below = Map.groupBy(Object.values(nodes), ({ parent_key }) => parent_key);
  for (const key of reached) for (const child of below.get(key) ?? []) reached.add(child.key);
  if (reached.size !== Object.keys(nodes).length) broken.push('the process tree has members that no root leads to');
  const homeless = new Set(events.map((event) => event.process).filter((key) => !known(key)));
  for (const key of homeless) broken.push(`events name process ${visible(key)}, which is not in the tree`);
  return broken;
}

function verdictLaws(report: DynamicAnalysisReport): string[] {
  const broken: string[] = [];
  const coverage = coverageOf(report);
  if (report.verdict.coverage !== coverage)
    broken.push(`coverage is ${report.verdict.coverage}, measured is ${coverage}`);
  const found = new Set(report.findings.map(({ id }) => id));
  for (const { finding } of report.verdict.reasons) {
    if (!found.has(finding)) broken.push(`a reason cites finding ${visible(finding)}, which is not in the report`);
  }
  const expected = verdictOf(report.findings, report.verdict.coverage);
  const level = raised(expected.level, report.explanation?.raised_to);
  if (essence({ ...expected, level }) !== essence(report.verdict)) {
    broken.push(
      `verdict is ${report.verdict.level} ${report.verdict.score}, its findings say ${level} ${expected.score}`,
    );
  }
  return broken;
}

/** The words of a reason are free; what is claimed and how much it weighs is not. */
function essence({ level, score, reasons, coverage }: Verdict): string {
  return JSON.stringify([level, score, coverage, reasons.map(({ finding, weight }) => [finding, weight])]);
}

function raised(level: VerdictLevel, to: VerdictLevel | undefined): VerdictLevel {
  return to !== undefined && reaches(to, level) ? to : level;
}

function measurementLaws({ environment: { isolation }, capabilities }: DynamicAnalysisReport): string[] {
  const broken =
    isolation.effective === isolation.requested
      ? []
      : [`isolation ran as ${visible(isolation.effective)}, asked for was ${visible(isolation.requested)}`];
  for (const [channel, { measured, reason }] of Object.entries(capabilities)) {
    if (!measured && reason === undefined) broken.push(`channel ${channel} was not measured and no reason is given`);
  }
  return broken;
}

function truncationLaws(report: DynamicAnalysisReport): string[] {
  const lengths = new Map(cuttableLists(report).map(({ field, items }) => [field, items.length]));
  const broken = repeated(
    'truncation of',
    report.truncation.map(({ field }) => visible(field)),
  );
  for (const { field, kept, total } of report.truncation) {
    const length = lengths.get(field) ?? kept;
    if (kept >= total) broken.push(`truncation of ${visible(field)} keeps ${kept} of ${total}: nothing was cut`);
    if (length !== kept) broken.push(`truncation of ${visible(field)} says ${kept} were kept, ${length} are there`);
  }
  return broken;
}

function secrecyLaws(report: DynamicAnalysisReport, values: readonly string[]): string[] {
  if (values.length === 0) return [];
  const output = Object.values(report.Analysis).flatMap((phase) =>
    phase.Status === 'not_measured'
      ? []
      : [phase.Stdout, phase.Stderr].map((tail) => Buffer.from(tail, 'base64').toString('utf8')),
  );
  const text = [JSON.stringify(report), ...output.map((tail) => JSON.stringify(tail))].join('\n');
  return values.flatMap((value, index) =>
    value !== '' && text.includes(JSON.stringify(value).slice(1, -1))
      ? [`the value of decoy number ${index + 1} stands in the report`]
      : [],
  );
}
