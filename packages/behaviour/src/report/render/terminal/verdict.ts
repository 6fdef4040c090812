import { visible } from '../../visible.ts';
import { gapsOf } from '../gaps.ts';
import type { Style } from './layout.ts';
import { paragraph, plural, type Sheet, section, some } from './sheet.ts';

const looks = {
  malicious: { mark: '✖', style: ['bold', 'white', 'bgRed'] },
  suspicious: { mark: '▲', style: ['bold', 'black', 'bgYellow'] },
  inconclusive: { mark: '?', style: ['bold', 'white', 'bgMagenta'] },
  benign: { mark: '✔', style: ['bold', 'black', 'bgGreen'] },
} as const satisfies Record<string, { mark: string; style: Style }>;

export function verdictLines(sheet: Sheet): string[] {
  const { report, paint } = sheet;
  const { level, score, coverage } = report.verdict;
  const { mark, style } = looks[level];
  const blocking = gapsOf(report).filter((gap) => gap.blocking).length;
  const measured =
    coverage === 'complete'
      ? paint('green', 'everything that a verdict needs was measured')
      : paint(['bold', 'magenta'], `coverage partial: ${plural(blocking, 'gap')}, see NOT MEASURED`);
  const name = visible(report.purl, 'ascii');
  return [
    paint('bold', name),
    ...(report.requested_purl === report.purl
      ? []
      : [paint('dim', `asked for ${visible(report.requested_purl, 'ascii')}`)]),
    '',
    `${paint([...style], ` ${mark} ${level.toUpperCase()} `)}  score ${score}/100  ${measured}`,
    ...(report.explanation === undefined
      ? []
      : ['', ...paragraph(sheet, `Model ${visible(report.explanation.model)}: ${visible(report.explanation.text)}`, 2, 'dim')]),
  ];
}

export function gapLines(sheet: Sheet): string[] {
  const { report, paint, width } = sheet;
  const gaps = gapsOf(report);
  const lines = gaps.map(({ blocking, where, what, text }) => {
    const head = `${blocking ? '■' : '□'} ${visible(where)} · ${visible(what)}`;
    const style: Style = blocking ? ['bold', 'magenta'] : 'magenta';
    const body = visible(text);
    if (head.length + body.length + 4 <= width) return `${paint(style, head)}  ${body}`;
    return [paint(style, head), ...paragraph(sheet, body, 4)].join('\n');
  });
  const blocking = gaps.filter((gap) => gap.blocking).length;
  const note = blocking > 0 ? `${blocking} of ${gaps.length} rule out benign` : '';
  return section(sheet, 'NOT MEASURED', some(sheet, lines, Math.max(12, blocking), 'gaps'), note);
}
