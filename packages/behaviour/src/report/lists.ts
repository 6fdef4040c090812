import type { FileAccess, PhaseReport } from './schema/analysis.ts';
import type { Dependencies, Dependency } from './schema/subject.ts';
import type { ProcessTree } from './schema/trace.ts';
import { type DynamicAnalysisReport, maxEvents } from './schema.ts';
import { pinned, worthOfEvent } from './worth.ts';

/** A list of a report that may be cut when the report is too large, and what each of its members is worth. */
export type CuttableList = {
  /** Name in `truncation`. */
  field: string;
  items: readonly unknown[];
  /** Kept for the typical size; only the hard cap goes below. */
  floor: number;
  /** One number per item, read after the lists before this one were cut; `pinned` stays. */
  worths(): number[];
  /** Writes the shortened list back. */
  replace(items: readonly unknown[]): void;
};

/** Evidence that nobody may cut: what findings cite, and the request that carried a cited decoy value. */
export function citedBy({ findings, events }: Pick<DynamicAnalysisReport, 'findings' | 'events'>): Set<string> {
  const cited = new Set(findings.flatMap(({ evidence }) => evidence));
  for (const { id, request } of events) if (request !== undefined && cited.has(id)) cited.add(request);
  return cited;
}

/** The lists of a report, least valuable first. `replace` changes the report that was given. */
export function cuttableLists(report: DynamicAnalysisReport): CuttableList[] {
  const cited = citedBy(report);
  const keep = (id: string, worth: number) => (cited.has(id) ? pinned : worth);
  const nodes = new Map(Object.entries(report.process_tree.nodes));
  const isTool = (key: string) => nodes.get(key)?.toolchain ?? false;
  const { network, static: reading } = report;
  const lists: CuttableList[] = [
    list(
      'static.parse_failures',
      reading.parse_failures,
      50,
      () => 1,
      (kept) => (reading.parse_failures = kept),
    ),
    list(
      'static.signals',
      reading.signals,
      300,
      ({ id }) => keep(id, 1),
      (kept) => (reading.signals = kept),
    ),
    list(
      'events',
      report.events,
      Math.round(maxEvents / 4),
      (event) => keep(event.id, worthOfEvent(event, isTool(event.process))),
      (kept) => (report.events = kept),
    ),
    processes(report),
    ...(['install', 'import', 'execute'] as const).flatMap((phase) => phaseLists(phase, report.Analysis[phase])),
    list(
      'network.connections',
      network.connections,
      100,
      ({ event, egress }) => keep(event, egress === 'mirror' ? 1 : 2),
      (kept) => (network.connections = kept),
    ),
    list(
      'network.dns',
      network.dns,
      100,
      ({ event }) => keep(event, 1),
      (kept) => (network.dns = kept),
    ),
    list(
      'network.requests',
      network.requests,
      100,
      ({ event, egress, canary_hits }) => (canary_hits.length > 0 ? pinned : keep(event, egress === 'mirror' ? 1 : 2)),
      (kept) => (network.requests = kept),
    ),
    list(
      'network.listeners',
      network.listeners,
      50,
      ({ event }) => keep(event, 1),
      (kept) => (network.listeners = kept),
    ),
    list(
      'dropped_files',
      report.dropped_files,
      100,
      ({ created, executed }) => keep(created, executed === undefined ? 1 : 2),
      (kept) => (report.dropped_files = kept),
    ),
    ...report.triggers.runs.map((run) =>
      list(
        `triggers.runs[${run.run}].new_behaviour`,
        run.new_behaviour,
        100,
        (id) => keep(id, 1),
        (kept) => (run.new_behaviour = kept),
      ),
    ),
    ...report.canaries.flatMap((canary) => [
      list(
        `canaries[${canary.id}].reads`,
        canary.reads,
        20,
        (id) => keep(id, 1),
        (kept) => (canary.reads = kept),
      ),
      list(
        `canaries[${canary.id}].egress`,
        canary.egress,
        20,
        (id) => keep(id, 1),
        (kept) => (canary.egress = kept),
      ),
    ]),
    ...(report.dependencies === undefined ? [] : [packages(report.dependencies)]),
  ];
  return [...lists, ...differences(report)];
}

