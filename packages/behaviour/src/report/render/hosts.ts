import type { NetworkRequest } from '../schema/trace.ts';
import type { DynamicAnalysisReport } from '../schema.ts';

/** Everything that was seen of one host (or bare address), over all runs. */
export type HostSummary = {
  host: string;
  requests: NetworkRequest[];
  lookups: number;
  connections: number;
  decoys: ReadonlySet<string>;
  egress: ReadonlySet<string>;
  runs: ReadonlySet<string>;
  phases: ReadonlySet<string>;
};

/** Hosts by what they got: decoys first, then requests, then bare connections and lookups; the registry mirror last. */
export function hostsOf({ network }: Pick<DynamicAnalysisReport, 'network'>): HostSummary[] {
  type Draft = HostSummary & { decoys: Set<string>; egress: Set<string>; runs: Set<string>; phases: Set<string> };
  const hosts = new Map<string, Draft>();
  const at = (host: string, seen: { run: string; phase: string; egress?: string | undefined }): Draft => {
    const draft: Draft = hosts.get(host) ?? {
      host,
      requests: [],
      lookups: 0,
      connections: 0,
      decoys: new Set(),
      egress: new Set(),
      runs: new Set(),
      phases: new Set(),
    };
    hosts.set(host, draft);
    draft.runs.add(seen.run);
    draft.phases.add(seen.phase);
    if (seen.egress !== undefined) draft.egress.add(seen.egress);
    return draft;
  };
  for (const request of network.requests) {
    const draft = at(request.host, request);
    draft.requests.push(request);
    for (const { canary } of request.canary_hits) draft.decoys.add(canary);
  }
  for (const seen of network.connections) at(seen.host ?? seen.ip, seen).connections += seen.count;
  for (const seen of network.dns) at(seen.host, seen).lookups += seen.count;
  return [...hosts.values()].sort((a, b) => rank(b) - rank(a) || (a.host < b.host ? -1 : 1));
}

function rank({ decoys, requests, connections, egress }: HostSummary): number {
  const own = egress.size === 1 && egress.has('mirror') ? 0 : 1;
  return own * 1000 + decoys.size * 10 + (requests.length > 0 ? 2 : 0) + (connections > 0 ? 1 : 0);
}
