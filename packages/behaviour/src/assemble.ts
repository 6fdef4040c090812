import { release } from 'node:os';
import { jsonDigest, type Limitation, type RunId, verdictOf, weights } from '@assay/kernel';
import { personasVersion } from '@assay/sandbox';
import { capabilitiesOf } from './capabilities.ts';
import { claims } from './claims.ts';
import type { Evidence, RunEvidence } from './evidence.ts';
import { findingsOf } from './findings.ts';
import { newBehaviour } from './novelty.ts';
import type { Subject } from './npm/subject.ts';
import type { InstalledPackage } from './npm/tree.ts';
import { unservedPayloads } from './payloads.ts';
import { withRefusedAnswer } from './refused-answer.ts';
import {
  compareEvents,
  coverageOf,
  type DynamicAnalysisReport,
  fitReport,
  inCausalOrder,
  type PhaseReport,
} from './report/index.ts';
import { requiredRuns } from './runs.ts';
import type { StaticFacts } from './static.ts';

export const assayVersion = '0.1.0';
export const rulesetVersion = '1.0.0';

/** One run as it came to its end, in report form. */
export interface FinishedRun {
  evidence: RunEvidence;
  /** Report form of each phase that was begun. */
  phases: { install: PhaseReport; import: PhaseReport; execute: PhaseReport };
  timings: { install?: number; import?: number; execute?: number };
  limitations: Limitation[];
  truncation: { field: string; kept: number; total: number }[];
}

export interface ReportParts {
  subject: Subject;
  statics: StaticFacts;
  runs: FinishedRun[];
  tree: InstalledPackage[] | undefined;
  evidence: Evidence;
  baseline: DynamicAnalysisReport['baseline'];
  tools: Record<string, string>;
  features: Record<string, boolean>;
  artifacts: DynamicAnalysisReport['artifacts'];
  timings: { static: number; baseline?: number; total: number };
  createdAt: number;
}

/** Everything that decides a verdict, in one digest (shared/seams.md §5). */
export function rulesetDigest(): `sha256:${string}` {
  return jsonDigest({ claims, weights, runs: requiredRuns, personas: personasVersion, engine: assayVersion });
}

/** The report as a function of what was recorded; no I/O. */
export function assembleReport(parts: ReportParts): DynamicAnalysisReport {
  const { subject, statics, evidence } = parts;
  const runs = parts.runs.map((run) => withRefusedAnswer(run, evidence));
  const first = runs.find((run) => run.evidence.run === 'r0') ?? runs[0];
  if (first === undefined) throw new TypeError('a report needs at least one run');
  const events = runs.flatMap((run) => [...run.evidence.events]).sort(compareEvents);
  const byId = new Map(events.map((event) => [event.id, event]));
  const findings = findingsOf(evidence).map((finding) => ({
    ...finding,
    evidence: inCausalOrder(finding.evidence, byId),
  }));
  const limitations = uniqueLimitations([
    ...statics.limitations,
    ...runs.flatMap((run) => [...run.limitations, ...unservedPayloads(run.evidence, evidence)]),
    ...missingRuns(runs),
  ]);
  const triggers = { runs: runs.map((run) => triggerOf(run, first)) };
  const coverage = coverageOf({ Analysis: first.phases, triggers, limitations });
  const nodes = runs.flatMap((run) => [...run.evidence.processes.values()]);
  const keys = new Set(nodes.map((node) => node.key));
  const requests = runs.flatMap((run) => [...run.evidence.requests.values()]);
  const report: DynamicAnalysisReport = {
    schema_version: '1.0',
    engine: 'dynamic-analysis',
    purl: subject.purl,
    requested_purl: subject.requestedPurl,
    Package: { Ecosystem: 'npm', Name: subject.name, Version: subject.version },
    CreatedTimestamp: Math.floor(parts.createdAt / 1000),
    verdict: verdictOf(findings, coverage),
    findings,
    limitations,
    Analysis: first.phases,
    source: subject.source,
    ...(parts.tree === undefined ? {} : { dependencies: dependenciesOf(parts.tree, evidence) }),
    metadata: subject.metadata,
    static: statics.reading,
    process_tree: {
      nodes: Object.fromEntries(nodes.map((node) => [node.key, node])),
      roots: nodes
        .filter((node) => node.parent_key === undefined || !keys.has(node.parent_key))
        .map((node) => node.key),
    },
    events,
    network: {
      requests: requests.map(({ response_sha256: _, response_head: __, headers: ___, ...request }) => request),
      ...foldedNetwork(runs),
    },
    canaries: [...evidence.canaries.values()].map((canary) => ({
      ...canary,
      reads: events.filter((event) => event.type === 'canary.read' && event.canary === canary.id).map(({ id }) => id),
      egress: events
        .filter((event) => event.type === 'canary.egress' && event.canary === canary.id)
        .map(({ id }) => id),
    })),
    dropped_files: runs.flatMap((run) => run.evidence.dropped.map(({ isAnswer: _, ...file }) => file)),
    baseline: withNews(parts.baseline, findings),
    triggers,
    capabilities: capabilitiesOf(runs, parts),
    environment: {
      assay_version: assayVersion,
      ruleset: { version: rulesetVersion, digest: rulesetDigest() },
      isolation: { requested: 'bubblewrap', effective: 'bubblewrap', features: parts.features },
      tools: parts.tools,
      platform: { os: process.platform, arch: process.arch, kernel: release() },
      sinkhole: { profile: 'default' },
      personas_version: String(personasVersion),
    },
    timings: {
      resolve: subject.timings.resolve,
      fetch: subject.timings.fetch,
      static: parts.timings.static,
      runs: Object.fromEntries(runs.map((run) => [run.evidence.run, run.timings])),
      ...(parts.timings.baseline === undefined ? {} : { baseline: parts.timings.baseline }),
      total: parts.timings.total,
    },
    artifacts: parts.artifacts,
    truncation: first.truncation,
  };
  return fitReport(report);
}

