/** First bytes that decide how a connection is understood; more is not waited for. */
export const sniffBytes = 16_384;

export type Protocol = 'http' | 'tls' | 'raw';

/** `undefined` while the bytes could still become more than one of them. */
export function protocolOf(head: Uint8Array): Protocol | undefined {
  if (head.length === 0) return undefined;
  if (head[0] === 0x16) return head.length < 3 ? undefined : isTlsRecord(head) ? 'tls' : 'raw';
  const text = Buffer.from(head.subarray(0, 32)).toString('latin1');
  // Matches `GET /`, `M-SEARCH *`, `POST http://…`; not `EHLO host`. No HTTP/1 request has the method PRI (RFC 9113 §3.4).
  if (/^(CONNECT |(?!PRI )[A-Z][A-Z-]{1,19} (\/|\*|https?:\/\/))/.test(text)) return 'http';
  // Matches what may become one of those: `PO`, `GET `, `GET htt`.
  return /^[A-Z][A-Z-]{0,19}( |( h(t(t(p(s?(:\/?)?)?)?)?)?))?$/.test(text) ? undefined : 'raw';
}

/** Handshake record of SSL 3.0 to TLS 1.3, with a length that a ClientHello can have. */
function isTlsRecord(head: Uint8Array): boolean {
  return head[1] === 0x03 && head[2]! <= 0x04;
}

export type ClientHello = { serverName?: string };

/**
 * The server name in a ClientHello.
 *
 * *Shape:* `incomplete` while the record has not arrived whole; a malformed one counts as one without a name.
 * *Source:* RFC 8446 §4.1.2, RFC 6066 §3.
 */
export function parseClientHello(head: Buffer): ClientHello | 'incomplete' {
  if (head.length < 5) return 'incomplete';
  const end = 5 + head.readUInt16BE(3);
  if (head.length < Math.min(end, sniffBytes)) return 'incomplete';
  const reader = new Reader(head.subarray(5, end));
  // Handshake header, version and random.
  if (reader.number(1) !== 1) return {};
  reader.skip(3 + 2 + 32);
  reader.skip(reader.number(1));
  reader.skip(reader.number(2));
  reader.skip(reader.number(1));
  reader.number(2);
  while (reader.left >= 4) {
    const type = reader.number(2);
    const body = new Reader(reader.take(reader.number(2)));
    if (type !== 0) continue;
    // List length, then entries of which type 0 is a host name.
    body.number(2);
    if (body.number(1) !== 0) return {};
    const name = Buffer.from(body.take(body.number(2))).toString('latin1');
    return name === '' ? {} : { serverName: name.toLowerCase() };
  }
  return {};
}

/** Reads forward; beyond the end there are zeros and nothing. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(width: 1 | 2): number {
    const value = width === 1 ? this.#bytes[this.#at] : (this.#bytes[this.#at]! << 8) | this.#bytes[this.#at + 1]!;
    this.#at += width;
    return this.left < 0 ? 0 : value!;
  }

  take(count: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  skip(count: number): void {
    this.#at += count;
  }
}
