import type { ProcessNode } from '../../schema/trace.ts';
import { kindOf } from '../describe.ts';
import { type EvidenceItem, evidenceOf } from '../lookup.ts';
import type { Told } from '../story.ts';
import { chip, evidenceLink, type Leaf, seconds, severityMark } from './leaf.ts';
import { html, type Markup, type Piece } from './markup.ts';

/** One finding with its evidence, complete without the script. */
export function findingBlock(leaf: Leaf, { finding, index, reason }: Told, ordinal?: number): Markup {
  const { report } = leaf;
  const since = report.baseline.status === 'compared' ? ` since ${report.baseline.previous_version}` : '';
  const facts: Piece[] = [
    html`<code>${finding.id}</code>`,
    html`confidence ${finding.confidence}`,
    finding.phase,
    ...(finding.runs === undefined || finding.runs.length === 0 ? [] : [finding.runs.join(' ')]),
    ...(reason === undefined ? [] : [`weight ${reason.weight}`]),
    ...(finding.package === report.Package.Name ? [] : [`by ${finding.package}`]),
    ...(finding.mitre.length === 0 ? [] : [finding.mitre.join(' ')]),
  ];
  const text = reason?.text ?? finding.summary;
  return html`
<article class="finding ${finding.severity}" id="finding-${index}">
<h3>${ordinal === undefined ? '' : html`<span class="ordinal">${ordinal}</span> `}${finding.title} ${severityMark(finding.severity)}${
    finding.baseline === 'new' ? chip(`new${since}`, 'warn') : ''
  }</h3>
<p class="facts">${facts.map((fact, at) => [at === 0 ? '' : ' · ', fact])}</p>
<p class="summary">${text}</p>
${evidenceList(leaf, evidenceOf(finding, leaf.lookup))}
</article>`;
}

function evidenceList(leaf: Leaf, evidence: EvidenceItem[]): Markup {
  let process = '';
  const lines = evidence.map((item) => {
    if (item.kind !== 'event' || item.event.process === process) return evidenceLine(leaf, item);
    process = item.event.process;
    const { run, phase } = item.event;
    return [chain(leaf.lookup.ancestry(process), `${run} ${phase}`), evidenceLine(leaf, item)];
  });
  const most = 10;
  if (lines.length <= most + 2) return html`<ol class="evidence">${lines}</ol>`;
  return html`<ol class="evidence">${lines.slice(0, most)}</ol>
<details data-print><summary>${lines.length - most} more pieces of evidence</summary><ol class="evidence">${lines.slice(most)}</ol></details>`;
}

function chain(nodes: ProcessNode[], where: string): Markup {
  const commands = nodes.map(({ argv, process_name }, index) => {
    const command = argv.length > 0 ? argv.join(' ') : process_name;
    return html`${index === 0 ? '' : html` <span class="faint">›</span> `}<code>${command.length > 90 ? `${command.slice(0, 89)}…` : command}</code>`;
  });
  return html`<li class="chain"><span class="faint">${where}</span> ${commands}</li>\n`;
}

function evidenceLine({ words, lookup }: Leaf, item: EvidenceItem): Markup {
  if (item.kind === 'missing')
    return html`<li><span class="ref">${item.id}</span> <span class="gap">not in this report</span></li>\n`;
  if (item.kind === 'signal') {
    const { file, line, column, rule, snippet } = item.signal;
    return html`<li>${evidenceLink(item.id)} <span class="at">in file</span> <span class="kind file">matched</span> <span class="what"><code>${file}:${line}:${column}</code> <code class="faint">${snippet}</code>${chip(rule)}</span></li>\n`;
  }
  const { verb, what, note } = words(item.event);
  const request = lookup.requests.get(item.id);
  const carried = request?.canary_hits.map(({ canary }) => chip(`carries ${canary}`, 'bad')) ?? [];
  return html`<li>${evidenceLink(item.id)} <span class="at">${seconds(item.event.t_ms)}</span> <span class="kind ${kindOf(item.event)}">${verb}</span> <span class="what"><code>${what}</code> <span class="faint">${note}</span>${carried}</span></li>\n`;
}
