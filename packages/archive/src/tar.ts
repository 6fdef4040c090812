import { createHash } from 'node:crypto';
import type { Sha256 } from '@assay/kernel';
import { type ByteChunks, ByteReader } from './byte-reader.ts';
import type { ArchiveFormat } from './entry.ts';
import { gunzip } from './gunzip.ts';
import type { Session } from './session.ts';
import { blockBytes, Lockstep } from './tar-lockstep.ts';

/**
 * Reads a tar archive, gzipped or not, into the session.
 *
 * The entries are those that npm's own reader (`tar`'s `Parser`) finds. It is fed in lockstep, one header at a time, so
 * that the raw header of each entry is at hand and compared with what the parser made of it.
 *
 * *Errors:* `ArchiveError` `ARCHIVE_INVALID` when there is no tar header at all; `ARCHIVE_TOO_LARGE`.
 */
export async function readTarInto(
  session: Session,
  source: ByteChunks,
): Promise<{ format: ArchiveFormat; sha256: Sha256 }> {
  const digest = createHash('sha256');
  const reader = new ByteReader(tap(source, (chunk) => digest.update(chunk)));
  try {
    const magic = await reader.take(2);
    const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
    reader.pushBack(magic);
    const lockstep = new Lockstep(session);
    let carry: Buffer = Buffer.alloc(0);
    for await (const chunk of isGzip ? gunzip(session, reader) : counted(session, reader)) {
      session.options.signal?.throwIfAborted();
      const bytes = carry.length === 0 ? toBuffer(chunk) : Buffer.concat([carry, chunk]);
      const whole = bytes.length - (bytes.length % blockBytes);
      await lockstep.feed(bytes.subarray(0, whole));
      carry = bytes.subarray(whole);
    }
    await lockstep.end(carry);
    // After damage, the rest of the file still belongs to its digest.
    for (let rest = await reader.next(); rest !== undefined; rest = await reader.next()) {
      session.budget.setPacked(session.budget.packed + rest.length);
    }
    return { format: isGzip ? 'tar.gz' : 'tar', sha256: digest.digest('hex') as Sha256 };
  } finally {
    reader.close();
  }
}

async function* tap(source: ByteChunks, see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}

async function* counted(session: Session, reader: ByteReader): AsyncGenerator<Uint8Array> {
  let packed = 0;
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
    packed += chunk.length;
    session.budget.setPacked(packed);
    session.budget.addUnpacked(chunk.length);
    yield chunk;
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
