import { crc32, inflateRawSync } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { type InflateEnd, inflate } from './inflate.ts';
import type { OpenMember } from './member.ts';
import type { Session } from './session.ts';
import type { CentralRecord } from './zip-record.ts';
import { piecesOf, type ZipSource } from './zip-source.ts';

/** Members up to these sizes are unpacked in one call: a stream each would cost more than the work. Bytes. */
const smallPacked = 128 * 1024;
const smallUnpacked = 1024 * 1024;

/** What was found wrong with a member's bytes; empty when they agree with the directory. */
export type ContentProblem = {
  code: 'size-mismatch' | 'checksum-mismatch' | 'truncated' | 'corrupt-data';
  detail: string;
};

/**
 * Unpacks one member into `member` and checks size and checksum against the directory.
 *
 * *Shape:* `dataStart` is the offset of its packed bytes. Method 0 (stored) or 8 (deflate).
 * *Errors:* `ArchiveError` `ARCHIVE_TOO_LARGE`.
 */
export async function readContent(
  session: Session,
  source: ZipSource,
  central: CentralRecord,
  dataStart: number,
  member: OpenMember,
): Promise<ContentProblem[]> {
  const problems: ContentProblem[] = [];
  const dataEnd = Math.min(source.size, dataStart + central.compressedSize);
  let checksum = 0;
  const take = (bytes: Uint8Array, packed: number): void | Promise<void> => {
    session.budget.addUnpacked(bytes.length);
    session.budget.checkRatio(session.budget.unpacked, source.size);
    session.budget.checkRatio(member.size + bytes.length, packed);
    checksum = crc32(bytes, checksum);
    return member.write(bytes);
  };

  const end: InflateEnd = { consumed: 0 };
  if (central.method === 0) {
    for await (const piece of piecesOf(source, dataStart, dataEnd)) {
      end.consumed += piece.length;
      await take(piece, end.consumed);
    }
  } else {
    const whole = await inflateSmall(source, central, dataStart, dataEnd);
    if (whole !== undefined) {
      end.consumed = central.compressedSize;
      if (whole.length > 0) await take(whole, end.consumed);
    } else {
      const packed = new ByteReader(piecesOf(source, dataStart, dataEnd));
      for await (const { bytes, consumed } of inflate(packed, end, 'report')) {
        await take(bytes, consumed);
      }
    }
  }
  if (dataEnd < dataStart + central.compressedSize)
    problems.push({ code: 'truncated', detail: 'its bytes are cut off' });
  else if (end.failure !== undefined) {
    const code = end.failure === 'truncated' ? 'truncated' : 'corrupt-data';
    problems.push({ code, detail: `deflate data: ${end.detail ?? 'damaged'}` });
  } else if (end.consumed !== central.compressedSize) {
    const detail = `${central.compressedSize} packed bytes stated, ${end.consumed} used`;
    problems.push({ code: 'size-mismatch', detail });
  }
  if (member.size !== central.size) {
    problems.push({ code: 'size-mismatch', detail: `${central.size} bytes stated, ${member.size} were there` });
  }
  if (checksum !== central.crc) problems.push({ code: 'checksum-mismatch', detail: 'checksum (CRC-32) is wrong' });
  return problems;
}

/** The whole member when it is small and as honest as stated; undefined sends it down the careful path. */
async function inflateSmall(
  source: ZipSource,
  central: CentralRecord,
  start: number,
  end: number,
): Promise<Buffer | undefined> {
  if (central.compressedSize > smallPacked || central.size > smallUnpacked) return undefined;
  const packed = await source.read(start, end - start);
  try {
    // `info` makes zlib say how much it used; the types do not know that form.
    const options = { maxOutputLength: central.size + 1, info: true };
    const { buffer, engine } = inflateRawSync(packed, options) as unknown as Inflated;
    return engine.bytesWritten === central.compressedSize ? buffer : undefined;
  } catch {
    return undefined; // larger than stated or damaged: the careful path measures how
  }
}

/**
 * The target of a symbolic link, which a zip stores as the link's content; empty when it cannot be read or is longer
 * than a path can be.
 */
export async function readLinkTarget(
  session: Session,
  source: ZipSource,
  central: CentralRecord,
  dataStart: number | undefined,
): Promise<string> {
  if (dataStart === undefined || central.size > session.limits.maxPathBytes) return '';
  const end = dataStart + central.compressedSize;
  if (central.method === 8) return (await inflateSmall(source, central, dataStart, end))?.toString('utf8') ?? '';
  return central.method === 0 ? (await source.read(dataStart, central.size)).toString('utf8') : '';
}

type Inflated = { buffer: Buffer; engine: { bytesWritten: number } };
