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

/** `destroy.mass-delete`: one process deletes, empties or overwrites at least ten of the user's files. */
export const massDelete: RunRule = (run, all) => {
  const groups = new Map<string, TraceEvent[]>();
  for (const event of run.events) {
    const destructive =
      event.type === 'file.delete' ||
      event.type === 'file.rename' ||
      (event.type === 'file.write' && event.mode !== 'create');
    // What it made itself is its own to delete.
    if (
      !destructive ||
      event.own === true ||
      event.outcome !== 'ok' ||
      !isUsersOwn(event.path) ||
      !byPackage(run, event)
    )
      continue;
    const owner = `${event.phase} ${ownerOf(run, all, event)}`;
    groups.set(owner, [...(groups.get(owner) ?? []), event]);
  }
  const drafts: Draft[] = [];
  for (const events of groups.values()) {
    const first = events[0];
    const files = new Set(events.map((event) => event.path));
    if (first === undefined || files.size < minFiles) continue;
    drafts.push({
      id: 'destroy.mass-delete',
      phase: first.phase,
      package: ownerOf(run, all, first),
      evidence: evidenceOf(
        ancestry(run, first.process),
        events.slice(0, 16).map((event) => event.id),
      ),
      summary: `deleted or overwrote ${files.size} files of the user, e.g. ${first.path}`,
    });
  }
  return drafts;
};
