import type { HookRecord } from '../channels.ts';
import type { TracedProcess } from './process.ts';

/** Something missing or inconsistent in what the runtime hook should have said about a process. */
export interface ChannelGap {
  /** Key of the process in the tree. */
  process: string;
  /**
   * `no_start`: a Node process ran package code and the hook never spoke. `missing_lines`: numbers were skipped.
   * `repeated_lines`: a number came twice, as when somebody else writes in the hook's name. `no_end`: the process ended in an
   * orderly way without the hook's last word. `unknown_process`: lines in the name of a process that the tracer never saw.
   */
  kind: 'no_start' | 'missing_lines' | 'repeated_lines' | 'no_end' | 'unknown_process';
  detail: string;
}

interface Thread {
  last: number;
  missing: number;
  repeated: number;
  ended: boolean;
}

interface Speaker {
  /** Node programs that this process executed one after the other; each begins to count anew. */
  programs: number;
  starts: number;
  threads: Map<number, Thread>;
  /** It exited by itself: the hook had the occasion to say its last word. */
  orderly: boolean;
}

const maxSpeakers = 4096;
const maxThreads = 256;
const maxGaps = 200;

/**
 * Whether the hook's channel is complete. Its lines come from inside the package's process: package code may drop, repeat or
 * forge them, and this is where that shows.
 *
 * *Limits:* the FIFO does not say who writes to it. Lines forged in another process's name with its next numbers are noticed
 * only when that process goes on counting.
 */
export class HookChannel {
  readonly #speakers = new Map<TracedProcess, Speaker>();
  #unknown = 0;

  /** A Node process that runs package code has executed: the hook should speak for it. */
  expect(process: TracedProcess): void {
    const speaker = this.#speakers.get(process);
    if (speaker !== undefined) speaker.programs += 1;
    else if (this.#speakers.size < maxSpeakers) {
      this.#speakers.set(process, { programs: 1, starts: 0, threads: new Map(), orderly: false });
    }
  }

  said(process: TracedProcess | undefined, record: HookRecord): void {
    if (process === undefined) {
      this.#unknown += 1;
      return;
    }
    const speaker = this.#speakers.get(process);
    if (speaker === undefined) return;
    if (record.kind === 'start' && record.thread === 0) {
      speaker.starts += 1;
      if (speaker.starts > 1 && speaker.starts <= speaker.programs) speaker.threads.clear();
    }
    let thread = speaker.threads.get(record.thread);
    if (thread === undefined) {
      if (speaker.threads.size >= maxThreads) return;
      thread = { last: 0, missing: 0, repeated: 0, ended: false };
      speaker.threads.set(record.thread, thread);
    }
    if (record.seq <= thread.last) thread.repeated += 1;
    else {
      thread.missing += record.seq - thread.last - 1;
      thread.last = record.seq;
    }
    if (record.kind !== 'end') return;
    thread.ended = true;
    thread.missing += Math.max(0, record.written - record.seq);
  }

  /** The process is gone; `orderly`: it exited by itself, still running the program that the hook was in. */
  ended(process: TracedProcess, orderly: boolean): void {
    const speaker = this.#speakers.get(process);
    if (speaker !== undefined) speaker.orderly = orderly;
  }

  /** The phase is over. */
  release(): void {
    this.#speakers.clear();
  }

  /**
   * Call after the last lines of the phase were read. *Shape:* `root` is the key that lines of unknown processes are put
   * under.
   */
  gaps(keyOf: (process: TracedProcess) => string, root: string | undefined): ChannelGap[] {
    const gaps: ChannelGap[] = [];
    for (const [process, speaker] of this.#speakers) {
      if (gaps.length >= maxGaps) break;
      for (const gap of gapsOf(speaker)) gaps.push({ process: keyOf(process), ...gap });
    }
    if (this.#unknown > 0 && root !== undefined) {
      gaps.push({
        process: root,
        kind: 'unknown_process',
        detail: `${this.#unknown} lines name a process that was never seen`,
      });
    }
    return gaps;
  }
}

function gapsOf({ starts, threads, orderly }: Speaker): Omit<ChannelGap, 'process'>[] {
  const gaps: Omit<ChannelGap, 'process'>[] = [];
  if (starts === 0) gaps.push({ kind: 'no_start', detail: 'the hook never spoke' });
  for (const [id, { missing, repeated }] of threads) {
    const name = id === 0 ? 'main thread' : `worker ${id}`;
    if (missing > 0) gaps.push({ kind: 'missing_lines', detail: `${missing} lines of the ${name} are missing` });
    if (repeated > 0)
      gaps.push({
        kind: 'repeated_lines',
        detail: `${repeated} lines of the ${name} have a number that was used before`,
      });
  }
  if (orderly && starts > 0 && threads.get(0)?.ended !== true) {
    gaps.push({ kind: 'no_end', detail: 'it exited without the last line of the hook' });
  }
  return gaps;
}