function withNews(
  baseline: ReportParts['baseline'],
  findings: DynamicAnalysisReport['findings'],
): ReportParts['baseline'] {
  if (baseline.status !== 'compared') return baseline;
  return {
    ...baseline,
    findings_new: [...new Set(findings.filter((one) => one.baseline === 'new').map(({ id }) => id))],
  };
}

function dependenciesOf(
  tree: readonly InstalledPackage[],
  evidence: Evidence,
): NonNullable<DynamicAnalysisReport['dependencies']> {
  return {
    count: tree.length,
    packages: tree.slice(0, 500).map((one) => {
      const known = evidence.subject.tree.get(one.name);
      return {
        purl: `pkg:npm/${one.name.replace('@', '%40')}@${encodeURIComponent(one.version)}`,
        hooks: one.hooks,
        ...(known?.isNew === undefined ? {} : { new: known.isNew }),
        ...(known?.isImported === undefined ? {} : { imported: known.isImported }),
      };
    }),
  };
}

function triggerOf(run: FinishedRun, first: FinishedRun): DynamicAnalysisReport['triggers']['runs'][number] {
  const { plan } = run.evidence;
  const statuses = Object.entries(run.phases).map(([phase, report]) => [phase, report.Status] as const);
  const worst = statuses.find(([, status]) => status !== 'completed')?.[1] ?? 'completed';
  return {
    run: run.evidence.run,
    persona: plan.persona,
    clock: plan.clock,
    egress: plan.egress,
    status: worst,
    phases: Object.fromEntries(statuses),
    new_behaviour: run === first ? [] : newBehaviour(run.evidence, first.evidence),
  };
}

/** Runs that were not asked for are said, because a benign verdict needs them all. */
function missingRuns(runs: readonly FinishedRun[]): Limitation[] {
  const ran = new Set<RunId>(runs.map((run) => run.evidence.run));
  return requiredRuns
    .filter(({ run }) => !ran.has(run))
    .map(({ run, persona, clock, egress }) => ({
      code: 'run_not_made',
      channel: 'processes',
      run,
      effect: 'blocks_benign',
      text: `run ${run} (${persona}, clock ${clock}, egress ${egress}) was not asked for`,
    }));
}

/** The same gap in six runs is one limitation; of many distinct ones of a kind, the first say enough. */
function uniqueLimitations(all: readonly Limitation[]): Limitation[] {
  const seen = new Map<string, Limitation>();
  for (const one of all) {
    const key = `${one.code} ${one.channel} ${one.phase ?? ''} ${one.text} ${one.code === 'run_not_made' ? one.run : ''}`;
    if (!seen.has(key)) seen.set(key, one);
  }
  const perCode = new Map<string, number>();
  return [...seen.values()].filter((one) => {
    const count = (perCode.get(one.code) ?? 0) + 1;
    perCode.set(one.code, count);
    return count <= 12;
  });
}

function foldedNetwork(runs: readonly FinishedRun[]): Omit<DynamicAnalysisReport['network'], 'requests'> {
  const dns = new Map<string, DynamicAnalysisReport['network']['dns'][number]>();
  const connections = new Map<string, DynamicAnalysisReport['network']['connections'][number]>();
  const listeners = new Map<string, DynamicAnalysisReport['network']['listeners'][number]>();
  for (const event of runs.flatMap((run) => run.evidence.events)) {
    const base = { event: event.id, run: event.run, phase: event.phase, process: event.process };
    const times = event.count ?? 1;
    if (event.type === 'net.dns' && event.host !== undefined) {
      const key = `${event.run} ${event.process} ${event.host}`;
      const row = dns.get(key);
      const types = event.query_type === undefined ? [] : [event.query_type];
      if (row === undefined) dns.set(key, { ...base, host: event.host, types, count: times });
      else Object.assign(row, { types: [...new Set([...row.types, ...types])], count: row.count + times });
    } else if (
      (event.type === 'net.connect' || event.type === 'net.listen') &&
      event.ip !== undefined &&
      event.port !== undefined
    ) {
      const key = `${event.run} ${event.process} ${event.ip} ${event.port}`;
      const table = event.type === 'net.connect' ? connections : listeners;
      const row = table.get(key);
      if (row !== undefined) row.count += times;
      else {
        const made = { ...base, protocol: event.protocol ?? 'tcp', ip: event.ip, port: event.port, count: times };
        if (event.type === 'net.listen') listeners.set(key, made);
        else {
          connections.set(key, {
            ...made,
            ...(event.host === undefined ? {} : { host: event.host }),
            ...(event.egress === undefined ? {} : { egress: event.egress }),
          });
        }
      }
    }
  }
  return { dns: [...dns.values()], connections: [...connections.values()], listeners: [...listeners.values()] };
}
