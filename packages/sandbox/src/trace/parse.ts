import { Call, numberAt } from './call.ts';
import { endOfString } from './text.ts';

export interface ParserLimits {
  /** Longer lines are cut to this many bytes; only their arguments suffer, the result is taken from the end. */
  maxLineBytes: number;
  /** Unfinished calls held at a time, one per thread. */
  maxUnfinished: number;
}

export const parserLimits: ParserLimits = { maxLineBytes: 1 << 20, maxUnfinished: 1 << 16 };

/** What the parser reports; every callback is synchronous and may keep nothing of `call`. */
export interface TraceConsumer {
  call(call: Call): void;
  /** A call that makes a process or thread was entered and has not returned: `text` is what was printed so far. */
  forking?(tid: number, at: number, text: string): void;
  /** A signal was delivered to the thread. */
  signal?(tid: number, at: number, name: string): void;
  /** The thread ended. Exactly one of `code` and `signal` is given. */
  exit(tid: number, at: number, code: number | undefined, signal: string | undefined): void;
  /** `tid` was taken over by thread `by` of the same process, which called execve. */
  superseded?(tid: number, at: number, by: number): void;
  /** A line of no known form, e.g. a message of strace itself. */
  malformed?(line: string): void;
}

interface Unfinished {
  at: number;
  text: Buffer;
  cut: boolean;
  /** Its thread took the place of the process's first one: an exec that cannot fail any more. */
  replaced: boolean;
}

const unfinishedMark = Buffer.from(' <unfinished ...>');
const resultMark = Buffer.from(') = ');
const tailBytes = 4096;

/**
 * Streaming parser of strace's text (`-f -ttt -y -q -o`), byte by byte over the chunks as they come.
 *
 * A call printed in two parts (`<unfinished ...>`, `<... name resumed>`) is reported once, when it ends, with the time it
 * began. A call that its thread never finished is reported at the thread's exit with `ret` NaN.
 *
 * Content cannot imitate structure: strace escapes quotes inside strings, angle brackets inside descriptor annotations and
 * line feeds everywhere, and this parser looks for delimiters only outside of both.
 *
 * *Errors:* none; what it cannot read is reported as `malformed`. *Source:* strace 6.1.
 */
export class StraceParser {
  readonly #consumer: TraceConsumer;
  readonly #limits: ParserLimits;
  readonly #call = new Call();
  readonly #names = new Map<number, string>();
  readonly #unfinished = new Map<number, Unfinished>();
  /** Start of a line whose end has not come yet; `#tail` holds the last bytes of one that is over the limit. */
  #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer | undefined;
  #lines = 0;

  constructor(consumer: TraceConsumer, limits: ParserLimits = parserLimits) {
    this.#consumer = consumer;
    this.#limits = limits;
  }

  /** Lines read so far. */
  get lines(): number {
    return this.#lines;
  }

