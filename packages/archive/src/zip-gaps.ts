import { quote } from './anomaly.ts';
import type { Session } from './session.ts';
import type { DirectoryExtent } from './zip-end.ts';
import { localName, readLocal } from './zip-local.ts';
import { piecesOf, type ZipSource } from './zip-source.ts';

/** The bytes that one entry occupies, local header to descriptor. */
export type Extent = { start: number; end: number; path: string };

/**
 * Looks at the bytes that no entry of the directory owns, and at those that two own.
 *
 * A reader that streams local headers sees entries there that the directory hides; overlapping entries are how a small
 * file unpacks to petabytes (Fifield, "A better zip bomb", WOOT 2019).
 */
export async function reportGaps(
  session: Session,
  source: ZipSource,
  extents: Extent[],
  directory: DirectoryExtent,
): Promise<void> {
  const sorted = extents.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let covered = 0;
  let before: Extent | undefined;
  for (const extent of [...sorted, { start: directory.start, end: directory.start, path: '' }]) {
    if (extent.start < covered) {
      const isDirectory = extent.path === '';
      const whose = isDirectory ? 'the central directory' : quote(extent.path);
      session.report('overlapping-entries', `shares bytes with ${whose}`, before?.path);
    } else if (extent.start > covered) await reportGap(session, source, covered, extent.start, directory.base);
    if (extent.end > covered) {
      covered = extent.end;
      before = extent;
    }
  }
}

/** Signatures looked at in one gap; a gap made of nothing else must not cost a read for each. */
const maxLooks = 10_000;

async function reportGap(session: Session, source: ZipSource, start: number, end: number, base: number): Promise<void> {
  let isZero = true;
  let hidden = 0;
  let looks = 0;
  let offset = start;
  let carry: Buffer = Buffer.alloc(0);
  for await (const piece of piecesOf(source, start, end)) {
    const bytes = Buffer.concat([carry, piece]);
    const bytesStart = offset - carry.length;
    isZero &&= piece.every((byte) => byte === 0);
    for (
      let at = bytes.indexOf('PK\x03\x04', 0, 'latin1');
      at >= 0;
      at = bytes.indexOf('PK\x03\x04', at + 1, 'latin1')
    ) {
      looks += 1;
      if (looks <= maxLooks && (await reportHidden(session, source, bytesStart + at))) hidden += 1;
    }
    offset += piece.length;
    carry = bytes.subarray(Math.max(0, bytes.length - 3));
  }
  if (isZero || hidden > 0) return;
  if (start === 0 && base === 0) session.report('prepended-data', `${end} bytes before the first entry`);
  else if (start > 0 || base < end)
    session.report('hidden-data', `${end - start} bytes at ${start} belong to no entry`);
}

/** Reports a local header outside the directory, unless the four bytes stand there by chance. */
async function reportHidden(session: Session, source: ZipSource, at: number): Promise<boolean> {
  const local = await readLocal(source, at);
  if (local === undefined || local.rawName.length === 0 || local.method > 99) return false;
  session.report('hidden-entry', `local header of ${quote(localName(local))} at ${at} is not in the directory`);
  return true;
}
