import { endOfString, unescapeBytes, unescapeText } from './text.ts';

const maxArguments = 16;

/**
 * One finished system call, as a view over the line it was printed in. The parser reuses one instance: everything here is
 * valid only until the callback returns, and strings are made only for what is asked.
 *
 * *Units:* `at` milliseconds since the Unix epoch (fractional), when the call was entered.
 */
export class Call {
  /** Thread id as the tracer sees it. */
  tid = 0;
  at = 0;
  name = '';
  argCount = 0;
  /** Returned value; NaN when the call did not return or its return was not printed as a number. */
  ret = Number.NaN;
  /** `ENOENT` …, empty when the call succeeded or did not return. */
  errno = '';
  /** The line was longer than the parser's limit: arguments may be missing, the result is still the real one. */
  cut = false;

  #line: Buffer = Buffer.alloc(0);
  #starts = new Int32Array(maxArguments);
  #ends = new Int32Array(maxArguments);
  #retStart = 0;
  #retEnd = 0;

  get ok(): boolean {
    return this.ret >= 0;
  }

  /** The argument as printed, or the empty string. */
  raw(index: number): string {
    return index < this.argCount ? this.#line.toString('latin1', this.#starts[index], this.#ends[index]) : '';
  }

  /** Text of a string argument; undefined for `NULL` or a bare address. */
  text(index: number): string | undefined {
    const start = this.#stringStart(index);
    if (start < 0) return undefined;
    return unescapeText(this.#line, start + 1, endOfString(this.#line, start, this.#ends[index] ?? 0));
  }

  /** Bytes of a string argument; undefined for `NULL` or a bare address. */
  bytes(index: number): Buffer | undefined {
    const start = this.#stringStart(index);
    if (start < 0) return undefined;
    return unescapeBytes(this.#line, start + 1, endOfString(this.#line, start, this.#ends[index] ?? 0));
  }

  /** Descriptor number of an argument such as `5</etc/hosts>`; -100 for `AT_FDCWD`, NaN for anything else. */
  fd(index: number): number {
    if (index >= this.argCount) return Number.NaN;
    const start = this.#starts[index] ?? 0;
    if (this.#line[start] === 0x41) return -100;
    return numberAt(this.#line, start, this.#ends[index] ?? 0);
  }

  /** What a descriptor argument is open on, e.g. `/etc/hosts` or `socket:[12345]`. */
  fdPath(index: number): string | undefined {
    return index < this.argCount ? this.#annotation(this.#starts[index] ?? 0, this.#ends[index] ?? 0) : undefined;
  }

  /** What the returned descriptor is open on: the kernel's own answer, symbolic links resolved. */
  retPath(): string | undefined {
    return this.#annotation(this.#retStart, this.#retEnd);
  }

  /** The returned process id as the tracer sees it; `ret` is the one inside (`9`, with the comment `7429 in strace's PID NS`). */
  retTracerPid(): number {
    const comment = this.#line.indexOf('/*', this.#retStart, 'latin1');
    if (comment < 0 || comment >= this.#retEnd) return this.ret;
    return numberAt(this.#line, comment + 3, this.#retEnd);
  }

  /** Strings of an array argument such as an argv, at most `max`. */
  list(index: number, max: number): string[] {
    const items: string[] = [];
    if (index >= this.argCount) return items;
    const end = this.#ends[index] ?? 0;
    for (let at = this.#starts[index] ?? 0; at < end && items.length < max; at += 1) {
      if (this.#line[at] !== 0x22) continue;
      const close = endOfString(this.#line, at, end);
      const dots = this.#line[close + 1] === 0x2e && this.#line[close + 2] === 0x2e;
      items.push(dots ? `${unescapeText(this.#line, at + 1, close)}…` : unescapeText(this.#line, at + 1, close));
      at = close;
    }
    return items;
  }

  /** Used by the parser only. */
  begin(line: Buffer): void {
    this.#line = line;
    this.argCount = 0;
    this.ret = Number.NaN;
    this.errno = '';
    this.cut = false;
    this.#retStart = 0;
    this.#retEnd = 0;
  }

  /** Used by the parser only. */
  addArgument(start: number, end: number): void {
    if (this.argCount === maxArguments) return;
    this.#starts[this.argCount] = start;
    this.#ends[this.argCount] = end;
    this.argCount += 1;
  }

  /** Used by the parser only: reads `-1 ENOENT (No such file or directory)`, `3</etc/hosts>`, `?`, `0x7f…`. */
  setResult(start: number, end: number): void {
    this.#retStart = start;
    this.#retEnd = end;
    this.ret = numberAt(this.#line, start, end);
    if (this.ret !== -1) return;
    let at = start + 3;
    while (at < end && isName(this.#line[at] ?? 0)) at += 1;
    this.errno = at === start + 3 ? 'UNKNOWN' : this.#line.toString('latin1', start + 3, at);
  }

  #stringStart(index: number): number {
    if (index >= this.argCount) return -1;
    const start = this.#starts[index] ?? 0;
    return this.#line[start] === 0x22 ? start : -1;
  }

  #annotation(start: number, end: number): string | undefined {
    const open = this.#line.indexOf(0x3c, start);
    if (open < 0 || open >= end) return undefined;
    const close = this.#line.indexOf(0x3e, open);
    return close < 0 || close >= end ? undefined : unescapeText(this.#line, open + 1, close);
  }
}

/** The decimal number at `start`, NaN when there is none (`?`, `0x…` and names included). */
export function numberAt(line: Uint8Array, start: number, end: number): number {
  const negative = line[start] === 0x2d;
  let at = negative ? start + 1 : start;
  if (at >= end || (line[at] === 0x30 && line[at + 1] === 0x78)) return Number.NaN;
  let value = 0;
  let digits = 0;
  while (at < end) {
    const digit = (line[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    digits += 1;
    at += 1;
  }
  if (digits === 0) return Number.NaN;
  return negative ? -value : value;
}

function isName(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f;
}
