import { type Confidence, categoryOf, compareSeverity, type Finding, type Severity, weightOf } from '@assay/kernel';
import { claims } from './claims.ts';
import type { Evidence } from './evidence.ts';
import { aiCliAbuse } from './rules/agents.ts';
import { decoyRead, metadataService } from './rules/credentials.ts';
import { massDelete } from './rules/destruction.ts';
import { decodedThenEvaluated, hiddenCode, triggeredPayload } from './rules/evaluation.ts';
import { writtenThenExecuted } from './rules/execution.ts';
import { canaryEgress, dnsChunked } from './rules/exfiltration.ts';
import { fetchedCode } from './rules/fetched.ts';
import { gates } from './rules/gates.ts';
import { patches } from './rules/hooks.ts';
import { buildEffect, lifecycleHook, prebuiltDownload, unusedDependency } from './rules/install.ts';
import { deadDrop, egress, reverseShell } from './rules/network.ts';
import { persistence } from './rules/persistence.ts';
import { escapeAttempt, sandboxProbe } from './rules/probing.ts';
import { miner, resources } from './rules/resources.ts';
import type { Draft, RunRule } from './rules/rule.ts';
import { spread } from './rules/spread.ts';
import { staticDrafts } from './rules/static.ts';
import { otherExtension, otherPackage, selfErase } from './rules/tampering.ts';
import { sincePrevious } from './since-previous.ts';

const runRules: readonly RunRule[] = [
  decoyRead,
  metadataService,
  canaryEgress,
  dnsChunked,
  writtenThenExecuted,
  fetchedCode,
  decodedThenEvaluated,
  hiddenCode,
  triggeredPayload,
  aiCliAbuse,
  spread,
  massDelete,
  persistence,
  egress,
  deadDrop,
  reverseShell,
  miner,
  resources,
  otherPackage,
  otherExtension,
  selfErase,
  sandboxProbe,
  escapeAttempt,
  patches,
  lifecycleHook,
  prebuiltDownload,
  buildEffect,
  unusedDependency,
];

/**
 * All findings of a task: each rule on each run, gates across runs, static claims; then one finding per (claim, package).
 *
 * Pure, and its answer does not depend on the order of rules: the heaviest draft of a claim gives severity and summary, the
 * first run that shows it gives the evidence.
 */
export function findingsOf(evidence: Evidence): Finding[] {
  const perRun = new Map(
    evidence.runs.map((run) => [run.run as string, runRules.flatMap((rule) => rule(run, evidence))]),
  );
  const drafts: { run?: string; draft: Draft }[] = [
    ...staticDrafts(evidence).map((draft) => ({ draft })),
    ...[...perRun].flatMap(([run, found]) => found.map((draft) => ({ run, draft }))),
    ...gates(evidence, perRun).map((draft) => ({ draft, run: runOf(evidence, draft) })),
  ];
  const groups = new Map<string, { run?: string; draft: Draft }[]>();
  for (const one of drafts) {
    const key = `${one.draft.id} ${one.draft.package}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => compared(merge(group), group, evidence)).sort(byWeight);
}

function runOf(evidence: Evidence, draft: Draft): string {
  const last = draft.evidence.at(-1);
  return evidence.runs.find((run) => run.events.some((event) => event.id === last))?.run ?? 'r0';
}

function merge(group: { run?: string; draft: Draft }[]): Finding {
  const weighed = group.map(({ run, draft }) => ({
    run,
    draft,
    severity: severityOf(draft),
    confidence: confidenceOf(draft),
  }));
  const heaviest = weighed.reduce((best, one) => (weightOf(one) > weightOf(best) ? one : best));
  const claim = claims[heaviest.draft.id];
  const runs = [...new Set(weighed.map(({ run }) => run).filter((run) => run !== undefined))].sort();
  const firstRun = weighed.filter((one) => one.run === heaviest.run);
  return {
    id: heaviest.draft.id,
    title: claim.title,
    severity: heaviest.severity,
    confidence: heaviest.confidence,
    category: categoryOf(heaviest.draft.id),
    phase: heaviest.draft.phase,
    ...(runs.length === 0 ? {} : { runs }),
    package: heaviest.draft.package,
    evidence: [...new Set([...heaviest.draft.evidence, ...firstRun.flatMap((one) => one.draft.evidence)])].slice(0, 32),
    mitre: [...claim.mitre],
    summary: heaviest.draft.summary,
    baseline: 'not_compared',
  };
}

/** What a rule says itself of the version before goes before what files and dependencies tell. */
function compared(finding: Finding, group: readonly { draft: Draft }[], evidence: Evidence): Finding {
  const said = group.map(({ draft }) => draft.baseline).find((one) => one !== undefined);
  return { ...finding, baseline: said ?? sincePrevious(finding, evidence) };
}

function severityOf(draft: Draft): Severity {
  return draft.severity ?? claims[draft.id].severity;
}

function confidenceOf(draft: Draft): Confidence {
  return draft.confidence ?? claims[draft.id].confidence;
}

function byWeight(a: Finding, b: Finding): number {
  return (
    weightOf(b) - weightOf(a) ||
    compareSeverity(b.severity, a.severity) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : a.package < b.package ? -1 : 1)
  );
}
