import type { Severity, TraceEvent } from '@assay/kernel';
import type { DynamicAnalysisReport } from '../../schema.ts';
import { visible } from '../../visible.ts';
import { describeEvent, type EventWords } from '../describe.ts';
import { type Lookup, lookupOf } from '../lookup.ts';
import { html, type Markup, type Piece } from './markup.ts';

/** What every section of the page is written with. */
export type Leaf = {
  report: DynamicAnalysisReport;
  lookup: Lookup;
  words(event: TraceEvent): EventWords;
};

export function leafOf(report: DynamicAnalysisReport): Leaf {
  const lookup = lookupOf(report);
  const vocabulary = { show: visible, decoyKind: (id: string) => lookup.canaries.get(id)?.kind };
  return { report, lookup, words: (event) => describeEvent(event, vocabulary) };
}

/** A section with its heading; `note` stands beside it. */
export function section(id: string, title: string, body: Piece, note: Piece = ''): Markup {
  return html`
<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title} <small>${note}</small></h2>
${body}
</section>`;
}

/** A section that the page's script fills. */
export function livingSection(id: string, title: string, note: Piece = ''): Markup {
  const place = html`<div data-part="${id}" data-follows="run"><p class="gap">This part needs JavaScript; the JSON report holds the same.</p></div>`;
  return section(id, title, place, note);
}

export function table(caption: string, head: readonly string[], rows: readonly (readonly Piece[])[]): Markup {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption class="unseen">${caption}</caption>
<thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

export function evidenceLink(id: string): Markup {
  return html`<a class="ref" href="#${id}">${id}</a>`;
}

export function chip(text: Piece, kind: '' | 'bad' | 'warn' | 'good' | 'gap' = ''): Markup {
  return html`<span class="chip ${kind}">${text}</span>`;
}

export function severityMark(severity: Severity): Markup {
  return html`<span class="severity ${severity}">${severity}</span>`;
}

export function seconds(ms: number): string {
  return `+${(ms / 1000).toFixed(3)} s`;
}

export function duration(ms: number): string {
  return ms < 10_000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function byteCount(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}
