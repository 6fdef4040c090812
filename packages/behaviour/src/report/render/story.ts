import { compareSeverity, type Finding, weightOf } from '@assay/kernel';
import { compareEvents } from '../order.ts';
import type { DynamicAnalysisReport } from '../schema.ts';
import type { Lookup } from './lookup.ts';

/** A finding as it is told: why it counts, if it does. */
export type Told = {
  finding: Finding;
  /** Place in `report.findings`: the name of its anchor on the page. */
  index: number;
  /** The verdict's own words and weight, when the verdict rests on this finding. */
  reason?: { weight: number; text: string };
};

/**
 * The findings in the order in which things happened: first what stands in files, then by the first event cited.
 *
 * *Shape:* `reasons` are those that the verdict cites, each at its heaviest finding; `others` add nothing to the score.
 */
export function storyOf(report: DynamicAnalysisReport, lookup: Lookup): { reasons: Told[]; others: Told[] } {
  const told = report.findings.map((finding, index): Told => ({ finding, index }));
  for (const { finding: id, weight, text } of report.verdict.reasons) {
    const candidates = told.filter(({ finding, reason }) => finding.id === id && reason === undefined);
    const heaviest = candidates.sort((a, b) => weightOf(b.finding) - weightOf(a.finding))[0];
    if (heaviest !== undefined) heaviest.reason = { weight, text };
  }
  const inOrder = told.sort((a, b) => compareTold(a.finding, b.finding, lookup));
  return {
    reasons: inOrder.filter(({ reason }) => reason !== undefined),
    others: inOrder.filter(({ reason }) => reason === undefined),
  };
}

function compareTold(a: Finding, b: Finding, lookup: Lookup): number {
  const [first, second] = [firstEvent(a, lookup), firstEvent(b, lookup)];
  if (first === undefined || second === undefined) {
    if (first !== second) return first === undefined ? -1 : 1;
    return compareSeverity(b.severity, a.severity);
  }
  return compareEvents(first, second) || compareSeverity(b.severity, a.severity);
}

function firstEvent(finding: Finding, lookup: Lookup) {
  return finding.evidence
    .flatMap((id) => lookup.events.get(id) ?? [])
    .sort(compareEvents)
    .at(0);
}
