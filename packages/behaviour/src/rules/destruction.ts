import type { TraceEvent } from '@assay/kernel';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

const minFiles = 10;

/** Outside the package, the installed tree, caches and temporary folders: what belongs to the user. */
export function isUsersOwn(path: string | undefined): boolean {
  if (path === undefined || !path.startsWith('~/')) return false;
  return !/^~\/(\.cache|\.npm|\.node-gyp|\.local\/share\/Trash|\.config\/(configstore|[^/]+-nodejs)|(?:[^/]+\/)*node_modules)(\/|$)/.test(
    path,
  );
}

/** `destroy.mass-delete`: one package deletes, empties or overwrites at least ten of the user's files. */
export const massDelete: RunRule = (run, all) => {
  const groups = new Map<string, Map<string, TraceEvent[]>>();
  for (const event of run.events) {
    const { type, path, mode, own, outcome } = event;
    const destructive =
      type === 'file.delete' || type === 'file.rename' || (type === 'file.write' && mode !== 'create');
    if (!destructive || outcome !== 'ok' || path === undefined || !isUsersOwn(path) || !byPackage(run, event)) continue;
    const key = `${event.phase} ${ownerOf(run, all, event)}`;
    const files = groups.get(key) ?? new Map<string, TraceEvent[]>();
    // What it made itself is its own to delete; what it only changed before is not.
    if (own === true && !files.has(path)) continue;
    groups.set(key, files.set(path, [...(files.get(path) ?? []), event]));
  }
  const drafts: Draft[] = [];
  for (const files of groups.values()) {
    const events = [...files.values()].flat();
    const first = events[0];
    if (first === undefined || files.size < minFiles) continue;
    drafts.push({
      id: 'destroy.mass-delete',
      phase: first.phase,
      package: ownerOf(run, all, first),
      evidence: evidenceOf(
        ancestry(run, first.process),
        [...files.values()].slice(0, 16).map((one) => one[0]?.id),
      ),
      summary: `deleted or overwrote ${files.size} files of the user, e.g. ${first.path}`,
    });
  }
  return drafts;
};
