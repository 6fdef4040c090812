import { endOfString, unescapeBytes } from './text.ts';

/**
 * Members of a printed structure or array, by position: `{a=1, b={c="x"}}` has `a=1` and `b={c="x"}`. Delimiters inside
 * strings and nested structures do not count.
 */
export function membersOf(text: string): string[] {
  const line = Buffer.from(text, 'latin1');
  const members: string[] = [];
  let depth = 0;
  let from = 1;
  for (let at = 0; at < line.length; at += 1) {
    const byte = line[at];
    if (byte === 0x22) at = endOfString(line, at, line.length);
    else if (byte === 0x7b || byte === 0x5b || byte === 0x28) depth += 1;
    else if (byte === 0x7d || byte === 0x5d || byte === 0x29) depth -= 1;
    const ends = depth === 0 || (depth === 1 && line[at] === 0x2c);
    if (!ends) continue;
    if (at > from) members.push(text.slice(from, at).trimStart());
    from = at + 1;
    if (depth === 0) break;
  }
  return members;
}

/** The value of one named member of a structure, e.g. `msg_iov` of a `msghdr`. */
export function memberOf(text: string, name: string): string | undefined {
  return membersOf(text)
    .find((member) => member.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** Bytes of all `iov_base` strings of an array of `iovec`, in order. */
export function bytesOfVectors(text: string): Buffer {
  const parts = membersOf(text).map((vector) => bytesOf(memberOf(vector, 'iov_base') ?? ''));
  return Buffer.concat(parts);
}

/** Bytes of a printed string; none for `NULL` or an address. */
export function bytesOf(text: string): Buffer {
  const line = Buffer.from(text, 'latin1');
  return line[0] === 0x22 ? unescapeBytes(line, 1, endOfString(line, 0, line.length)) : Buffer.alloc(0);
}