  write(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(0x0a, start);
      if (newline < 0) break;
      if (this.#headBytes === 0 && newline - start <= this.#limits.maxLineBytes) {
        this.#line(chunk, start, newline, false);
      } else {
        this.#hold(chunk, start, newline);
        this.#flush();
      }
      start = newline + 1;
    }
    if (start < chunk.length) this.#hold(chunk, start, chunk.length);
  }

  /** The tracer is gone: reports a last line without line feed and every call that never finished. */
  end(): void {
    if (this.#headBytes > 0) this.#flush();
    for (const tid of [...this.#unfinished.keys()]) this.#abandon(tid);
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const room = this.#limits.maxLineBytes - this.#headBytes;
    const kept = Math.min(end - start, Math.max(room, 0));
    // Copied: a view would keep the whole chunk alive, and the reader may reuse it.
    if (kept > 0) this.#head.push(Buffer.from(chunk.subarray(start, start + kept)));
    this.#headBytes += kept;
    if (start + kept === end) return;
    const rest = chunk.subarray(Math.max(start + kept, end - tailBytes), end);
    const tail = this.#tail === undefined ? Buffer.from(rest) : Buffer.concat([this.#tail, rest]);
    this.#tail = tail.length > tailBytes ? Buffer.from(tail.subarray(tail.length - tailBytes)) : tail;
  }

  #flush(): void {
    let line = this.#head.length === 1 && this.#head[0] !== undefined ? this.#head[0] : Buffer.concat(this.#head);
    const tail = this.#tail;
    this.#head = [];
    this.#headBytes = 0;
    this.#tail = undefined;
    if (tail !== undefined) line = joinCut(line, tail);
    this.#line(line, 0, line.length, tail !== undefined);
  }

  #line(line: Buffer, start: number, end: number, cut: boolean): void {
    this.#lines += 1;
    const tid = numberAt(line, start, end);
    let at = start;
    while (at < end && line[at] !== 0x20) at += 1;
    while (at < end && line[at] === 0x20) at += 1;
    const time = timeAt(line, at, end);
    while (at < end && line[at] !== 0x20) at += 1;
    at += 1;
    if (Number.isNaN(tid) || Number.isNaN(time) || at >= end) {
      this.#malformed(line, start, end);
      return;
    }
    const first = line[at];
    if (first === 0x2b) {
      this.#exit(line, at, end, tid, time);
      return;
    }
    if (first === 0x2d) {
      this.#signal(line, at, end, tid, time);
      return;
    }
    if (first === 0x3c) {
      this.#resume(line, at, end, tid, cut);
      return;
    }
    const stop = endOfUnfinished(line, end);
    if (stop !== undefined) {
      if (this.#unfinished.size >= this.#limits.maxUnfinished) {
        this.#malformed(line, start, end);
        return;
      }
      const text = Buffer.from(line.subarray(at, stop));
      this.#unfinished.set(tid, { at: time, text, cut, replaced: false });
      if (startsFork(text)) this.#consumer.forking?.(tid, time, text.toString('latin1'));
      return;
    }
    this.#complete(line, at, end, tid, { at: time, cut, replaced: false });
  }

  /** `<... openat resumed>) = 3</etc/hosts>`: the rest of the line continues what was printed before. */
  #resume(line: Buffer, at: number, end: number, tid: number, cut: boolean): void {
    const close = line.indexOf(0x3e, at);
    const begun = this.#unfinished.get(tid);
    if (begun === undefined || close < 0 || close >= end) {
      this.#malformed(line, at, end);
      return;
    }
    this.#unfinished.delete(tid);
    const whole = Buffer.concat([begun.text, line.subarray(close + 1, end)]);
    this.#complete(whole, 0, whole.length, tid, { ...begun, cut: begun.cut || cut });
  }

  #complete(line: Buffer, start: number, end: number, tid: number, begun: Omit<Unfinished, 'text'>): void {
    const call = this.#call;
    let at = start;
    let hash = 0;
    while (at < end && line[at] !== 0x28) hash = (Math.imul(hash, 31) + (line[at++] ?? 0)) | 0;
    if (at >= end || at === start) {
      this.#malformed(line, start, end);
      return;
    }
    call.begin(line);
    call.tid = tid;
    call.at = begun.at;
    call.cut = begun.cut;
    call.name = this.#name(line, start, at, hash);
    if (begun.cut) {
      // The cut may be inside a string: the result is what follows the last `) = `, which no result contains itself.
      const result = line.lastIndexOf(resultMark, end - 1);
      readArguments(call, line, at + 1, result > at ? result : end);
      if (result > at) call.setResult(result + resultMark.length, end);
    } else {
      at = readArguments(call, line, at + 1, end) + 1;
      // Between `)` and `= ` there is padding up to column 40.
      while (at < end && line[at] === 0x20) at += 1;
      if (line[at] === 0x3d) call.setResult(at + 2, end);
    }
    if (begun.replaced) {
      // strace 6.1 prints `= -1 (errno 18446744073709551359)` here, whatever the kernel said.
      call.ret = 0;
      call.errno = '';
    }
    this.#consumer.call(call);
  }

  /** Names come from a fixed set: looked up by hash and compared, so that no string is made per line. */
  #name(line: Buffer, start: number, end: number, hash: number): string {
    const known = this.#names.get(hash);
    if (known !== undefined && spells(line, start, end, known)) return known;
    const name = line.toString('latin1', start, end);
    if (this.#names.size < 1024) this.#names.set(hash, name);
    return name;
  }

  /** `+++ exited with 1 +++`, `+++ killed by SIGABRT (core dumped) +++`, `+++ superseded by execve in pid 12 +++`. */
  #exit(line: Buffer, at: number, end: number, tid: number, time: number): void {
    const words = line.toString('latin1', at, Math.min(end, at + 80)).split(' ');
    if (words[1] === 'superseded') {
      const by = Number(words[6]);
      const begun = this.#unfinished.get(by);
      if (begun !== undefined) {
        // The execve of thread `by` is resumed under the id of the leader that it replaces.
        this.#unfinished.delete(by);
        this.#unfinished.set(tid, { ...begun, replaced: true });
      }
      this.#consumer.superseded?.(tid, time, by);
      return;
    }
    this.#abandon(tid);
    if (words[1] === 'exited') this.#consumer.exit(tid, time, Number(words[3]), undefined);
    else if (words[1] === 'killed') this.#consumer.exit(tid, time, undefined, words[3] ?? 'unknown');
    else this.#malformed(line, at, end);
  }

  /** `--- SIGTERM {si_signo=SIGTERM, …} ---`. */
  #signal(line: Buffer, at: number, end: number, tid: number, time: number): void {
    const space = line.indexOf(0x20, at + 4);
    if (this.#consumer.signal === undefined || space < 0 || space >= end) return;
    this.#consumer.signal(tid, time, line.toString('latin1', at + 4, space));
  }

  #abandon(tid: number): void {
    const begun = this.#unfinished.get(tid);
    if (begun === undefined) return;
    this.#unfinished.delete(tid);
    this.#complete(begun.text, 0, begun.text.length, tid, { ...begun, replaced: false });
  }

  #malformed(line: Buffer, start: number, end: number): void {
    this.#consumer.malformed?.(line.toString('latin1', start, Math.min(end, start + 200)));
  }
}

