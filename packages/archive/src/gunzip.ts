import { crc32 } from 'node:zlib';
import type { ByteReader } from './byte-reader.ts';
import { type InflateEnd, inflate } from './inflate.ts';
import type { Session } from './session.ts';

/** Longest optional header field (name, comment) that is read; RFC 1952 sets no bound. */
const maxFieldBytes = 64 * 1024;

/**
 * Unpacks a gzip file: all of its members, as gzip readers do, with every deviation reported.
 *
 * Our own framing around zlib, because zlib hides what we want to see: where the first member ends, what follows it,
 * and what was unpacked before damage. Damage ends the stream and sets `session.intact` to false.
 *
 * *Errors:* `ArchiveError` `ARCHIVE_TOO_LARGE`. *Source:* RFC 1952.
 */
export async function* gunzip(session: Session, reader: ByteReader): AsyncGenerator<Uint8Array> {
  const { budget } = session;
  let packed = 0;
  let unpackedInAll = 0;
  for (let member = 0; ; member += 1) {
    const magic = await reader.take(2);
    if (magic.length === 0) return;
    if (magic.length < 2 || magic[0] !== 0x1f || magic[1] !== 0x8b) {
      reader.pushBack(magic);
      await reportTrailing(session, reader);
      return;
    }
    const headerBytes = await readHeader(reader);
    if (headerBytes === undefined) {
      session.damage(member === 0 ? 'truncated' : 'trailing-data', 'gzip header is cut off or unknown');
      return;
    }
    packed += headerBytes + 2;
    // NOTE: bgzip and "cat a.gz b.gz" make these; a tar reader that stops after one member sees less than others.
    if (member === 1) session.report('multiple-streams', 'more than one gzip member');

    let checksum = 0;
    let unpacked = 0;
    const end: InflateEnd = { consumed: 0 };
    for await (const { bytes, consumed } of inflate(reader, end, 'accept')) {
      checksum = crc32(bytes, checksum);
      unpacked += bytes.length;
      unpackedInAll += bytes.length;
      budget.setPacked(packed + consumed);
      budget.addUnpacked(bytes.length);
      budget.checkRatio(unpackedInAll, packed + consumed);
      yield bytes;
    }
    packed += end.consumed + 8;
    if (end.failure !== undefined) {
      session.damage('corrupt-data', `gzip data breaks off after ${unpackedInAll} bytes: ${end.detail ?? ''}`);
      return;
    }
    const trailer = Buffer.from(await reader.take(8));
    if (trailer.length < 8) {
      session.damage('truncated', `gzip data is cut off after ${unpackedInAll} bytes`);
      return;
    }
    budget.setPacked(packed);
    if (trailer.readUInt32LE(0) !== checksum) session.damage('checksum-mismatch', 'gzip checksum (CRC-32) is wrong');
    if (trailer.readUInt32LE(4) !== unpacked % 2 ** 32) {
      session.damage('size-mismatch', `gzip says ${trailer.readUInt32LE(4)} bytes, ${unpacked} were there`);
    }
  }
}

/** Reads a member's header after its magic. Returns its length, or undefined when it is cut off or not deflate. */
async function readHeader(reader: ByteReader): Promise<number | undefined> {
  const fixed = await reader.take(8);
  const flags = fixed[1];
  if (fixed.length < 8 || fixed[0] !== 8 || flags === undefined || (flags & 0xe0) !== 0) return undefined;
  let length = 8;
  if ((flags & 4) !== 0) {
    const size = await reader.take(2);
    if (size.length < 2) return undefined;
    const extra = await reader.take(Buffer.from(size).readUInt16LE(0));
    length += 2 + extra.length;
  }
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const bytes = await skipString(reader);
    if (bytes === undefined) return undefined;
    length += bytes;
  }
  if ((flags & 2) === 0) return length;
  const checksum = await reader.take(2);
  return checksum.length === 2 ? length + 2 : undefined;
}

/** Skips a NUL-terminated field. Returns its length with the NUL, or undefined when there is no end to it. */
async function skipString(reader: ByteReader): Promise<number | undefined> {
  let length = 0;
  while (length <= maxFieldBytes) {
    const chunk = await reader.next();
    if (chunk === undefined) return undefined;
    const end = chunk.indexOf(0);
    if (end >= 0) {
      reader.pushBack(chunk.subarray(end + 1));
      return length + end + 1;
    }
    length += chunk.length;
  }
  return undefined;
}

/** Zeros after the last member are padding of tapes and blocks; anything else was put there. */
async function reportTrailing(session: Session, reader: ByteReader): Promise<void> {
  let bytes = 0;
  let isZero = true;
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
    bytes += chunk.length;
    session.budget.setPacked(session.budget.packed + chunk.length);
    isZero &&= chunk.every((byte) => byte === 0);
  }
  if (!isZero) session.report('trailing-data', `${bytes} bytes after the gzip data`);
}
