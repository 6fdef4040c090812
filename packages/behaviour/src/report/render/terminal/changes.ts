import { visible } from '../../visible.ts';
import { paragraph, type Sheet, section } from './sheet.ts';

const nouns: Record<string, string> = {
  hooks: 'install hooks',
  dependencies: 'dependencies',
  files: 'files',
  commands: 'commands',
  hosts: 'hosts contacted',
  canary_reads: 'decoys read',
  writes_outside: 'writes outside its folder',
};

/** What changed since the previous version, when there was one to compare with. */
export function changeLines(sheet: Sheet): string[] {
  const { baseline } = sheet.report;
  if (baseline.status !== 'compared') {
    const text =
      baseline.status === 'no_previous_version'
        ? `no previous version${baseline.reason === undefined ? '' : `: ${visible(baseline.reason)}`}`
        : `not compared: ${visible(baseline.reason)}`;
    return section(sheet, 'CHANGES', paragraph(sheet, text, 2, baseline.status === 'not_measured' ? 'magenta' : 'dim'));
  }
  const listed = (['new', 'removed'] as const).flatMap((side) =>
    Object.entries(baseline[side]).flatMap(([key, names]) => {
      if (names === undefined || names.length === 0) return [];
      const shown = sheet.full ? names : names.slice(0, 8);
      const rest = names.length > shown.length ? ` … ${names.length - shown.length} more` : '';
      const sign = side === 'new' ? '+' : '−';
      return paragraph(
        sheet,
        `${sign} ${nouns[key] ?? key}: ${shown.map((name) => visible(name)).join(', ')}${rest}`,
        2,
        side === 'new' ? 'yellow' : 'dim',
      );
    }),
  );
  const lines = listed.length > 0 ? listed : ['  nothing changed in what was compared'];
  return section(sheet, 'CHANGES', lines, `since ${visible(baseline.previous_version)}`);
}
