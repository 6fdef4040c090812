import { once } from 'node:events';
import { throwIfInterrupted, VcsError } from './errors.ts';
import type { Git } from './git.ts';

export type LockKind = 'shared' | 'exclusive';
export type Lock = { release(): Promise<void> };

/**
 * Takes a lock of the kernel on a file, held by a child whose standard input we hold: it ends with us, however we end,
 * so no lock outlives its owner and none has to be judged stale.
 *
 * *Units:* `waitMs` 0 asks once. *Errors:* `DEADLINE_EXCEEDED` when somebody else holds it; `INTERRUPTED`.
 */
export async function takeLock(
  git: Git,
  file: string,
  kind: LockKind,
  waitMs: number,
  signal?: AbortSignal,
): Promise<Lock> {
  const wait = waitMs === 0 ? ['--nonblock'] : ['--timeout', String(waitMs / 1000)];
  // Held for as long as we want, so without a deadline of its own beyond Node's longest timer (24.8 days).
  const holder = git.startPlain(['flock', `--${kind}`, ...wait, file, 'cat'], { deadlineMs: 2 ** 31 - 1 });
  const abort = (): void => holder.stop();
  signal?.addEventListener('abort', abort, { once: true });
  holder.child.stdin.write('\n');
  // `cat` repeats the line once it runs, which is once the lock is ours.
  const got = await Promise.race([once(holder.child.stdout, 'data').then(() => true), holder.end.then(() => false)]);
  signal?.removeEventListener('abort', abort);
  if (!got) throwIfInterrupted(signal);
  if (!got) throw refused(file, waitMs);
  return {
    release: async () => {
      holder.child.stdin.end();
      await holder.end;
    },
  };
}

function refused(file: string, waitMs: number): VcsError {
  return new VcsError('DEADLINE_EXCEEDED', `another process has held ${file} for ${waitMs} ms`, { file, waitMs });
}
