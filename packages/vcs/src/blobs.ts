import { KernelError } from '@assay/kernel';
import { ByteQueue } from './byte-queue.ts';
import { VcsError } from './errors.ts';
import type { Git, GitProcess } from './git.ts';
import { isObjectId } from './refs.ts';

export type ObjectInfo = { type: string; size: number };

/** A blob with its bytes, or why it has none: it is not at hand, or larger than asked for (`size` in bytes). */
export type BlobReading =
  | { kind: 'read'; bytes: Buffer }
  | { kind: 'missing' }
  | { kind: 'too-large'; size: number }
  | { kind: 'not-a-blob'; type: string };

/** Bytes asked for before any is read back; bounds what waits in memory. */
const maxPendingBytes = 16 * 1024 * 1024;

/**
 * Reads objects of one repository through one long-lived `git cat-file`. Calls wait for each other. Nothing is ever
 * fetched here: what is not at hand is `missing`.
 *
 * *States:* idle → reading → idle; any failure ends the process, and the next call starts another.
 */
export class ObjectReader {
  readonly #git: Git;
  readonly #dir: string;
  #running: { process: GitProcess; queue: ByteQueue } | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(git: Git, dir: string) {
    this.#git = git;
    this.#dir = dir;
  }

  /** Type and size of each object; absent from the answer when it is not at hand. *Errors:* as `read`. */
  async info(ids: readonly string[], signal?: AbortSignal): Promise<Map<string, ObjectInfo>> {
    return await this.#exclusively(signal, async (ask) => await readInfo(ask, ids));
  }

  /**
   * Bytes of blobs, each asked for once.
   *
   * *Units:* `limits` in bytes. *Errors:* `QUOTA_EXCEEDED` when all together exceed `maxTotalBytes` (decided before any is
   * read); `DEADLINE_EXCEEDED`; `INTERRUPTED`; `REPOSITORY_INVALID` when git fails on an object.
   */
  async read(
    ids: readonly string[],
    limits: { maxBytes: number; maxTotalBytes: number },
    signal?: AbortSignal,
  ): Promise<Map<string, BlobReading>> {
    return await this.#exclusively(signal, async (ask) => {
      const infos = await readInfo(ask, ids);
      const answer = new Map<string, BlobReading>();
      const wanted: { id: string; size: number }[] = [];
      let total = 0;
      for (const id of ids) {
        const info = infos.get(id);
        if (info === undefined) answer.set(id, { kind: 'missing' });
        else if (info.type !== 'blob') answer.set(id, { kind: 'not-a-blob', type: info.type });
        else if (info.size > limits.maxBytes) answer.set(id, { kind: 'too-large', size: info.size });
        else if (!answer.has(id)) {
          answer.set(id, { kind: 'missing' });
          wanted.push({ id, size: info.size });
          total += info.size;
        }
      }
      if (total > limits.maxTotalBytes) {
        const facts = { limit: 'maxTotalBytes', allowed: limits.maxTotalBytes, seen: total };
        throw new VcsError('QUOTA_EXCEEDED', `${wanted.length} blobs hold ${total} bytes; none was read`, facts);
      }
      for (const group of groupsOf(wanted)) {
        ask.send(group.map(({ id }) => `contents ${id}\n`).join(''));
        for (const { id } of group) {
          const head = await ask.queue.line();
          const size = Number(head.split(' ')[2]);
          if (!head.startsWith(`${id} blob `) || !Number.isSafeInteger(size)) throw confused(head);
          const bytes = await ask.queue.take(size);
          await ask.queue.take(1);
          answer.set(id, { kind: 'read', bytes });
        }
      }
      return answer;
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    const running = this.#running;
    this.#running = undefined;
    running?.process.child.stdin.end();
    await running?.process.end;
  }

  async #exclusively<T>(signal: AbortSignal | undefined, work: (ask: Ask) => Promise<T>): Promise<T> {
    // Whoever came before has been told of its own failure.
    const before = this.#last.catch(() => undefined);
    const mine = before.then(async () => await this.#attempt(signal, work));
    this.#last = mine;
    return await mine;
  }

  async #attempt<T>(signal: AbortSignal | undefined, work: (ask: Ask) => Promise<T>): Promise<T> {
    this.#running ??= this.#start();
    const { process, queue } = this.#running;
    let why: 'deadline' | 'signal' | undefined;
    const give = (reason: 'deadline' | 'signal') => (): void => {
      why ??= reason;
      process.stop();
    };
    const deadlineMs = this.#git.limits.readDeadlineMs;
    const timer = setTimeout(give('deadline'), deadlineMs);
    const onAbort = give('signal');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await work({ queue, send: (text) => void process.child.stdin.write(`${text}flush\n`) });
    } catch (error) {
      // What was asked and not read back would be taken for the next answer.
      process.stop();
      this.#running = undefined;
      if (why === 'signal') throw new KernelError('INTERRUPTED', 'interrupted', {}, { cause: signal?.reason });
      if (why === 'deadline') {
        throw new VcsError('DEADLINE_EXCEEDED', `reading objects took more than ${deadlineMs} ms`, { deadlineMs });
      }
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #start(): { process: GitProcess; queue: ByteQueue } {
    const args = ['cat-file', '--batch-command=%(objectname) %(objecttype) %(objectsize)', '--buffer'];
    const process = this.#git.start({ args, dir: this.#dir, deadlineMs: 2 ** 31 - 1 });
    return { process, queue: new ByteQueue(process.child.stdout) };
  }
}

type Ask = { queue: ByteQueue; send: (text: string) => void };

async function readInfo({ queue, send }: Ask, ids: readonly string[]): Promise<Map<string, ObjectInfo>> {
  const bad = ids.find((id) => !isObjectId(id));
  // A line break in an "id" would be a command of its own.
  if (bad !== undefined) throw new TypeError(`${JSON.stringify(bad)} is not an object id`);
  const infos = new Map<string, ObjectInfo>();
  if (ids.length === 0) return infos;
  send(ids.map((id) => `info ${id}\n`).join(''));
  for (const id of ids) {
    const line = await queue.line();
    const [name, type = '', size = ''] = line.split(' ');
    if (name !== id) throw confused(line);
    if (type !== 'missing') infos.set(id, { type, size: Number(size) });
  }
  return infos;
}

function* groupsOf(wanted: readonly { id: string; size: number }[]): Generator<{ id: string; size: number }[]> {
  let group: { id: string; size: number }[] = [];
  let size = 0;
  for (const item of wanted) {
    if (group.length > 0 && size + item.size > maxPendingBytes) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(item);
    size += item.size;
  }
  if (group.length > 0) yield group;
}

function confused(line: string): VcsError {
  return new VcsError('REPOSITORY_INVALID', 'git cat-file answered something else than asked', {
    said: line.slice(0, 100),
  });
}
