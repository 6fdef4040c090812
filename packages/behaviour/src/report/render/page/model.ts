import type { TraceEvent } from '@assay/kernel';
import type { PageData, PageProcess } from './data.ts';
import type { Model } from './types.ts';

/** Indexes the data once. Self-contained: the page carries its source. */
export function makeModel(
  data: PageData,
  text: (value: string, max?: number) => string,
  kindOf: Model['kindOf'],
): Model {
  const gather = <K, V>(items: Iterable<V>, keyOf: (item: V) => K): Map<K, V[]> => {
    const groups = new Map<K, V[]>();
    for (const item of items) {
      const group = groups.get(keyOf(item));
      if (group === undefined) groups.set(keyOf(item), [item]);
      else group.push(item);
    }
    return groups;
  };
  const processes = new Map(data.processes.map((process) => [process.key, process]));
  const events = new Map(data.events.map((event) => [event.id, event]));
  const citedBy = new Map<string, number[]>();
  data.findings.forEach((finding, index) => {
    for (const id of new Set(finding.evidence)) citedBy.set(id, [...(citedBy.get(id) ?? []), index]);
  });
  const children = gather(data.processes, (process) => {
    const parent = process.parent_key;
    return parent !== undefined && processes.has(parent) ? parent : '';
  });
  const eventsOf = gather(data.events, (event: TraceEvent) => event.process);
  const ancestry = (key: string): PageProcess[] => {
    const chain = new Set<PageProcess>();
    let process = processes.get(key);
    while (process !== undefined && !chain.has(process)) {
      chain.add(process);
      process = process.parent_key === undefined ? undefined : processes.get(process.parent_key);
    }
    return [...chain].reverse();
  };
  const cited = new Set<string>();
  for (const id of citedBy.keys()) {
    const event = events.get(id);
    if (event !== undefined) cited.add(event.process);
  }
  const mattering = new Set<string>();
  for (const process of data.processes) {
    if (process.toolchain && !cited.has(process.key)) continue;
    for (const ancestor of ancestry(process.key)) mattering.add(ancestor.key);
  }
  return {
    events,
    processes,
    children,
    citedBy,
    eventsOf,
    ancestry,
    command: (process, max = 90) => text(process.argv.length > 0 ? process.argv.join(' ') : process.process_name, max),
    matters: (process) => mattering.has(process.key),
    isCited: (process) => cited.has(process.key),
    kindOf,
  };
}
