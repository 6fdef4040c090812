import type { VerdictLevel } from '@assay/kernel';
import type { DynamicAnalysisReport } from '../../schema.ts';
import { html, type Markup } from './markup.ts';

const signs: Record<VerdictLevel, string> = {
  benign: 'M14 26l7 7 14-16',
  inconclusive: 'M18 19c0-8 13-8 13 0 0 5-6.5 5-6.5 10.5M24.500 36v.6',
  suspicious: 'M24.500 13v15M24.500 35v.6',
  malicious: 'M15 16l19 19M34 16L15 35',
};

/**
 * The marks struck on this report, as an assay office strikes them side by side: verdict, score, runs, year.
 */
export function hallmark({ verdict, triggers, CreatedTimestamp }: DynamicAnalysisReport): Markup {
  const done = triggers.runs.filter(({ status }) => status !== 'not_measured' && status !== 'error_analysis').length;
  const year = new Date(CreatedTimestamp * 1000).toISOString().slice(0, 4);
  const punch = (label: string, shape: string, inside: Markup, kind = '') => html`
<svg class="punch ${kind}" viewBox="0 0 49 54" role="img" aria-label="${label}"><path class="cartouche" d="${shape}"/>${inside}</svg>`;
  const word = (text: string, size: number) =>
    html`<text x="24.5" y="${27 + size * 0.36}" font-size="${size}" text-anchor="middle">${text}</text>`;
  return html`<div class="hallmark" role="group" aria-label="Marks">
${punch(`verdict ${verdict.level}`, 'M2 2h45v26c0 12-10 19-22.500 24C12 47 2 40 2 28z', html`<path class="sign" d="${signs[verdict.level]}"/>`, verdict.level)}
${punch(`score ${verdict.score} of 100`, 'M14 4h21l12 12v22L35 50H14L2 38V16z', word(String(verdict.score), verdict.score > 99 ? 17 : 21))}
${punch(`${done} of 6 runs measured`, 'M24.500 3C38 3 47 13 47 27s-9 24-22.500 24S2 41 2 27 11 3 24.500 3z', word(`${done}⁄6`, 17), done < 6 ? 'partial' : '')}
${punch(`year ${year}`, 'M5 5h39v44H5z', word(year, 14))}
</div>`;
}

/** The touchstone: one streak per run. Gold did nothing new, red did, an empty one was not drawn. */
export function touchstone({ triggers: { runs } }: DynamicAnalysisReport): Markup {
  const order = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'] as const;
  const streaks = order.map((id, index) => {
    const run = runs.find((one) => one.run === id);
    const missing = run === undefined || run.status === 'not_measured' || run.status === 'error_analysis';
    const state = missing
      ? 'missing'
      : run.new_behaviour.length > 0
        ? 'news'
        : run.status === 'completed'
          ? 'clean'
          : 'cut';
    const y = 9 + index * 9;
    return html`<path class="streak ${state}" d="M${4 + index * 3} ${y}q60-5 124 ${index % 2 === 0 ? -2 : 1}"><title>${id} ${state}</title></path>`;
  });
  return html`<svg class="touchstone" viewBox="0 0 150 60" role="img" aria-label="One streak per run: ${order
    .map((id) => `${id} ${runs.find((one) => one.run === id)?.status ?? 'not_measured'}`)
    .join(', ')}">${streaks}</svg>`;
}
