import { visible } from '../../visible.ts';
import { gapsOf } from '../gaps.ts';
import { cutTo, type Style, widthOf } from './layout.ts';
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
  const [tone, words]: [Style, string] =
    coverage === 'complete'
      ? ['green', 'everything that a verdict needs was measured']
      : [['bold', 'magenta'], `coverage partial: ${plural(blocking, 'gap')}, see NOT MEASURED`];
  const head = `${paint([...style], ` ${mark} ${level.toUpperCase()} `)}  score ${score}/100`;
  return [
    ...paragraph(sheet, visible(report.purl, 'ascii'), 0, 'bold'),
    ...(report.requested_purl === report.purl
      ? []
      : paragraph(sheet, `asked for ${visible(report.requested_purl, 'ascii')}`, 0, 'dim')),
    '',
    ...(sheet.width < 90 ? [head, ...paragraph(sheet, words, 1, tone)] : [`${head}  ${paint(tone, words)}`]),
    ...(report.explanation === undefined
      ? []
      : [
          '',
          ...paragraph(
            sheet,
            `Model ${visible(report.explanation.model)}: ${visible(report.explanation.text)}`,
            2,
            'dim',
          ),
        ]),
  ];
}

export function gapLines(sheet: Sheet): string[] {
  const { report, paint, width } = sheet;
  const gaps = gapsOf(report);
  const lines = gaps.map(({ blocking, where, what, text }) => {
    const head = cutTo(`${blocking ? '■' : '□'} ${visible(where)} · ${visible(what)}`, width);
    const style: Style = blocking ? ['bold', 'magenta'] : 'magenta';
    const body = visible(text);
    if (widthOf(head) + widthOf(body) + 2 <= width) return `${paint(style, head)}  ${body}`;
    return [paint(style, head), ...paragraph(sheet, body, 4)].join('\n');
  });
  const blocking = gaps.filter((gap) => gap.blocking).length;
  const note = blocking > 0 ? `${blocking} of ${gaps.length} rule out benign` : '';
  return section(sheet, 'NOT MEASURED', some(sheet, lines, Math.max(12, blocking), 'gaps'), note);
}
