import type { DynamicAnalysisReport } from '../schema.ts';

/** What happened to one path, over all runs. */
export type TouchedPath = {
  path: string;
  read: boolean;
  write: boolean;
  delete: boolean;
  mode: boolean;
  /** `r0 install`, … in order. */
  where: string[];
  /** Events about it, in order; those before the report was cut may be missing. */
  events: string[];
  cited: boolean;
};

/** Every path that was opened, written, deleted or changed, ordered by path (`note-9` before `note-10`). Failed attempts do not count. */
export function touchedPaths(report: DynamicAnalysisReport, cited: { has(id: string): boolean }): TouchedPath[] {
  const paths = new Map<string, TouchedPath>();
  const at = (path: string, where: string): TouchedPath => {
    const entry: TouchedPath = paths.get(path) ?? {
      path,
      read: false,
      write: false,
      delete: false,
      mode: false,
      where: [],
      events: [],
      cited: false,
    };
    paths.set(path, entry);
    if (!entry.where.includes(where)) entry.where.push(where);
    return entry;
  };
  for (const [phase, seen] of Object.entries(report.Analysis)) {
    if (seen.Status === 'not_measured') continue;
    for (const { Path, Read, Write, Delete } of seen.Files) {
      const entry = at(Path, `r0 ${phase}`);
      entry.read ||= Read;
      entry.write ||= Write;
      entry.delete ||= Delete;
    }
  }
  for (const event of report.events) {
    const { id, run, phase, type, outcome, path, to } = event;
    if (outcome !== 'ok' || path === undefined) continue;
    if (!type.startsWith('file.') && type !== 'canary.read') continue;
    const entry = at((type === 'file.rename' ? to : undefined) ?? path, `${run} ${phase}`);
    entry.read ||= type === 'file.read' || type === 'canary.read';
    entry.write ||= type === 'file.write' || type === 'file.rename' || type === 'file.link';
    entry.delete ||= type === 'file.delete';
    entry.mode ||= type === 'file.chmod';
    entry.events.push(id);
    entry.cited ||= cited.has(id);
  }
  for (const entry of paths.values()) entry.where.sort();
  const collator = new Intl.Collator('en', { numeric: true });
  return [...paths.values()].sort((a, b) => collator.compare(a.path, b.path));
}

/** Whether a path lies outside the folders that an installation is expected to fill. */
export function isOutside(path: string): boolean {
  return !/^\{(pkg|dep:)/.test(path);
}
