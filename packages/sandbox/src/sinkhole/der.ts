/** Distinguished Encoding Rules (X.690), as much as a certificate needs. */

export function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

export const sequence = (...contents: Uint8Array[]) => der(0x30, ...contents);
export const set = (...contents: Uint8Array[]) => der(0x31, ...contents);
export const octets = (...contents: Uint8Array[]) => der(0x04, ...contents);
export const bits = (unused: number, ...contents: Uint8Array[]) => der(0x03, Buffer.from([unused]), ...contents);
export const utf8 = (text: string) => der(0x0c, Buffer.from(text, 'utf8'));
export const truth = der(0x01, Buffer.from([0xff]));
/** Context-specific, constructed. */
export const explicit = (number: number, ...contents: Uint8Array[]) => der(0xa0 | number, ...contents);
/** Context-specific, primitive. */
export const implicit = (number: number, ...contents: Uint8Array[]) => der(0x80 | number, ...contents);

/** A positive integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const from = bytes.findIndex((byte) => byte !== 0);
  const trimmed = from < 0 ? Uint8Array.of(0) : bytes.subarray(from);
  return der(0x02, trimmed[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed);
}

/** `2.5.29.17` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let high = arc >> 7; high > 0; high >>= 7) groups.unshift((high & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d+Z$/g, '');
  return at.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : der(0x18, Buffer.from(`${digits}Z`));
}

export function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