/** Splits the arguments from `start` on; returns the index of the closing parenthesis, or `end` when there is none. */
function readArguments(call: Call, line: Buffer, start: number, end: number): number {
  let depth = 0;
  let from = start;
  let at = start;
  for (; at < end; at += 1) {
    const byte = line[at];
    if (byte === 0x22) {
      at = endOfString(line, at, end);
    } else if (byte === 0x3c) {
      at = endOfAnnotation(line, at, end);
    } else if (byte === 0x28 || byte === 0x5b || byte === 0x7b) {
      depth += 1;
    } else if (byte === 0x29 && depth === 0) {
      break;
    } else if (byte === 0x29 || byte === 0x5d || byte === 0x7d) {
      depth -= 1;
    } else if (byte === 0x2c && depth === 0) {
      call.addArgument(from, at);
      from = line[at + 1] === 0x20 ? at + 2 : at + 1;
    } else if (byte === 0x2f && line[at + 1] === 0x2a) {
      const close = line.indexOf('*/', at + 2, 'latin1');
      at = close < 0 || close >= end ? end : close + 1;
    }
  }
  const stop = Math.min(at, end);
  if (stop > from) call.addArgument(from, stop);
  return stop;
}

/**
 * Index of the `>` that closes a descriptor annotation (`5</tmp/a>`, `AT_FDCWD</tmp>`); `at` itself for any other `<`
 * (`1<<CAP_KILL`, ` <unfinished ...>`).
 */
function endOfAnnotation(line: Buffer, at: number, end: number): number {
  if (line[at + 1] === 0x3c) return at + 1;
  const before = line[at - 1] ?? 0;
  if (before !== 0x44 && (before < 0x30 || before > 0x39)) return at;
  const close = line.indexOf(0x3e, at);
  return close < 0 || close >= end ? end : close;
}

/** A cut line with its end put back: the arguments that fit, then the real line from its last `) = ` on. */
function joinCut(head: Buffer, tail: Buffer): Buffer {
  if (endsWith(tail, tail.length, unfinishedMark)) return Buffer.concat([head, unfinishedMark]);
  const result = tail.lastIndexOf(resultMark);
  return result < 0 ? head : Buffer.concat([head, tail.subarray(result)]);
}

/** `clone(`, `clone3(`, `fork(`, `vfork(`. */
function startsFork(text: Buffer): boolean {
  const [a, b] = text;
  return (
    (a === 0x63 && b === 0x6c && text[2] === 0x6f && text[3] === 0x6e) ||
    (a === 0x66 && b === 0x6f) ||
    (a === 0x76 && b === 0x66)
  );
}

function spells(line: Uint8Array, start: number, end: number, word: string): boolean {
  if (word.length !== end - start) return false;
  for (let index = 0; index < word.length; index += 1) {
    if (line[start + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}

/** Where the marker of an unfinished call begins: ` <unfinished ...>`, or ` <pid changed to 12 ...>` of an exec by a thread. */
function endOfUnfinished(line: Buffer, end: number): number | undefined {
  if (endsWith(line, end, unfinishedMark)) return end - unfinishedMark.length;
  if (line[end - 1] !== 0x3e || line[end - 2] !== 0x2e) return undefined;
  const tail = line.toString('latin1', Math.max(0, end - 40), end);
  const match = / <pid changed to \d+ \.\.\.>$/.exec(tail);
  return match === null ? undefined : end - match[0].length;
}

function endsWith(line: Buffer, end: number, mark: Buffer): boolean {
  if (end < mark.length || line[end - 1] !== 0x3e || line[end - 2] !== 0x2e) return false;
  return line.compare(mark, 0, mark.length, end - mark.length, end) === 0;
}

/** Milliseconds of `1795197208.786110`. */
function timeAt(line: Uint8Array, start: number, end: number): number {
  let value = 0;
  let at = start;
  for (; at < end && line[at] !== 0x2e && line[at] !== 0x20; at += 1) {
    const digit = (line[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (line[at] !== 0x2e) return Number.NaN;
  let micros = 0;
  let scale = 1_000_000;
  for (at += 1; at < end && line[at] !== 0x20; at += 1) {
    const digit = (line[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    micros = micros * 10 + digit;
    scale /= 10;
  }
  return value * 1000 + (micros * scale) / 1000;
}
