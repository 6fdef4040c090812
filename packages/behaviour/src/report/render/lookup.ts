import type { Finding, Signal, TraceEvent } from '@assay/kernel';
import type { Canary, NetworkRequest, ProcessNode } from '../schema/trace.ts';
import type { DynamicAnalysisReport } from '../schema.ts';

/** A report's members by id, and who cites them. */
export type Lookup = {
  events: ReadonlyMap<string, TraceEvent>;
  signals: ReadonlyMap<string, Signal>;
  requests: ReadonlyMap<string, NetworkRequest>;
  canaries: ReadonlyMap<string, Canary>;
  /** Indexes of the findings that cite an event or a signal. */
  citedBy: ReadonlyMap<string, readonly number[]>;
  /** A process and its ancestors, eldest first; empty when unknown. Ends even if a report's tree is a ring. */
  ancestry(process: string): ProcessNode[];
};

export function lookupOf(report: DynamicAnalysisReport): Lookup {
  // A map: `constructor` is a name that an object already has.
  const nodes = new Map(Object.entries(report.process_tree.nodes));
  const citedBy = new Map<string, number[]>();
  for (const [index, { evidence }] of report.findings.entries()) {
    for (const id of new Set(evidence)) citedBy.set(id, [...(citedBy.get(id) ?? []), index]);
  }
  return {
    events: byId(report.events),
    signals: byId(report.static.signals),
    requests: new Map(report.network.requests.map((request) => [request.event, request])),
    canaries: byId(report.canaries),
    citedBy,
    ancestry: (process) => {
      const chain = new Set<ProcessNode>();
      let node = nodes.get(process);
      while (node !== undefined && !chain.has(node)) {
        chain.add(node);
        node = node.parent_key === undefined ? undefined : nodes.get(node.parent_key);
      }
      return [...chain].reverse();
    },
  };
}

function byId<T extends { id: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}

/** What a finding rests on, resolved: a place in a file, an event, or nothing (the report was cut by somebody else). */
export type EvidenceItem =
  | { kind: 'signal'; id: string; signal: Signal }
  | { kind: 'event'; id: string; event: TraceEvent }
  | { kind: 'missing'; id: string };

export function evidenceOf(finding: Finding, lookup: Lookup): EvidenceItem[] {
  return finding.evidence.map((id) => {
    const event = lookup.events.get(id);
    if (event !== undefined) return { kind: 'event', id, event };
    const signal = lookup.signals.get(id);
    return signal === undefined ? { kind: 'missing', id } : { kind: 'signal', id, signal };
  });
}
