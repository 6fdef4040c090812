import { quote } from './anomaly.ts';
import { archiveInvalid } from './errors.ts';
import type { Session } from './session.ts';
import type { ZipSource } from './zip-source.ts';

const endSignature = 0x06054b50;
const zip64EndSignature = 0x06064b50;
const zip64LocatorSignature = 0x07064b50;
const directorySignature = 0x02014b50;
const endBytes = 22;
const maxCommentBytes = 0xffff;

/** Where the central directory lies. `base` is what must be added to the offsets that the archive states. */
export type DirectoryExtent = { start: number; end: number; base: number; entryCount: number };

type EndRecord = { at: number; entryCount: number; directoryBytes: number; directoryOffset: number };

/**
 * Finds the end record and from it the central directory, as the usual readers do, and reports everything about the
 * two that lets readers differ.
 *
 * *Errors:* `ArchiveError` `ARCHIVE_INVALID`: no end record, no directory where it says, or a multi-volume archive.
 * *Source:* PKWARE APPNOTE 6.3.10, sections 4.3.14 to 4.3.16.
 */
export async function findDirectory(session: Session, source: ZipSource): Promise<DirectoryExtent> {
  const { label } = session.options;
  const tailStart = Math.max(0, source.size - endBytes - maxCommentBytes);
  const tail = await source.read(tailStart, source.size - tailStart);
  const at = chooseEnd(tail);
  if (at === undefined) throw archiveInvalid(label, 'it has no zip end record');
  const disks = [tail.readUInt16LE(at + 4), tail.readUInt16LE(at + 6)];
  if (disks.some((disk) => disk !== 0 && disk !== 0xffff)) throw archiveInvalid(label, 'it is one volume of several');
  if (tail.readUInt16LE(at + 8) !== tail.readUInt16LE(at + 10)) {
    session.report('header-mismatch', 'two entry counts in the end record differ');
  }
  const after = tail.length - at - endBytes - tail.readUInt16LE(at + 20);
  if (after > 0) session.report('trailing-data', `${after} bytes after the zip end record`);
  if (after < 0) session.report('truncated', `the archive comment lacks ${-after} bytes`);

  const classic: EndRecord = {
    at: tailStart + at,
    entryCount: tail.readUInt16LE(at + 10),
    directoryBytes: tail.readUInt32LE(at + 12),
    directoryOffset: tail.readUInt32LE(at + 16),
  };
  const end = (await readZip64End(session, source, classic)) ?? classic;
  const extent = await locate(session, source, end);
  for (let other = tail.indexOf('PK\x05\x06', 0, 'latin1'); other >= 0; ) {
    // Before the directory it is a member's business: a stored zip in a zip.
    if (other !== at && tailStart + other > extent.start) {
      session.report('ambiguous-end', `another zip end record at ${tailStart + other}`);
    }
    other = tail.indexOf('PK\x05\x06', other + 1, 'latin1');
  }
  return extent;
}

/** The record whose comment ends with the file; failing that, the last one in the file. */
function chooseEnd(tail: Buffer): number | undefined {
  let last: number | undefined;
  for (let at = tail.length - endBytes; at >= 0; at -= 1) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== endSignature) continue;
    if (at + endBytes + tail.readUInt16LE(at + 20) === tail.length) return at;
    last ??= at;
  }
  return last;
}

/** The zip64 record, when there is one; it counts only for fields that the classic record leaves to it. */
async function readZip64End(session: Session, source: ZipSource, classic: EndRecord): Promise<EndRecord | undefined> {
  if (classic.at < 20) return undefined;
  const locator = await source.read(classic.at - 20, 20);
  if (locator.length < 20 || locator.readUInt32LE(0) !== zip64LocatorSignature) return undefined;
  const stated = Number(locator.readBigUInt64LE(8));
  for (const at of [classic.at - 20 - 56, stated]) {
    if (at < 0 || at + 56 > source.size) continue;
    const record = await source.read(at, 56);
    if (record.length < 56 || record.readUInt32LE(0) !== zip64EndSignature) continue;
    if (at !== stated) session.report('zip64-mismatch', `locator says ${stated}, the zip64 end record is at ${at}`);
    const wide: EndRecord = {
      at,
      entryCount: Number(record.readBigUInt64LE(32)),
      directoryBytes: Number(record.readBigUInt64LE(40)),
      directoryOffset: Number(record.readBigUInt64LE(48)),
    };
    const pick = (name: 'entryCount' | 'directoryBytes' | 'directoryOffset', leftToWide: number): number => {
      if (classic[name] === leftToWide) return wide[name];
      if (classic[name] !== wide[name]) {
        session.report('zip64-mismatch', `${name} is ${classic[name]} in the end record, ${wide[name]} in zip64`);
      }
      return classic[name];
    };
    return {
      at,
      entryCount: pick('entryCount', 0xffff),
      directoryBytes: pick('directoryBytes', 0xffffffff),
      directoryOffset: pick('directoryOffset', 0xffffffff),
    };
  }
  session.report('zip64-mismatch', 'a zip64 locator points at no zip64 end record');
  return undefined;
}

async function locate(session: Session, source: ZipSource, end: EndRecord): Promise<DirectoryExtent> {
  const { directoryBytes, directoryOffset, entryCount } = end;
  const isDirectoryAt = async (at: number): Promise<boolean> => {
    if (at < 0 || at > end.at) return false;
    if (directoryBytes === 0) return at === end.at;
    const signature = await source.read(at, 4);
    return signature.length === 4 && signature.readUInt32LE(0) === directorySignature;
  };
  const touching = end.at - directoryBytes;
  if (await isDirectoryAt(touching)) {
    const base = touching - directoryOffset;
    if (base === 0) return { start: touching, end: end.at, base, entryCount };
    if (directoryBytes > 0 && (await isDirectoryAt(directoryOffset))) {
      session.report('ambiguous-end', `central directories at ${directoryOffset} (stated) and ${touching}`);
    }
    if (base > 0) session.report('prepended-data', `${base} bytes before the archive`);
    else session.report('header-mismatch', `directory stated at ${directoryOffset}, found at ${touching}`);
    return { start: touching, end: end.at, base: Math.max(0, base), entryCount };
  }
  if (await isDirectoryAt(directoryOffset)) {
    const gap = end.at - directoryOffset - directoryBytes;
    session.report('hidden-data', `${gap} bytes between the central directory and its end record`);
    return { start: directoryOffset, end: Math.min(end.at, directoryOffset + directoryBytes), base: 0, entryCount };
  }
  const what = `its end record points at ${quote(String(directoryOffset))}, where no central directory is`;
  throw archiveInvalid(session.options.label, what);
}
