import { type TraceEvent, verdictOf } from '@assay/kernel';
import type fc from 'fast-check';
import { coverageOf } from '../coverage.ts';
import { compareEvents, inCausalOrder } from '../order.ts';
import type { ProcessNode } from '../schema/trace.ts';
import type { DynamicAnalysisReport } from '../schema.ts';
import { lawlessReport } from './arbitrary.ts';

/** Reports full of hostile text that keep every law. */
export function lawfulReport(): fc.Arbitrary<DynamicAnalysisReport> {
  return lawlessReport().map(lawful);
}

/** Mends a report: same texts, but ids, references, order, tree and verdict as the laws want them. */
function lawful(report: DynamicAnalysisReport): DynamicAnalysisReport {
  const nodes = forest(Object.values(report.process_tree.nodes));
  const events = report.events
    .map(
      (event, index): TraceEvent => ({
        ...event,
        id: `e${index + 1}`,
        process: nodes[index % nodes.length]?.key ?? '',
      }),
    )
    .filter(({ process }) => process !== '')
    .sort(compareEvents);
  const ids = new Map(events.map((event) => [event.id, event]));
  const pick = <T>(items: readonly T[], from: number): T[] =>
    items.length === 0 ? [] : [items[from % items.length] as T];
  for (const event of events) {
    if (event.request !== undefined) event.request = events[0]?.id ?? event.id;
  }
  const signals = report.static.signals.map((signal, index) => ({ ...signal, id: `s${index + 1}` }));
  const canaries = report.canaries.map((canary, index) => ({
    ...canary,
    id: `c${index + 1}`,
    reads: pick(events, index).map(({ id }) => id),
    egress: pick(events, index * 7).map(({ id }) => id),
  }));
  const findings = report.findings.flatMap((finding, index) => {
    const cited = [...pick(signals, index), ...pick(events, index), ...pick(events, index * 3)].map(({ id }) => id);
    const evidence = inCausalOrder(cited, ids);
    return evidence.length === 0 ? [] : [{ ...finding, package: `${finding.package}#${index}`, evidence }];
  });
  const known = <T extends { event: string }>(items: readonly T[]): T[] =>
    items.flatMap((item, index) => pick(events, index).map(({ id, process }) => ({ ...item, event: id, process })));
  const network = report.network;
  const mended: DynamicAnalysisReport = {
    ...report,
    events,
    static: { ...report.static, signals },
    canaries,
    findings,
    network: {
      requests: known(network.requests),
      dns: known(network.dns),
      connections: known(network.connections),
      listeners: known(network.listeners),
    },
    dropped_files: report.dropped_files.flatMap((file, index) =>
      pick(events, index).map(({ id }) => ({ ...file, created: id })),
    ),
    triggers: {
      runs: report.triggers.runs.map((run, index) => ({
        ...run,
        new_behaviour: pick(events, index).map(({ id }) => id),
      })),
    },
    process_tree: {
      nodes: Object.fromEntries(nodes.map((node) => [node.key, node])),
      roots: nodes.filter(({ parent_key }) => parent_key === undefined).map(({ key }) => key),
    },
    capabilities: Object.fromEntries(
      Object.entries(report.capabilities).map(([channel, seen]) => [
        channel,
        { ...seen, reason: seen.reason ?? 'none given' },
      ]),
    ),
    environment: {
      ...report.environment,
      isolation: { ...report.environment.isolation, effective: report.environment.isolation.requested },
    },
    artifacts: report.artifacts.filter(
      ({ name }, index, all) => all.findIndex((other) => other.name === name) === index,
    ),
    truncation: [],
  };
  delete mended.explanation;
  return { ...mended, verdict: verdictOf(mended.findings, coverageOf(mended)) };
}

/** Each process below the one before it, or a root; there is always one. */
function forest(nodes: readonly ProcessNode[]): ProcessNode[] {
  const first: ProcessNode = {
    key: 'p1',
    pid: 1,
    process_name: 'npm',
    argv: ['npm', 'install'],
    run: 'r0',
    phase: 'install',
    toolchain: true,
    start_ms: 0,
  };
  const rest = nodes.map((node, index): ProcessNode => {
    const { parent_key: _given, ...kept } = node;
    const below = index % 3 === 0 ? {} : { parent_key: `p${index + 1}` };
    return { ...kept, key: `p${index + 2}`, ...below };
  });
  return [first, ...rest];
}
