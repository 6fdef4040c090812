import type { ProcessNode } from '../../schema/trace.ts';
import { visible } from '../../visible.ts';
import { cutTo, widthOf } from './layout.ts';
import { commandOf, type Sheet, section, some } from './sheet.ts';

type Family = { node: ProcessNode; children: Family[]; cited: boolean; alike: number };

/**
 * The processes of the first run as a tree. The package manager's own doings are counted, not told; processes whose events
 * findings cite are marked.
 */
export function processLines(sheet: Sheet): string[] {
  const { nodes } = sheet.report.process_tree;
  const inRun = Object.values(nodes).filter(({ run }) => run === 'r0');
  const cited = new Set([...sheet.lookup.citedBy.keys()].flatMap((id) => sheet.lookup.events.get(id)?.process ?? []));
  const children = Map.groupBy(inRun, ({ parent_key }) => parent_key ?? '');
  const visited = new Set<string>();
  const grow = (node: ProcessNode): Family => {
    visited.add(node.key);
    const below = (children.get(node.key) ?? []).filter(({ key }) => !visited.has(key)).map(grow);
    return { node, children: below, cited: cited.has(node.key), alike: 1 };
  };
  const roots = inRun
    .filter(({ parent_key }) => parent_key === undefined || !Object.hasOwn(nodes, parent_key))
    .map(grow);
  const lines = roots.flatMap((root) => branch(sheet, root, '  ', '  '));
  const note = `r0 · ${inRun.length} of ${Object.keys(nodes).length} in all runs`;
  return section(sheet, 'PROCESSES', some(sheet, lines, 40, 'lines'), note);
}

function branch(sheet: Sheet, family: Family, lead: string, indent: string): string[] {
  const told = foldAlike(family.children.filter((child) => sheet.full || matters(child)));
  const hidden = family.children
    .filter((child) => !sheet.full && !matters(child))
    .reduce((sum, child) => sum + sizeOf(child), 0);
  const lines = [processLine(sheet, family, lead)];
  for (const [index, child] of told.entries()) {
    const last = index === told.length - 1 && hidden === 0;
    lines.push(...branch(sheet, child, `${indent}${last ? '└ ' : '├ '}`, `${indent}${last ? '  ' : '│ '}`));
  }
  if (hidden > 0) lines.push(sheet.paint('dim', `${indent}└ … ${hidden} of the toolchain`));
  return lines;
}

function processLine({ paint, width, report }: Sheet, { node, cited, alike }: Family, lead: string): string {
  const end = node.signal ?? (node.exit_code === undefined ? '' : node.exit_code === 0 ? '' : `exit ${node.exit_code}`);
  const time = node.exit_ms === undefined ? '' : `${node.exit_ms - node.start_ms} ms`;
  const of = node.package === undefined || node.package === report.Package.Name ? '' : `of ${node.package}`;
  const facts = [alike > 1 ? `×${alike}` : '', of, end, time].filter((fact) => fact !== '').join(' · ');
  const told = facts === '' ? '' : `  ${cutTo(visible(facts), 40)}`;
  // A very deep tree loses the left part of its lines, never the command.
  const trunk = lead.length > width - 30 ? `…${lead.slice(-(width - 31))}` : lead;
  const room = Math.max(8, width - trunk.length - widthOf(told) - (cited ? 2 : 0));
  const command = commandOf(node, room);
  const shown = cited ? paint(['bold', 'red'], `◆ ${command}`) : node.toolchain ? paint('dim', command) : command;
  return `${paint('dim', trunk)}${shown}${paint('dim', cutTo(told, width - trunk.length - 10))}`;
}

function matters(family: Family): boolean {
  return family.cited || !family.node.toolchain || family.children.some(matters);
}

function sizeOf(family: Family): number {
  return family.children.reduce((sum, child) => sum + sizeOf(child), 1);
}

/** Neighbours without children that ran the same command become one line. */
function foldAlike(families: Family[]): Family[] {
  const folded: Family[] = [];
  for (const family of families) {
    const before = folded.at(-1);
    const same =
      before !== undefined &&
      before.children.length + family.children.length === 0 &&
      before.cited === family.cited &&
      before.node.argv.join('\0') === family.node.argv.join('\0');
    if (same) before.alike += 1;
    else folded.push({ ...family });
  }
  return folded;
}
