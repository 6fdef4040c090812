import { quote } from './anomaly.ts';
import { decodeZipName } from './zip-names.ts';
import { type CentralRecord, extraFields, flag } from './zip-record.ts';
import type { ZipSource } from './zip-source.ts';

const localSignature = 0x04034b50;
const localBytes = 30;

/** A local header: the view of readers that stream. `dataStart` is the offset of the member's bytes in the source. */
export type LocalHeader = {
  rawName: Buffer;
  flags: number;
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  dataStart: number;
};

/** Bytes of a local name that are ever shown. Thousands of records may point at one long name. */
const shownNameBytes = 512;

export function localName(local: LocalHeader): string {
  return decodeZipName(local.rawName.subarray(0, shownNameBytes), (local.flags & flag.utf8) !== 0).name;
}

/**
 * Reads the local header at `offset`, or undefined when none is there.
 *
 * *Source:* APPNOTE 4.3.7.
 */
export async function readLocal(source: ZipSource, offset: number): Promise<LocalHeader | undefined> {
  if (offset < 0 || offset + localBytes > source.size) return undefined;
  const fixed = await source.read(offset, localBytes);
  if (fixed.length < localBytes || fixed.readUInt32LE(0) !== localSignature) return undefined;
  const nameBytes = fixed.readUInt16LE(26);
  const extraBytes = fixed.readUInt16LE(28);
  const rest = await source.read(offset + localBytes, nameBytes + extraBytes);
  if (rest.length < nameBytes + extraBytes) return undefined;
  const header: LocalHeader = {
    rawName: rest.subarray(0, nameBytes),
    flags: fixed.readUInt16LE(6),
    method: fixed.readUInt16LE(8),
    crc: fixed.readUInt32LE(14),
    compressedSize: fixed.readUInt32LE(18),
    size: fixed.readUInt32LE(22),
    dataStart: offset + localBytes + nameBytes + extraBytes,
  };
  const wide = extraFields(rest.subarray(nameBytes)).find(({ id }) => id === 0x0001)?.data;
  if (wide === undefined || wide.length < 16) return header;
  if (header.size === 0xffffffff) header.size = Number(wide.readBigUInt64LE(0));
  if (header.compressedSize === 0xffffffff) header.compressedSize = Number(wide.readBigUInt64LE(8));
  return header;
}

/** Each way in which the local header contradicts the central record, as one line. */
export function compareHeaders(local: LocalHeader, central: CentralRecord): string[] {
  const found = [...central.oddities];
  const differ = (what: string, inLocal: number, inCentral: number) => {
    if (inLocal !== inCentral) found.push(`${what} is ${inLocal} in the local header, ${inCentral} in the directory`);
  };
  if (!local.rawName.equals(central.rawName)) found.push(`the local header names it ${quote(localName(local))}`);
  differ('method', local.method, central.method);
  const looked = flag.encrypted | flag.descriptor | flag.strong | flag.utf8 | flag.masked;
  differ('flags', local.flags & looked, central.flags & looked);
  // With a data descriptor the local fields may be zero: the writer did not know them yet.
  const mayBeZero = (local.flags & flag.descriptor) !== 0;
  for (const name of ['crc', 'compressedSize', 'size'] as const) {
    if (!(mayBeZero && local[name] === 0)) differ(name, local[name], central[name]);
  }
  return found;
}

/**
 * Reads the data descriptor behind a member. Its signature is optional and its sizes have 4 or 8 bytes; the form that
 * agrees with the directory is taken. Returns its length, 0 when none agrees.
 *
 * *Source:* APPNOTE 4.3.9.
 */
export async function descriptorLength(source: ZipSource, at: number, central: CentralRecord): Promise<number> {
  const bytes = await source.read(at, 24);
  for (const start of [4, 0]) {
    if (start === 4 && (bytes.length < 4 || bytes.readUInt32LE(0) !== 0x08074b50)) continue;
    for (const width of [4, 8]) {
      const end = start + 4 + 2 * width;
      if (bytes.length < end || bytes.readUInt32LE(start) !== central.crc) continue;
      const number = (offset: number) =>
        width === 4 ? bytes.readUInt32LE(offset) : Number(bytes.readBigUInt64LE(offset));
      const isSame = number(start + 4) === central.compressedSize && number(start + 4 + width) === central.size;
      if (isSame) return end;
    }
  }
  return 0;
}
