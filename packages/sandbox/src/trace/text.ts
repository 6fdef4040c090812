/**
 * strace's way of writing bytes, undone. Everything it prints is ASCII: other bytes, quotes and (inside `<…>` annotations)
 * angle brackets are escaped, so scanning for an unescaped delimiter cannot be misled by the content.
 *
 * *Source:* strace 6.1 `string_quote()`: `\n \t \r \v \f \\ \"`, octal of one to three digits, `\xHH` under `-x`.
 */

const simple: Record<number, number> = {
  0x6e: 0x0a,
  0x74: 0x09,
  0x72: 0x0d,
  0x76: 0x0b,
  0x66: 0x0c,
};

const backslash = 0x5c;
const quote = 0x22;

/** Index of the closing quote of a string whose opening quote is at `start`, or `end` when the line was cut inside it. */
export function endOfString(line: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  while (at < end) {
    const byte = line[at];
    if (byte === backslash) at += 2;
    else if (byte === quote) return at;
    else at += 1;
  }
  return end;
}

/** The bytes between `start` and `end`, escapes undone. */
export function unescapeBytes(line: Buffer, start: number, end: number): Buffer {
  const out = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; ) {
    const byte = line[at] ?? 0;
    if (byte !== backslash || at + 1 >= end) {
      out[length++] = byte;
      at += 1;
      continue;
    }
    const next = line[at + 1] ?? 0;
    if (isOctal(next)) {
      let value = 0;
      let digits = at + 1;
      while (digits < end && digits < at + 4 && isOctal(line[digits] ?? 0))
        value = value * 8 + (line[digits++] ?? 0) - 0x30;
      out[length++] = value & 0xff;
      at = digits;
    } else if (next === 0x78 && at + 3 < end) {
      out[length++] = Number.parseInt(line.toString('latin1', at + 2, at + 4), 16) & 0xff;
      at += 4;
    } else {
      out[length++] = simple[next] ?? next;
      at += 2;
    }
  }
  return out.subarray(0, length);
}

/** The text between `start` and `end`, escapes undone; bytes that are not UTF-8 become U+FFFD. */
export function unescapeText(line: Buffer, start: number, end: number): string {
  for (let at = start; at < end; at += 1) {
    if (line[at] === backslash) return unescapeBytes(line, start, end).toString('utf8');
  }
  return line.toString('latin1', start, end);
}

function isOctal(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x37;
}
