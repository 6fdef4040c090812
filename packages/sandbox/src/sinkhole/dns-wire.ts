/** The parts of RFC 1035 messages that a resolver's client sends and expects. Input is hostile. */

export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
export type Rcode = keyof typeof rcodes;

const typeNumbers = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  NULL: 10,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  SVCB: 64,
  HTTPS: 65,
  ANY: 255,
  CAA: 257,
} as const;
type KnownType = keyof typeof typeNumbers;
const typeNames = new Map<number, string>(Object.entries(typeNumbers).map(([name, number]) => [number, name]));

export type DnsQuery = {
  id: number;
  /** Dotted, bytes outside printable ASCII as `\DDD`, dots inside labels as `\.`. */
  name: string;
  /** As they were sent. */
  labels: Uint8Array[];
  /** `A`, `TXT`, …; unknown ones as `TYPE<number>`. */
  type: string;
  recursionDesired: boolean;
  /** The question section, to be repeated in the answer. */
  question: Uint8Array;
};

export type DnsAnswer = { type: KnownType; data: Uint8Array; ttl: number };

/** Reads a query with its first question; `undefined` for anything else, however malformed. */
export function parseQuery(message: Uint8Array): DnsQuery | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (bytes.length < 17) return undefined;
  const flags = bytes.readUInt16BE(2);
  const isResponse = (flags & 0x8000) !== 0;
  if (isResponse || bytes.readUInt16BE(4) < 1) return undefined;
  const labels: Uint8Array[] = [];
  let at = 12;
  for (let total = 0; ; ) {
    const length = bytes[at];
    // No compression: a question is the first name of its message and has nothing to point at.
    if (length === undefined || length > 63) return undefined;
    at++;
    if (length === 0) break;
    total += length + 1;
    if (total > 254 || at + length > bytes.length) return undefined;
    labels.push(bytes.subarray(at, at + length));
    at += length;
  }
  if (at + 4 > bytes.length) return undefined;
  const typeNumber = bytes.readUInt16BE(at);
  return {
    id: bytes.readUInt16BE(0),
    name: labels.map(printable).join('.'),
    labels,
    type: typeNames.get(typeNumber) ?? `TYPE${typeNumber}`,
    recursionDesired: (flags & 0x0100) !== 0,
    question: bytes.subarray(12, at + 4),
  };
}

/** The answer message to a query. Answers whose owner is the question's name. */
export function encodeResponse(query: DnsQuery, rcode: Rcode, answers: readonly DnsAnswer[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(0x8080 | (query.recursionDesired ? 0x0100 : 0) | rcodes[rcode], 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, query.question, ...answers.map(encodeAnswer)]);
}

/** Answer to bytes that are no query, if they at least have an id. */
export function encodeFormatError(message: Uint8Array): Buffer | undefined {
  if (message.length < 12 || (message[2]! & 0x80) !== 0) return undefined;
  const header = Buffer.alloc(12);
  header.set(message.subarray(0, 2), 0);
  header.writeUInt16BE(0x8080 | rcodes.FORMERR, 2);
  return header;
}

export function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const parts = labels.flatMap((label) => {
    const bytes = Buffer.from(label, 'latin1').subarray(0, 63);
    return [Buffer.from([bytes.length]), bytes];
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function encodeAnswer({ type, data, ttl }: DnsAnswer): Buffer {
  const fixed = Buffer.alloc(12);
  // Pointer to the question's name, right behind the header.
  fixed.writeUInt16BE(0xc00c, 0);
  fixed.writeUInt16BE(typeNumbers[type], 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt32BE(ttl, 6);
  fixed.writeUInt16BE(data.length, 10);
  return Buffer.concat([fixed, data]);
}

function printable(label: Uint8Array): string {
  let text = '';
  for (const byte of label) {
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}
