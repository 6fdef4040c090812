import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Sha256 } from '@assay/kernel';
import { archiveInvalid, archiveTooLarge } from './errors.ts';
import type { Session } from './session.ts';
import { readContent, readLinkTarget } from './zip-content.ts';
import { type DirectoryExtent, findDirectory } from './zip-end.ts';
import { type Extent, reportGaps } from './zip-gaps.ts';
import { compareHeaders, descriptorLength, readLocal } from './zip-local.ts';
import { type CentralRecord, flag, parseCentral } from './zip-record.ts';
import { piecesOf, type ZipSource } from './zip-source.ts';

/** Directory bytes allowed per allowed entry: a record is 46 bytes and its name, rarely more than 200. */
const directoryBytesPerEntry = 512;

/** Small members are read without waiting for anything; every so many, timers and signals get their turn. */
const entriesPerPause = 128;

/**
 * Reads a zip archive into the session: the entries of the central directory, in its order, each compared with its
 * local header, and then the bytes that belong to no entry.
 *
 * *Errors:* `ArchiveError` `ARCHIVE_INVALID` when there is no usable central directory; `ARCHIVE_TOO_LARGE`.
 */
export async function readZipInto(session: Session, source: ZipSource): Promise<{ sha256: Sha256 }> {
  session.budget.setPacked(source.size);
  const directory = await findDirectory(session, source);
  const records = await readDirectory(session, source, directory);
  const extents: Extent[] = [];
  for (const [index, record] of records.entries()) {
    if (index % entriesPerPause === entriesPerPause - 1) await setImmediate();
    const extent = await readMember(session, source, directory, record);
    if (extent !== undefined) extents.push(extent);
  }
  await reportGaps(session, source, extents, directory);
  const digest = createHash('sha256');
  for await (const piece of piecesOf(source, 0, source.size)) digest.update(piece);
  return { sha256: digest.digest('hex') as Sha256 };
}

async function readDirectory(session: Session, source: ZipSource, extent: DirectoryExtent): Promise<CentralRecord[]> {
  const { limits, options } = session;
  const { maxEntries } = limits;
  if (extent.entryCount > maxEntries) {
    throw archiveTooLarge(options.label, 'maxEntries', maxEntries, extent.entryCount, `${extent.entryCount} entries`);
  }
  const length = extent.end - extent.start;
  if (length > Math.max(1, maxEntries) * directoryBytesPerEntry) {
    throw archiveTooLarge(options.label, 'maxEntries', maxEntries, length, `a directory of ${length} bytes`);
  }
  const bytes = await source.read(extent.start, length);
  const records: CentralRecord[] = [];
  let at = 0;
  for (let parsed = parseCentral(bytes, at); parsed !== undefined; parsed = parseCentral(bytes, at)) {
    records.push(parsed.record);
    if (records.length > maxEntries) {
      throw archiveTooLarge(options.label, 'maxEntries', maxEntries, records.length, `more than ${maxEntries} entries`);
    }
    at = parsed.next;
  }
  if (at < bytes.length) {
    if (records.length < extent.entryCount)
      session.damage('corrupt-data', `the directory breaks off after ${at} bytes`);
    else session.report('hidden-data', `${bytes.length - at} bytes after the last record of the directory`);
  }
  if (records.length !== extent.entryCount) {
    session.report('header-mismatch', `${extent.entryCount} entries stated, ${records.length} in the directory`);
  }
  if (records.length === 0 && extent.entryCount > 0) throw archiveInvalid(options.label, 'its directory is unreadable');
  return records;
}

/** Reads one member. Returns the bytes it occupies, or undefined when its local header is not where it should be. */
async function readMember(
  session: Session,
  source: ZipSource,
  directory: DirectoryExtent,
  record: CentralRecord,
): Promise<Extent | undefined> {
  const start = record.localOffset + directory.base;
  const local = await readLocal(source, start);
  const target =
    record.type === 'symlink' ? await readLinkTarget(session, source, record, local?.dataStart) : undefined;
  const member = session.open({
    rawPath: record.name,
    type: record.type,
    declaredSize: record.size,
    mode: record.mode,
    linkTarget: target,
    isUtf8: record.isUtf8,
  });
  const { path } = member.head;
  const report: Session['report'] = (code, detail) => session.report(code, detail, path);
  if (local === undefined) {
    report('header-mismatch', `no local header at ${start}`);
    await member.finish(false);
    return undefined;
  }
  for (const difference of compareHeaders(local, record)) report('header-mismatch', difference);

  const dataEnd = local.dataStart + record.compressedSize;
  const isEncrypted = (record.flags & (flag.encrypted | flag.strong | flag.masked)) !== 0;
  if (isEncrypted) report('encrypted', 'its bytes cannot be read');
  else if (record.method !== 0 && record.method !== 8)
    report('unsupported-method', `compression method ${record.method}`);
  if (isEncrypted || (record.method !== 0 && record.method !== 8)) {
    await member.finish(false);
    return { start, end: dataEnd, path };
  }
  const problems = await readContent(session, source, record, local.dataStart, member);
  for (const { code, detail } of problems) report(code, detail);
  if (record.type !== 'file' && record.type !== 'symlink' && member.size > 0) {
    report('size-mismatch', `a ${record.type} carries ${member.size} bytes`);
  }
  await member.finish(problems.length === 0);
  if ((record.flags & flag.descriptor) === 0) return { start, end: dataEnd, path };
  const descriptor = await descriptorLength(source, dataEnd, record);
  if (descriptor === 0) report('descriptor-mismatch', 'no data descriptor that agrees with the directory');
  return { start, end: dataEnd + descriptor, path };
}
