import { crc32 } from 'node:zlib';
import { quote } from './anomaly.ts';
import type { EntryType } from './entry.ts';
import { decodeZipName } from './zip-names.ts';

/** One entry as the central directory tells it. Sizes and offsets in bytes, zip64 resolved. */
export type CentralRecord = {
  rawName: Buffer;
  name: string;
  isUtf8: boolean;
  flags: number;
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  /** As stated: without the directory's `base`. */
  localOffset: number;
  type: EntryType;
  mode: number;
  /** What is odd about the record by itself. */
  oddities: string[];
};

/** General-purpose flag bits (APPNOTE 4.4.4). */
export const flag = { encrypted: 1, descriptor: 1 << 3, strong: 1 << 6, utf8: 1 << 11, masked: 1 << 13 } as const;

const centralBytes = 46;
const unixHosts = [3, 19];
/** *Source:* `S_IFMT` of POSIX `sys/stat.h`. */
const typeOfUnixMode: ReadonlyMap<number, EntryType> = new Map([
  [0o040000, 'directory'],
  [0o100000, 'file'],
  [0o120000, 'symlink'],
  [0o010000, 'fifo'],
  [0o020000, 'device'],
  [0o060000, 'device'],
  [0o140000, 'other'],
]);

/**
 * Parses the central record at `at`.
 *
 * *Shape:* returns the record and where the next one begins, or undefined when the bytes there are no record.
 * *Source:* APPNOTE 4.3.12.
 */
export function parseCentral(directory: Buffer, at: number): { record: CentralRecord; next: number } | undefined {
  if (at + centralBytes > directory.length || directory.readUInt32LE(at) !== 0x02014b50) return undefined;
  const nameBytes = directory.readUInt16LE(at + 28);
  const extraBytes = directory.readUInt16LE(at + 30);
  const next = at + centralBytes + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
  if (next > directory.length) return undefined;

  const flags = directory.readUInt16LE(at + 8);
  const rawName = directory.subarray(at + centralBytes, at + centralBytes + nameBytes);
  const extra = directory.subarray(at + centralBytes + nameBytes, at + centralBytes + nameBytes + extraBytes);
  const { name, isUtf8 } = decodeZipName(rawName, (flags & flag.utf8) !== 0);
  const record: CentralRecord = {
    rawName,
    name,
    isUtf8,
    flags,
    method: directory.readUInt16LE(at + 10),
    crc: directory.readUInt32LE(at + 16),
    compressedSize: directory.readUInt32LE(at + 20),
    size: directory.readUInt32LE(at + 24),
    localOffset: directory.readUInt32LE(at + 42),
    ...typeAndMode(directory.readUInt16LE(at + 4) >> 8, directory.readUInt32LE(at + 38), name),
    oddities: [],
  };
  readExtra(record, extra);
  return { record, next };
}

function typeAndMode(host: number, attributes: number, name: string): { type: EntryType; mode: number } {
  const isFolder = name.endsWith('/');
  const unix = unixHosts.includes(host) ? attributes >>> 16 : 0;
  if (unix === 0) return { type: isFolder ? 'directory' : 'file', mode: isFolder ? 0o755 : 0o644 };
  const stated = typeOfUnixMode.get(unix & 0o170000);
  // A name with a slash at its end is a folder to every reader, whatever its attributes say.
  const type = isFolder ? 'directory' : stated === undefined || stated === 'directory' ? 'file' : stated;
  return { type, mode: unix & 0o7777 };
}

/** Applies the zip64 field and looks for a second name (Info-ZIP's Unicode path), which `unzip` prefers. */
function readExtra(record: CentralRecord, extra: Buffer): void {
  for (const { id, data } of extraFields(extra)) {
    if (id === 0x0001) readZip64(record, data);
    if (id === 0x7075 && data.length >= 5 && data[0] === 1 && data.readUInt32LE(1) === crc32(record.rawName)) {
      const other = data.toString('utf8', 5);
      if (other !== record.name) record.oddities.push(`its Unicode path field names it ${quote(other)}`);
    }
  }
}

/** Only the fields that are all ones in the record have a value here, in this order (APPNOTE 4.5.3). */
function readZip64(record: CentralRecord, data: Buffer): void {
  let at = 0;
  for (const name of ['size', 'compressedSize', 'localOffset'] as const) {
    if (record[name] !== 0xffffffff) continue;
    if (at + 8 > data.length) {
      record.oddities.push(`its zip64 field lacks ${name}`);
      return;
    }
    record[name] = Number(data.readBigUInt64LE(at));
    at += 8;
  }
}

/** The `id, length, data` fields of an extra area, as far as it is well formed. */
export function extraFields(extra: Buffer): { id: number; data: Buffer }[] {
  const fields: { id: number; data: Buffer }[] = [];
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) break;
    fields.push({ id: extra.readUInt16LE(at), data: extra.subarray(at + 4, end) });
    at = end;
  }
  return fields;
}
