import type { Severity, TraceEvent } from '@assay/kernel';
import { visible } from '../../visible.ts';
import { type EvidenceItem, evidenceOf } from '../lookup.ts';
import { storyOf, type Told } from '../story.ts';
import { cutTo, pad, type Style, widthOf } from './layout.ts';
import { commandOf, paragraph, type Sheet, section, some, timeOf } from './sheet.ts';

const looks: Record<Severity, Style> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
};

export function findingLines(sheet: Sheet): string[] {
  const { reasons, others } = storyOf(sheet.report, sheet.lookup);
  const told = reasons.flatMap((one, index) => findingBlock(sheet, one, `${index + 1}`));
  const also = others.flatMap((one) => findingBlock(sheet, one, '·'));
  return [
    ...section(sheet, 'WHY', told, 'in the order it happened'),
    ...section(sheet, 'ALSO SEEN', also, 'not counted again'),
  ];
}

function findingBlock(sheet: Sheet, { finding, reason }: Told, number: string): string[] {
  const { paint, width, report } = sheet;
  const style = looks[finding.severity];
  const since = report.baseline.status === 'compared' ? ` since ${visible(report.baseline.previous_version)}` : '';
  const facts = [
    `${finding.severity}/${finding.confidence}`,
    finding.phase,
    ...(finding.runs === undefined || finding.runs.length === 0 ? [] : [visible(finding.runs.join(' '))]),
    ...(finding.baseline === 'new' ? [`new${since}`] : []),
    ...(finding.package === report.Package.Name ? [] : [`by ${visible(finding.package, 'ascii')}`]),
  ].join(' · ');
  const title = `${pad(number, 2)} ${cutTo(visible(finding.title), width - 4)}`;
  return [
    `${paint(style, title)}`,
    `   ${paint('dim', cutTo(`${finding.id} · ${facts}`, width - 3))}`,
    ...paragraph(sheet, visible(reason?.text ?? finding.summary), 3),
    ...evidenceLines(sheet, evidenceOf(finding, sheet.lookup), reason === undefined ? 6 : 14),
    '',
  ];
}

function evidenceLines(sheet: Sheet, evidence: EvidenceItem[], most: number): string[] {
  const lines: string[] = [];
  let process = '';
  for (const [index, item] of evidence.entries()) {
    if (item.kind === 'event' && item.event.process !== process) {
      process = item.event.process;
      lines.push(...ancestryLine(sheet, item.event));
    }
    const repeats = sheet.full ? 0 : repeatsAround(evidence, index);
    if (repeats === 0) lines.push(evidenceLine(sheet, item));
    else if (repeats > 1) lines.push(sheet.paint('dim', `     ${' '.repeat(17)}… ${repeats} more like it`));
  }
  return some(sheet, lines, most, 'pieces of evidence');
}

/**
 * Whether a piece of evidence is one of many alike: 0 = tell it; else it is in the middle of a row, and the first of those
 * left out gets the number of them all.
 */
function repeatsAround(evidence: EvidenceItem[], index: number): number {
  const kindOf = (item: EvidenceItem | undefined) =>
    item?.kind === 'event' ? `${item.event.process} ${item.event.type}` : undefined;
  const kind = kindOf(evidence[index]);
  if (kind === undefined) return 0;
  let [start, end] = [index, index];
  while (kindOf(evidence[start - 1]) === kind) start -= 1;
  while (kindOf(evidence[end + 1]) === kind) end += 1;
  if (end - start < 5 || index < start + 2 || index === end) return 0;
  return index === start + 2 ? end - index : 1;
}

function ancestryLine(sheet: Sheet, event: TraceEvent): string[] {
  const nodes = sheet.lookup.ancestry(event.process);
  if (nodes.length === 0) return [];
  const room = sheet.width - 5;
  const line = (each: number) => {
    const chain = nodes.map((node, index) => commandOf(node, index === nodes.length - 1 ? Math.max(each, 36) : each));
    return `${event.run} ${event.phase}  ${chain.join(' › ')}`;
  };
  const fitting = [60, 40, 28, 20, 14].map(line).find((text) => widthOf(text) <= room) ?? line(14);
  return [`     ${sheet.paint(['dim', 'italic'], cutTo(fitting, room))}`];
}

function evidenceLine({ paint, width, words }: Sheet, item: EvidenceItem): string {
  const id = pad(item.id, 6);
  const room = width - 5 - 6 - 1 - 10;
  if (item.kind === 'missing') return `     ${paint('dim', `${id} not in this report`)}`;
  if (item.kind === 'signal') {
    const { file, line, column, rule, snippet } = item.signal;
    const text = cutTo(`${visible(file)}:${line}:${column}  ${rule}  ${visible(snippet)}`, room);
    return `     ${paint('dim', id)} ${pad('in file', 9)} ${text}`;
  }
  const { verb, what, note } = words(item.event);
  const text = cutTo(`${pad(verb, 11)} ${what}${note === '' ? '' : ` · ${note}`}`, room);
  const proof = item.event.type === 'canary.egress' || item.event.type === 'canary.read';
  return `     ${paint('dim', id)} ${pad(timeOf(item.event.t_ms), 9)} ${proof ? paint('bold', text) : text}`;
}