function list<Item>(
  field: string,
  items: Item[],
  floor: number,
  worth: (item: Item) => number,
  write: (kept: Item[]) => void,
): CuttableList {
  return { field, items, floor, worths: () => items.map(worth), replace: (kept) => write(kept as Item[]) };
}

function packages(tree: Dependencies): CuttableList {
  const worth = (d: Dependency) => (d.new ? 3 : d.hooks.length > 0 ? 2 : 1);
  return list('dependencies.packages', tree.packages, 300, worth, (kept) => (tree.packages = kept));
}

function phaseLists(name: string, phase: PhaseReport): CuttableList[] {
  if (phase.Status === 'not_measured') return [];
  const worth = ({ Path, Write, Delete }: FileAccess) => (Path.startsWith('{') ? 0 : 2) + (Write || Delete ? 1 : 0);
  return [
    list(`Analysis.${name}.Files`, phase.Files, 200, worth, (kept) => (phase.Files = kept)),
    list(
      `Analysis.${name}.Sockets`,
      phase.Sockets,
      100,
      () => 1,
      (kept) => (phase.Sockets = kept),
    ),
    list(
      `Analysis.${name}.DNS`,
      phase.DNS,
      100,
      () => 1,
      (kept) => (phase.DNS = kept),
    ),
    list(
      `Analysis.${name}.Commands`,
      phase.Commands,
      100,
      () => 1,
      (kept) => (phase.Commands = kept),
    ),
  ];
}

/** The tree stays a tree: what a kept event or request names stays with its ancestors, and children go before parents. */
function processes(report: DynamicAnalysisReport): CuttableList {
  const tree = report.process_tree;
  return {
    field: 'process_tree.nodes',
    items: Object.values(tree.nodes),
    floor: 200,
    worths: () => {
      const worth = new Map<string, number>();
      for (const { key, toolchain } of Object.values(tree.nodes)) raise(tree, worth, key, toolchain ? 1 : 2);
      const { requests, dns, connections, listeners } = report.network;
      const named = [...report.events, ...requests, ...dns, ...connections, ...listeners];
      for (const key of new Set(named.map(({ process }) => process))) raise(tree, worth, key, pinned);
      return Object.keys(tree.nodes).map((key) => worth.get(key) ?? 1);
    },
    replace: (items) => {
      const kept = new Set(items);
      tree.nodes = Object.fromEntries(Object.entries(tree.nodes).filter(([, node]) => kept.has(node)));
      tree.roots = tree.roots.filter((key) => Object.hasOwn(tree.nodes, key));
    },
  };
}

/** Gives a process and its ancestors at least `worth`, each ancestor a little more than its child. */
function raise(tree: ProcessTree, worths: Map<string, number>, from: string, worth: number): void {
  let least = worth;
  const passed = new Set<string>();
  for (let key: string | undefined = from; key !== undefined; key = tree.nodes[key]?.parent_key) {
    const before = worths.get(key);
    if (passed.has(key) || (before !== undefined && before >= least)) return;
    passed.add(key);
    worths.set(key, least);
    least += 1e-6;
  }
}

function differences({ baseline }: DynamicAnalysisReport): CuttableList[] {
  if (baseline.status !== 'compared') return [];
  return (['removed', 'new'] as const).flatMap((side) =>
    Object.entries(baseline[side]).map(([key, names]) =>
      list(
        `baseline.${side}.${key}`,
        names ?? [],
        100,
        () => 1,
        (kept) => {
          baseline[side] = { ...baseline[side], [key]: kept };
        },
      ),
    ),
  );
}
