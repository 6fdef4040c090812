/** Splits a byte stream at NUL, as git's `-z` writes it. Text is UTF-8. A last piece without NUL counts. */
export async function* tokensOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    const end = chunk.lastIndexOf(0);
    if (end === -1) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    const whole = rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([rest, chunk.subarray(0, end)]);
    rest = Buffer.from(chunk.subarray(end + 1));
    yield whole.toString('utf8').split('\0');
  }
  if (rest.length > 0) yield [rest.toString('utf8')];
}
