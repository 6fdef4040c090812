import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Call } from './call.ts';
import { StraceParser } from './parse.ts';

/** Writes bytes as strace does. *Source:* strace 6.1 `string_quote()`, `print_quoted_string_in_angle_brackets`. */
function quoted(bytes: Uint8Array, angle = false): string {
  let text = '';
  bytes.forEach((byte, index) => {
    const next = bytes[index + 1] ?? 0;
    const followedByDigit = next >= 0x30 && next <= 0x39;
    const named = new Map([
      [0x22, '\\"'],
      [0x5c, '\\\\'],
      [0x0a, '\\n'],
      [0x09, '\\t'],
      [0x0d, '\\r'],
      [0x0b, '\\v'],
      [0x0c, '\\f'],
    ]).get(byte);
    const isBracket = angle && (byte === 0x3c || byte === 0x3e);
    if (named !== undefined) text += named;
    else if (byte >= 0x20 && byte < 0x7f && !isBracket) text += String.fromCharCode(byte);
    else text += `\\${followedByDigit ? byte.toString(8).padStart(3, '0') : byte.toString(8)}`;
  });
  return text;
}

/** Bytes that look like what the parser looks for, mixed with any others. */
const hostile = fc
  .array(
    fc.oneof(
      fc
        .constantFrom(
          '"',
          '\\',
          '<',
          '>',
          ')',
          '(',
          ', ',
          ' = ',
          ') = 3</etc/shadow>',
          ' <unfinished ...>',
          '<... openat resumed>',
          '\n77  1.000001 unlink("/home") = 0\n',
          '+++ exited with 0 +++',
          '/*',
          '*/',
          '{sa_family=AF_INET',
          "/* 9 in strace's PID NS */",
          '...',
        )
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts).filter((byte) => byte !== 0))
  .map((bytes) => Buffer.from(bytes));

const argument = fc.oneof(
  hostile.map((bytes) => ({ text: `"${quoted(bytes)}"`, bytes })),
  fc.tuple(fc.nat(999), hostile).map(([fd, bytes]) => ({ text: `${fd}<${quoted(bytes, true)}>`, path: bytes, fd })),
  fc
    .constantFrom('NULL', 'O_RDONLY|O_CLOEXEC', '0x7ffe12', '0644', '1<<CAP_KILL', '{a=1, b=[2, 3]}')
    .map((text) => ({ text })),
  fc
    .array(hostile, { maxLength: 4 })
    .map((list) => ({ text: `[${list.map((bytes) => `"${quoted(bytes)}"`).join(', ')}]`, list })),
);

const result = fc.oneof(
  fc.nat(100_000).map((ret) => ({ text: String(ret), ret })),
  fc.tuple(fc.nat(999), hostile).map(([ret, path]) => ({ text: `${ret}<${quoted(path, true)}>`, ret, path })),
  fc
    .constantFrom('ENOENT', 'EACCES', 'EINPROGRESS')
    .map((errno) => ({ text: `-1 ${errno} (Some text)`, ret: -1, errno })),
);

const syscall = fc.record({
  tid: fc.integer({ min: 1, max: 9 }),
  micros: fc.integer({ min: 0, max: 999_999 }),
  name: fc.constantFrom('openat', 'execve', 'unlink', 'sendto', 'rename', 'syscall_0x1f4'),
  args: fc.array(argument, { minLength: 1, maxLength: 5 }),
  result,
  /** Where the line is broken in two: after this many arguments, or not at all. */
  brokenAfter: fc.option(fc.nat(4), { nil: undefined }),
});
type Syscall = typeof syscall extends fc.Arbitrary<infer Value> ? Value : never;

function seenBy(call: Call) {
  return {
    tid: call.tid,
    at: Math.round(call.at * 1000),
    name: call.name,
    ret: call.ret,
    errno: call.errno,
    path: call.retPath(),
    args: Array.from({ length: call.argCount }, (_, index) => ({
      raw: call.raw(index),
      bytes: call.bytes(index)?.toString('hex'),
      path: call.raw(index).endsWith('>') && !call.raw(index).startsWith('"') ? call.fdPath(index) : undefined,
      list: call.raw(index).startsWith('[') ? call.list(index, 100) : undefined,
    })),
  };
}

function wanted({ tid, micros, name, args, result: answer }: Syscall) {
  return {
    tid,
    at: 1_795_197_208_000_000 + micros,
    name,
    ret: answer.ret,
    errno: 'errno' in answer ? answer.errno : '',
    path: 'path' in answer ? answer.path.toString('utf8') : undefined,
    args: args.map((one) => ({
      raw: one.text,
      bytes: 'bytes' in one ? one.bytes.toString('hex') : undefined,
      path: 'path' in one ? one.path.toString('utf8') : undefined,
      list: 'list' in one ? one.list.map((bytes) => bytes.toString('utf8')) : undefined,
    })),
  };
}

/** Lines of one call; a broken one is resumed after the lines of the next call of another thread. */
function render(calls: readonly Syscall[]): { text: string; order: Syscall[] } {
  let text = '';
  const order: Syscall[] = [];
  let open: { call: Syscall; rest: string } | undefined;
  const close = () => {
    if (open === undefined) return;
    text += `${open.call.tid}  1795197209.000000 <... ${open.call.name} resumed>${open.rest}\n`;
    order.push(open.call);
    open = undefined;
  };
  for (const call of calls) {
    if (open?.call.tid === call.tid) close();
    const args = call.args.map((one) => one.text);
    const stamp = `${call.tid}  1795197208.${String(call.micros).padStart(6, '0')} ${call.name}(`;
    const cut = Math.min(call.brokenAfter ?? args.length, args.length);
    if (call.brokenAfter !== undefined && cut > 0 && open === undefined) {
      const tail = args.slice(cut);
      text += `${stamp}${args.slice(0, cut).join(', ')}${tail.length > 0 ? ', ' : ''} <unfinished ...>\n`;
      open = { call, rest: `${tail.join(', ')}) = ${call.result.text}` };
      continue;
    }
    text += `${`${stamp}${args.join(', ')})`.padEnd(40)} = ${call.result.text}\n`;
    order.push(call);
  }
  close();
  return { text, order };
}

it('what strace prints of any calls is read back as these calls, whatever their arguments contain', () => {
  fc.assert(
    fc.property(
      fc.array(syscall, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 80 }),
      (calls, chunkBytes) => {
        const { text, order } = render(calls);
        const seen: ReturnType<typeof seenBy>[] = [];
        const malformed: string[] = [];
        const parser = new StraceParser({
          call: (call) => seen.push(seenBy(call)),
          exit: (tid) => malformed.push(`exit of ${tid}`),
          malformed: (line) => malformed.push(line),
        });
        const bytes = Buffer.from(text, 'latin1');
        for (let at = 0; at < bytes.length; at += chunkBytes) parser.write(bytes.subarray(at, at + chunkBytes));
        parser.end();
        expect(malformed).toEqual([]);
        expect(seen).toEqual(order.map(wanted));
      },
    ),
    { numRuns: 400 },
  );
});

it('no bytes make the parser throw', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          hostile,
          fc.constantFrom('1  1.000001 openat(', '\n', ') = 0', '+++ ', '--- ').map((text) => Buffer.from(text)),
        ),
      ),
      (parts) => {
        const parser = new StraceParser({
          call: (call) => void call.list(0, 9),
          exit: (tid) => expect(tid).toBeGreaterThanOrEqual(0),
          signal: (_tid, _at, name) => expect(name).not.toContain(' '),
        });
        parser.write(Buffer.concat(parts));
        parser.end();
        expect(parser.lines).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});
