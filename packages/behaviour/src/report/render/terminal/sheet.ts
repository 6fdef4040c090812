import type { TraceEvent } from '@assay/kernel';
import type { DynamicAnalysisReport } from '../../schema.ts';
import { visible } from '../../visible.ts';
import { describeEvent, type EventWords } from '../describe.ts';
import { type Lookup, lookupOf } from '../lookup.ts';
import { cutTo, type Paint, painter, type Style, widthOf, wrap } from './layout.ts';

/** What every section of the terminal report is written with. */
export type Sheet = {
  report: DynamicAnalysisReport;
  lookup: Lookup;
  /** Columns. */
  width: number;
  /** Lists are told in full. */
  full: boolean;
  paint: Paint;
  words(event: TraceEvent): EventWords;
};

export function sheetOf(
  report: DynamicAnalysisReport,
  { width, colour, full }: { width: number; colour: boolean; full: boolean },
): Sheet {
  const lookup = lookupOf(report);
  const decoyKind = (id: string) => lookup.canaries.get(id)?.kind;
  return {
    report,
    lookup,
    width: Math.max(40, Math.min(width, 160)),
    full,
    paint: painter(colour),
    words: (event) => describeEvent(event, { show: visible, decoyKind }),
  };
}

/** A section: its heading and its lines; nothing at all when there are no lines. */
export function section(sheet: Sheet, title: string, lines: readonly string[], note = ''): string[] {
  if (lines.length === 0) return [];
  const tail = note === '' ? '' : ` ${cutTo(note, sheet.width - title.length - 4)}`;
  const rule = '─'.repeat(Math.max(0, sheet.width - title.length - 1 - widthOf(tail)));
  const body = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  return ['', `${sheet.paint('bold', title)} ${sheet.paint('dim', rule + tail)}`, ...body];
}

/** Text in lines under an indent, each painted. */
export function paragraph(sheet: Sheet, text: string, indent: number, style?: Style): string[] {
  return wrap(text, sheet.width - indent).map(
    (line) => ' '.repeat(indent) + (style === undefined ? line : sheet.paint(style, line)),
  );
}

/** The first `most` lines and how many there would have been, unless everything is to be told. */
export function some(sheet: Sheet, lines: readonly string[], most: number, noun: string): string[] {
  if (sheet.full || lines.length <= most) return [...lines];
  return [...lines.slice(0, most), sheet.paint('dim', `    … ${lines.length - most} more ${noun}`)];
}

/** Seconds from the start of the run, e.g. `+1.702s`. */
export function timeOf(ms: number): string {
  return `+${(ms / 1000).toFixed(3)}s`;
}

/** A process as one reads it: its command line, or its name. */
export function commandOf(node: { argv: readonly string[]; process_name: string }, width = 60): string {
  return cutTo(visible(node.argv.length > 0 ? node.argv.join(' ') : node.process_name), width);
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
