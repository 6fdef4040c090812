import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Work folders carry in their name who made them: the PID namespace, the process and when it began, so that a folder whose
 * maker was killed can be told from one in use, also when a process id has come round again or another container shares the
 * temporary directory.
 */
const pattern = /^assay-(\d+)-(\d+)-(\d+)-/;

/** A new, empty folder in `parent` for this process, closed to others. The caller removes it. */
export async function makeWorkFolder(parent: string): Promise<string> {
  return await mkdtemp(path.join(parent, `assay-${pidNamespace()}-${process.pid}-${beganAt('self')}-`));
}

/**
 * Removes the work folders in `parent` that analyses left which were killed, and says which.
 *
 * *Errors:* none for folders that belong to somebody else or vanish meanwhile: they are theirs to remove.
 */
export async function removeStaleWorkFolders(parent: string): Promise<string[]> {
  const here = pidNamespace();
  const stale = readdirSync(parent).filter((name) => {
    const [, namespace, pid, began] = pattern.exec(name) ?? [];
    return namespace === here && pid !== undefined && beganAt(pid) !== began;
  });
  const removed: string[] = [];
  for (const name of stale) {
    try {
      await rm(path.join(parent, name), { recursive: true, force: true });
      removed.push(name);
    } catch (error) {
      if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return removed;
}

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

/** Ticks after boot at which a process began; undefined when there is none. *Source:* proc(5), `/proc/<pid>/stat` field 22. */
function beganAt(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
