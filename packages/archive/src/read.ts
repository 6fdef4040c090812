import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ArchiveLimits } from '@assay/kernel';
import type { ByteChunks } from './byte-reader.ts';
import type { ArchiveReading, ReadOptions } from './entry.ts';
import { archiveInvalid, archiveTooLarge } from './errors.ts';
import { Session } from './session.ts';
import { sniffBytes, sniffFormat } from './sniff.ts';
import { readTarInto } from './tar.ts';
import { readZipInto } from './zip.ts';
import { type ZipSource, zipSourceOfBytes, zipSourceOfFile } from './zip-source.ts';

/** An archive's bytes, or the path of a file on this machine that holds them. */
export type ArchiveSource = Uint8Array | string;

/** Bytes in memory are looked at in pieces of this size, so that nothing else waits long. */
const sliceBytes = 1024 * 1024;

/**
 * Reads a tar archive, gzipped or not (told by its first bytes), in one pass and bounded memory. Writes nothing.
 *
 * *Shape:* entries are those npm's reader sees; `anomalies` say where another reader would see something else. A
 * truncated or corrupt archive gives the entries up to the damage, and `complete: false`.
 * *Units:* `limits` in bytes and counts, measured on real data, not on headers.
 * *Errors:* `ArchiveError` `ARCHIVE_INVALID` (no tar header in it), `ARCHIVE_TOO_LARGE` (`facts.limit`). Errors of the
 * source and of `onMember` pass through.
 */
export async function readTar(
  source: Uint8Array | AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
  options: ReadOptions,
): Promise<ArchiveReading> {
  const session = new Session(limits, options);
  const chunks: ByteChunks = source instanceof Uint8Array ? slicesOf(source) : source;
  const { format, sha256 } = await readTarInto(session, chunks);
  return session.result(format, sha256);
}

/**
 * Reads a zip archive: the entries of its central directory, each compared with its local header. Writes nothing.
 *
 * *Shape, units, errors:* as `readTar`; the central directory is the view that is reported, and every difference from
 * the local headers and every byte that belongs to no entry is an anomaly.
 */
export async function readZip(
  source: ArchiveSource,
  limits: ArchiveLimits,
  options: ReadOptions,
): Promise<ArchiveReading> {
  const session = new Session(limits, options);
  if (typeof source !== 'string') return readZipFrom(session, zipSourceOfBytes(source));
  const file = await open(source, 'r');
  try {
    return await readZipFrom(session, zipSourceOfFile(file, (await file.stat()).size));
  } finally {
    await file.close();
  }
}

async function readZipFrom(session: Session, source: ZipSource): Promise<ArchiveReading> {
  const { sha256 } = await readZipInto(session, source);
  return session.result('zip', sha256);
}

/**
 * Reads an archive of any known format, told by its first bytes and never by its name.
 *
 * *Errors:* as `readTar` and `readZip`; `ARCHIVE_INVALID` also when the bytes begin no known format.
 */
export async function readArchive(
  source: ArchiveSource,
  limits: ArchiveLimits,
  options: ReadOptions,
): Promise<ArchiveReading> {
  const { head, size } = await beginning(source);
  if (size > limits.maxArchiveBytes) {
    throw archiveTooLarge(options.label, 'maxArchiveBytes', limits.maxArchiveBytes, size, `${size} bytes packed`);
  }
  const format = sniffFormat(head);
  if (format === undefined) throw archiveInvalid(options.label, unknownContent(size));
  if (format === 'zip') return readZip(source, limits, options);
  return readTar(typeof source === 'string' ? createReadStream(source) : source, limits, options);
}

/** What to say of a file that begins like no archive. */
export function unknownContent(size: number): string {
  return size === 0 ? 'it is empty' : 'its first bytes are those of no archive (gzip, tar or zip)';
}

/** The first bytes of a source, enough for `sniffFormat`, and its size. */
export async function beginning(source: ArchiveSource): Promise<{ head: Uint8Array; size: number }> {
  if (typeof source !== 'string') return { head: source.subarray(0, sniffBytes), size: source.length };
  const file = await open(source, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(sniffBytes);
    const { bytesRead } = await file.read(buffer, 0, sniffBytes, 0);
    return { head: buffer.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes);
}
