import type { DynamicAnalysisReport } from '../schema.ts';
import { benignReport } from './benign.ts';
import { Tape } from './tape.ts';

/** The benign report with a busier run: as many events as asked for, over a process per forty of them. */
export function largeReport(eventCount: number): DynamicAnalysisReport {
  const report = benignReport();
  const tape = new Tape().at('r1', 'install');
  const npm = tape.start(undefined, ['npm', 'install'], { toolchain: true, key: 'x1' });
  let process = npm;
  while (tape.events.length < eventCount) {
    const index = tape.events.length;
    if (index % 40 === 0) process = tape.start(npm, ['cc', '-c', `unit-${index}.c`], { toolchain: index % 80 === 0 });
    const path = index % 3 === 0 ? `{pkg}/build/unit-${index}.o` : `~/.cache/cc/${index % 97}/unit-${index}`;
    tape.add(process, index % 2 === 0 ? 'file.write' : 'file.read', { path, bytes: index });
  }
  const renamed = (key: string) => `x${key.slice(1)}`;
  const nodes = Object.values(tape.nodes).map((node) => {
    const { parent_key, ...rest } = { ...node, key: renamed(node.key) };
    return parent_key === undefined ? rest : { ...rest, parent_key: renamed(parent_key) };
  });
  const first = report.events.length + 1;
  return {
    ...report,
    events: [
      ...report.events,
      ...tape.events
        .slice(0, eventCount - report.events.length)
        .map((event, index) => ({ ...event, id: `e${first + index}`, process: renamed(event.process) })),
    ],
    process_tree: {
      nodes: { ...report.process_tree.nodes, ...Object.fromEntries(nodes.map((node) => [node.key, node])) },
      roots: [...report.process_tree.roots, renamed(npm)],
    },
  };
}
