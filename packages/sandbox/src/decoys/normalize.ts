/**
 * Undoes what formats do to text on its way out, so that a value is found behind it. Each function returns `undefined` when
 * there was nothing to undo, and never fails: bytes that are not well-formed stay as they are.
 */

const none = -1;

/** `%6E%70` → `np`. */
export function percentDecoded(bytes: Uint8Array): Uint8Array | undefined {
  return replaced(bytes, 0x25, (at) => [hexNumber(bytes, at + 1, 2), 3]);
}

/** JSON and JavaScript escapes: `\u006e`, `\x6e`, `\u{6e}`, `\/`, `\n`. A code point above 255 stays as its escape. */
export function unescaped(bytes: Uint8Array): Uint8Array | undefined {
  return replaced(bytes, 0x5c, (at) => escapeAt(bytes, at));
}

/** Replaces what `read` recognises at each `mark`; stretches without a mark are copied whole. */
function replaced(
  bytes: Uint8Array,
  mark: number,
  read: (at: number) => [code: number, used: number],
): Uint8Array | undefined {
  let out: Uint8Array | undefined;
  let length = 0;
  let copied = 0;
  for (let at = bytes.indexOf(mark); at !== none; ) {
    const [code, used] = read(at);
    if (code === none) {
      at = bytes.indexOf(mark, at + 1);
      continue;
    }
    out ??= new Uint8Array(bytes.length);
    out.set(bytes.subarray(copied, at), length);
    length += at - copied;
    out[length++] = code;
    copied = at + used;
    at = bytes.indexOf(mark, copied);
  }
  if (out === undefined) return undefined;
  out.set(bytes.subarray(copied), length);
  return out.subarray(0, length + bytes.length - copied);
}

/** Value and length of the escape at a backslash; an unknown one stands for its own character, as in JavaScript. */
function escapeAt(bytes: Uint8Array, at: number): [code: number, used: number] {
  const kind = bytes[at + 1];
  if (kind === undefined) return [none, 1];
  if (kind === 0x78 || kind === 0x75) {
    const braces = kind === 0x75 && bytes[at + 2] === 0x7b;
    const from = braces ? at + 3 : at + 2;
    const digits = braces ? bytes.subarray(from, from + 7).indexOf(0x7d) : kind === 0x78 ? 2 : 4;
    const code = digits < 1 ? none : hexNumber(bytes, from, digits);
    if (code !== none && code <= 0xff) return [code, digits + (braces ? 4 : 2)];
  }
  const control = { 0x6e: 0x0a, 0x72: 0x0d, 0x74: 0x09, 0x62: 0x08, 0x66: 0x0c }[kind];
  return [control ?? kind, 2];
}

/** Bytes that stand between pieces and in no spelling of a value: blanks, brackets, quotes, `,:;|.` and the like. */
const separators = Uint8Array.from({ length: 256 }, (_, code) =>
  ' \t\r\n,:;|"\'`[](){}<>.\\#!~^&?*'.includes(String.fromCharCode(code)) ? 1 : 0,
);

/** Drops separators: wrapped base64, spaced hex, a list of pieces. */
export function joined(bytes: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (separators[byte] === 0) out[length++] = byte;
  }
  return length === bytes.length ? undefined : out.subarray(0, length);
}

function hexNumber(bytes: Uint8Array, from: number, digits: number): number {
  if (from + digits > bytes.length) return none;
  let value = 0;
  for (let at = from; at < from + digits; at++) {
    const byte = bytes[at]!;
    const lower = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) value = value * 16 + byte - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57;
    else return none;
  }
  return value;
}
