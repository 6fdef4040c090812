import { ReportError } from './errors.ts';
import { type CuttableList, citedBy, cuttableLists } from './lists.ts';
import type { Truncation } from './schema/environment.ts';
import { type DynamicAnalysisReport, maxEvents } from './schema.ts';
import { pinned } from './worth.ts';

export type ReportLimits = {
  /** Lists are cut down to their floors to reach this, bytes of JSON. */
  typicalBytes: number;
  /** Never exceeded, bytes of JSON. */
  maxBytes: number;
  maxEvents: number;
  /** Texts are shortened to this when lists alone do not suffice, characters; below `maxBytes` pressure to a tenth. */
  maxTextLength: number;
};

/** *Source:* package-analysis contract §3. */
export const reportLimits: ReportLimits = {
  typicalBytes: 1_000_000,
  maxBytes: 4 * 1024 * 1024,
  maxEvents,
  maxTextLength: 2_000,
};

/** Room for one `truncation` entry, bytes. */
const entryBytes = 96;

/**
 * Makes a report fit: cuts its lists, least valuable first, and names each cut in `truncation`.
 *
 * *Shape:* the given report is not changed. Evidence cited by a finding, findings, reasons and limitations stay whole;
 * order is kept; fitting twice changes nothing more. Texts are shortened only if lists do not suffice (`truncation` field
 * `text`, counted in characters), those of cited evidence last.
 * *Errors:* `REPORT_TOO_LARGE` when what may not be cut is too large by itself.
 */
export function fitReport(report: DynamicAnalysisReport, limits: ReportLimits = reportLimits): DynamicAnalysisReport {
  if (report.events.length <= limits.maxEvents && sizeOf(report) <= limits.typicalBytes) return report;
  const copy = structuredClone(report);
  const events = cuttableLists(copy).find(({ field }) => field === 'events');
  if (events !== undefined) cut(copy, events, { bytes: 0, items: copy.events.length - limits.maxEvents });
  cutAll(copy, limits.typicalBytes, (list) => list.floor);
  if (sizeOf(copy) > limits.typicalBytes) shorten(copy, limits.maxTextLength, citedBy(copy));
  cutAll(copy, limits.maxBytes, () => 0);
  if (sizeOf(copy) > limits.maxBytes) shorten(copy, Math.ceil(limits.maxTextLength / 10), new Set());
  const size = sizeOf(copy);
  if (size > limits.maxBytes || copy.events.length > limits.maxEvents) {
    throw new ReportError(
      'REPORT_TOO_LARGE',
      `the report has ${size} bytes and ${copy.events.length} events after every cut, at most ${limits.maxBytes} bytes and ` +
        `${limits.maxEvents} events are allowed; cite less evidence per finding`,
      { size, events: copy.events.length, findings: copy.findings.length },
    );
  }
  return copy;
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function cutAll(report: DynamicAnalysisReport, maxBytes: number, floorOf: (list: CuttableList) => number): void {
  let excess = sizeOf(report) - maxBytes;
  for (const list of cuttableLists(report)) {
    if (excess <= 0) return;
    excess -= cut(report, list, { bytes: excess, items: 0, floor: floorOf(list) });
  }
}

/** Drops the least valuable members until so many bytes and so many items are gone; returns the bytes won. */
function cut(
  report: DynamicAnalysisReport,
  list: CuttableList,
  wanted: { bytes: number; items: number; floor?: number },
): number {
  const worths = list.worths();
  const candidates = list.items
    .map((item, index) => ({ item, index, worth: worths[index] ?? pinned }))
    .filter(({ worth }) => worth !== pinned)
    .sort((a, b) => a.worth - b.worth || b.index - a.index);
  const dropped = new Set<number>();
  let won = -entryBytes;
  for (const { item, index } of candidates) {
    const enough = won >= wanted.bytes && dropped.size >= wanted.items;
    if (enough || list.items.length - dropped.size <= (wanted.floor ?? 0)) break;
    if (wanted.bytes === 0 && dropped.size >= wanted.items) break;
    dropped.add(index);
    won += sizeOf(item) + 1;
  }
  if (dropped.size === 0) return 0;
  const kept = list.items.filter((_, index) => !dropped.has(index));
  list.replace(kept);
  record(report.truncation, { field: list.field, kept: kept.length, total: list.items.length });
  return won;
}

/** A list that was already cut keeps the total it had in the beginning. */
function record(truncation: Truncation[], entry: Truncation): void {
  const earlier = truncation.find(({ field }) => field === entry.field);
  if (earlier === undefined) truncation.push(entry);
  else Object.assign(earlier, entry, { total: Math.max(earlier.total, entry.total) });
}

/** Shortens long texts of what happened, except in the events named. Base64 output and digests are no texts. */
function shorten(report: DynamicAnalysisReport, maxLength: number, except: ReadonlySet<string>): void {
  const counted = { kept: 0, total: 0 };
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') {
      if (value.length <= maxLength) return value;
      const text = `${value.slice(0, maxLength - 1).toWellFormed()}…`;
      counted.kept += text.length;
      counted.total += value.length;
      return text;
    }
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, isOpaque(key) ? member : visit(member)]),
    );
  };
  const shortened = <T>(value: T): T => visit(value) as T;
  report.events = report.events.map((event) => (except.has(event.id) ? event : shortened(event)));
  report.Analysis = shortened(report.Analysis);
  report.process_tree = shortened(report.process_tree);
  report.network = shortened(report.network);
  report.limitations = shortened(report.limitations);
  report.static = shortened(report.static);
  report.findings = shortened(report.findings);
  report.verdict = shortened(report.verdict);
  if (report.explanation !== undefined) report.explanation = shortened(report.explanation);
  if (counted.total > 0) record(report.truncation, { field: 'text', ...counted });
}

/** Keys of process nodes are names, too: shortening `key` and not the map would break the tree. */
function isOpaque(key: string): boolean {
  return ['Stdout', 'Stderr', 'key', 'parent_key', 'process', 'roots', 'id'].includes(key);
}
