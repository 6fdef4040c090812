import type { DroppedFile } from '../../schema/trace.ts';
import { visible } from '../../visible.ts';
import { isOutside, type TouchedPath, touchedPaths } from '../touched.ts';
import { cutTo, pad } from './layout.ts';
import { bytes, type Sheet, section, some } from './sheet.ts';

/** What was written or deleted outside the package's own folders, and what was captured on the way. */
export function fileLines(sheet: Sheet): string[] {
  return [
    ...section(sheet, 'FILES', some(sheet, touched(sheet), 25, 'paths'), 'outside the package'),
    ...section(
      sheet,
      'DROPPED FILES',
      some(
        sheet,
        sheet.report.dropped_files.map((file) => droppedLine(sheet, file)),
        12,
        'files',
      ),
    ),
  ];
}

function touched(sheet: Sheet): string[] {
  const changed = touchedPaths(sheet.report, sheet.lookup.citedBy).filter(
    (entry) => isOutside(entry.path) && (entry.write || entry.delete || entry.mode),
  );
  const lines = foldFolders(changed.map((entry) => ({ ...entry, verbs: verbsOf(entry), count: 1 })));
  lines.sort((a, b) => Number(b.cited) - Number(a.cited));
  const room = Math.max(16, sheet.width - 3 - 18 - 22);
  return lines.map(({ path, verbs, where, cited, count }) => {
    const name = pad(count > 1 ? `${visible(path)}/… ${count} files` : visible(path), room);
    const line = `${cited ? '◆' : ' '} ${pad(verbs, 16)} ${name} ${where.join(', ')}`;
    return ` ${sheet.paint(cited ? 'red' : 'reset', cutTo(line.trimEnd(), sheet.width - 1))}`;
  });
}

function verbsOf(entry: TouchedPath): string {
  const verbs = [entry.write ? 'wrote' : '', entry.mode ? 'set mode' : '', entry.delete ? 'deleted' : ''];
  return verbs.filter((verb) => verb !== '').join(', ');
}

type Line = TouchedPath & { verbs: string; count: number };

/** Four or more files of one folder that met the same fate become one line. */
function foldFolders(lines: Line[]): Line[] {
  const fate = ({ path, verbs, where, cited }: Line) =>
    [path.slice(0, Math.max(0, path.lastIndexOf('/'))), verbs, where.join(), cited].join('\0');
  return [...Map.groupBy(lines, fate).values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined || alike.length < 4 || !first.path.includes('/')) return alike;
    return [{ ...first, path: first.path.slice(0, first.path.lastIndexOf('/')), count: alike.length }];
  });
}

function droppedLine({ paint, width }: Sheet, file: DroppedFile): string {
  const facts = [
    file.kind,
    bytes(file.size_bytes),
    `entropy ${file.entropy.toFixed(1)}`,
    file.executed === undefined ? '' : `executed ${file.executed}`,
    file.deleted ? 'deleted again' : '',
    `sha256 ${file.sha256.slice(0, 12)}…`,
  ].filter((fact) => fact !== '');
  const text = cutTo(`${visible(file.path)}  ${facts.join(' · ')}`, width - 2);
  return `  ${file.executed === undefined ? text : paint('red', text)}`;
}
