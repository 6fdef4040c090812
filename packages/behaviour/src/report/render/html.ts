import { createHash } from 'node:crypto';
import type { VerdictLevel } from '@assay/kernel';
import type { DynamicAnalysisReport } from '../schema.ts';
import { pageData } from './html/data.ts';
import { findingBlock } from './html/findings.ts';
import { hallmark, touchstone } from './html/hallmark.ts';
import { type Leaf, leafOf, livingSection, section } from './html/leaf.ts';
import { html, jsonBlock, Markup } from './html/markup.ts';
import { pageScript } from './html/script.ts';
import {
  changeSection,
  decoySection,
  droppedSection,
  environmentSection,
  gapSection,
  runSection,
} from './html/sections.ts';
import { style } from './page/index.ts';
import { storyOf } from './story.ts';

/**
 * The report as one self-contained HTML file: nothing is loaded, nothing is sent.
 *
 * *Shape:* verdict, reasons, findings, gaps, runs and environment are plain HTML; what is long or lively is built by the
 * page's own script from a block of JSON, with text nodes only. A Content-Security-Policy allows that script and that style
 * by digest and nothing else. Package text is shown through `visible`.
 */
export function renderHtml(report: DynamicAnalysisReport): string {
  const leaf = leafOf(report);
  const script = pageScript();
  const policy = `default-src 'none'; script-src '${digest(script)}'; style-src '${digest(style)}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${report.verdict.level} · ${report.purl}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#why">Skip to the findings</a>
${head(report)}
<div class="sheet">
${contents(leaf)}
<main>
${told(leaf)}
${gapSection(leaf)}
${changeSection(leaf)}
${runSection(leaf)}
${livingSection('timeline', 'Timeline')}
${livingSection('processes', 'Processes', `${Object.keys(report.process_tree.nodes).length} in all runs`)}
${livingSection('network', 'Network')}
${livingSection('files', 'Files')}
${decoySection(leaf)}
${droppedSection(leaf)}
${livingSection('signals', 'Static reading', `${report.static.files_scanned} files, ${report.static.signals.length} signals`)}
${livingSection('dependencies', 'Dependencies', report.dependencies === undefined ? 'not measured' : `${report.dependencies.count}`)}
${livingSection('events', 'Events', `${report.events.length}`)}
${livingSection('output', 'Output', 'what the first run printed, its last 4 KiB')}
${environmentSection(leaf)}
<footer><p>It tells what this version did here, in these runs, and what was not measured. It does not prove what the version does elsewhere.</p></footer>
</main>
</div>
<aside class="slip" data-part="slip" aria-label="Evidence" hidden></aside>
<script type="application/json" id="data">${new Markup(jsonBlock(pageData(report, leaf.lookup)))}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

const meaning: Record<VerdictLevel, string> = {
  benign: 'Everything that a verdict needs was measured, and nothing of weight was found.',
  inconclusive: 'Nothing of weight was found, but too little was measured to call it benign.',
  suspicious: 'It does what a package should not do without saying so. Read the reasons before you use it.',
  malicious: 'The evidence below shows harm. Do not install it.',
};

function head(report: DynamicAnalysisReport): Markup {
  const { verdict, Package, purl, requested_purl, explanation } = report;
  const made = new Date(report.CreatedTimestamp * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  return html`<header class="stone">
<div class="band"><span class="wordmark">Assay</span><span class="kindof">dynamic analysis</span>${touchstone(report)}<button type="button" id="theme" hidden>Light or dark</button></div>
<div class="subject">
<div><h1>${Package.Name} <span class="version">${Package.Version}</span></h1>
<p class="purl"><code>${purl}</code>${requested_purl === purl ? '' : html` asked for as <code>${requested_purl}</code>`}</p></div>
${hallmark(report)}
</div>
<div class="verdict ${verdict.level}"><p class="level">${verdict.level}</p>
<p class="meaning">${meaning[verdict.level]}</p>
<p class="numbers"><span>score <b>${verdict.score}</b> of 100</span><span class="${verdict.coverage === 'partial' ? 'gap' : ''}">coverage <b>${verdict.coverage}</b></span><span>made <b><time datetime="${made}">${made}</time></b></span></p></div>
${explanation === undefined ? '' : html`<p class="model">Model ${explanation.model}: ${explanation.text}</p>`}
</header>`;
}

function contents({ report }: Leaf): Markup {
  const links: [string, string, number | undefined][] = [
    ['why', 'Why', report.verdict.reasons.length],
    ['gaps', 'Not measured', undefined],
    ['changes', 'Changes', undefined],
    ['runs', 'Runs', report.triggers.runs.length],
    ['timeline', 'Timeline', undefined],
    ['processes', 'Processes', Object.keys(report.process_tree.nodes).length],
    ['network', 'Network', report.network.requests.length],
    ['files', 'Files', undefined],
    ['decoys', 'Decoys', report.canaries.length],
    ['dropped', 'Dropped files', report.dropped_files.length],
    ['signals', 'Static reading', report.static.signals.length],
    ['dependencies', 'Dependencies', report.dependencies?.count],
    ['events', 'Events', report.events.length],
    ['output', 'Output', undefined],
    ['environment', 'Environment', undefined],
  ];
  return html`<nav aria-label="Sections"><ul>${links.map(
    ([id, title, count]) =>
      html`<li><a href="#${id}">${title}</a>${count === undefined ? '' : html` <span class="count">${count}</span>`}</li>\n`,
  )}</ul></nav>`;
}

function told(leaf: Leaf): Markup {
  const { reasons, others } = storyOf(leaf.report, leaf.lookup);
  const why =
    reasons.length === 0
      ? html`<p class="faint">No finding adds to the score.</p>`
      : reasons.map((one, index) => findingBlock(leaf, one, index + 1));
  const also = others.map((one) => findingBlock(leaf, one));
  return html`${section('why', 'Why', why, reasons.length === 0 ? '' : 'in the order it happened')}
${others.length === 0 ? '' : section('also', 'Also seen', also, 'not counted again')}`;
}
