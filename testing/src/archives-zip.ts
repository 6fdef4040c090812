import { crc32, deflateRawSync } from 'node:zlib';

/** The fields that a zip writes twice, so that the two can be made to differ. */
export type ZipFields = {
  name: string | Uint8Array;
  flags: number;
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  extra: Uint8Array;
};

/** One zip entry as it is to be written, lies included. Nothing is checked. */
export type ZipSpec = {
  name: string;
  content?: string | Uint8Array;
  /** Default 8 (deflate). Other methods than 0 and 8 store the content as it is. */
  method?: number;
  /** Unix mode with its type bits, for example `0o120777` for a symbolic link. Default: made by DOS, no mode. */
  unixMode?: number;
  /** The packed bytes, instead of the deflated content. */
  packed?: Uint8Array;
  /** What the local header says instead. */
  local?: Partial<ZipFields>;
  /** What the central directory says instead. */
  central?: Partial<ZipFields> & { localOffset?: number };
  /** Writes sizes and checksum behind the data; `wrong` writes others than the true ones. */
  descriptor?: 'true' | 'wrong';
  /** Leaves the entry out of the central directory. */
  hidden?: boolean;
  /** Bytes between the entry before and this one. */
  gap?: Uint8Array;
};

export type ZipOptions = {
  /** Bytes before the archive; offsets are not adjusted, as in `cat stub.exe a.zip`. */
  prepend?: Uint8Array;
  /** Bytes after the end record. */
  trailing?: Uint8Array;
  /** Bytes between the central directory and the end record. */
  beforeEnd?: Uint8Array;
  comment?: Uint8Array;
  statedCount?: number;
  statedOffset?: number;
  /** Number of the disk; anything but 0 makes it one volume of several. */
  disk?: number;
  /** Adds zip64 end records, with this entry count instead of the true one. */
  zip64Count?: number;
};

/** A zip archive of exactly these entries, in this order. */
export function zipOf(entries: readonly ZipSpec[], options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const spec of entries) {
    const written = zipEntry(spec, offset + (spec.gap?.length ?? 0));
    const bytes = Buffer.concat([spec.gap ?? Buffer.alloc(0), written.local]);
    parts.push(bytes);
    offset += bytes.length;
    if (spec.hidden !== true) directory.push(written.central);
  }
  const central = Buffer.concat(directory);
  const stated = { count: directory.length, bytes: central.length, offset: options.statedOffset ?? offset };
  const zip64 = options.zip64Count === undefined ? [] : zip64End(stated, options.zip64Count, offset + central.length);
  return Buffer.concat([
    options.prepend ?? Buffer.alloc(0),
    ...parts,
    central,
    options.beforeEnd ?? Buffer.alloc(0),
    ...zip64,
    endRecord({ ...stated, count: options.statedCount ?? stated.count }, options.disk ?? 0, options.comment),
    options.trailing ?? Buffer.alloc(0),
  ]);
}

/** One extra field. */
export function zipExtra(id: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

function zipEntry(spec: ZipSpec, offset: number): { local: Buffer; central: Buffer } {
  const content = Buffer.from(spec.content ?? '');
  const method = spec.method ?? 8;
  const packed = Buffer.from(spec.packed ?? (method === 8 ? deflateRawSync(content) : content));
  const truth: ZipFields = {
    name: spec.name,
    flags: (/[^\x20-\x7e]/.test(spec.name) ? 1 << 11 : 0) | (spec.descriptor === undefined ? 0 : 1 << 3),
    method,
    crc: crc32(content),
    compressedSize: packed.length,
    size: content.length,
    extra: Buffer.alloc(0),
  };
  const unknown = spec.descriptor === undefined ? {} : { crc: 0, compressedSize: 0, size: 0 };
  const local = fields({ ...truth, ...unknown, ...spec.local });
  const central = fields({ ...truth, ...spec.central });
  const localHead = Buffer.alloc(4);
  localHead.writeUInt32LE(0x04034b50, 0);
  const centralHead = Buffer.alloc(6);
  centralHead.writeUInt32LE(0x02014b50, 0);
  centralHead.writeUInt16LE(((spec.unixMode === undefined ? 0 : 3) << 8) | 20, 4);
  const centralTail = Buffer.alloc(14);
  centralTail.writeUInt32LE(((spec.unixMode ?? 0) << 16) >>> 0, 6);
  centralTail.writeUInt32LE(spec.central?.localOffset ?? offset, 10);
  const descriptor = spec.descriptor === undefined ? Buffer.alloc(0) : descriptorOf(truth, spec.descriptor === 'wrong');
  return {
    local: Buffer.concat([localHead, local.fixed, local.name, local.extra, packed, descriptor]),
    central: Buffer.concat([centralHead, central.fixed, centralTail, central.name, central.extra]),
  };
}

/** The 26 bytes from "version needed" to the extra field's length, which both headers have in common. */
function fields(from: ZipFields): { fixed: Buffer; name: Buffer; extra: Buffer } {
  const name = Buffer.from(from.name);
  const fixed = Buffer.alloc(26);
  fixed.writeUInt16LE(20, 0);
  fixed.writeUInt16LE(from.flags, 2);
  fixed.writeUInt16LE(from.method, 4);
  fixed.writeUInt32LE(0x0021_0000, 6); // 1980-01-01
  fixed.writeUInt32LE(from.crc, 10);
  fixed.writeUInt32LE(from.compressedSize, 14);
  fixed.writeUInt32LE(from.size, 18);
  fixed.writeUInt16LE(name.length, 22);
  fixed.writeUInt16LE(from.extra.length, 24);
  return { fixed, name, extra: Buffer.from(from.extra) };
}

function descriptorOf(truth: ZipFields, isWrong: boolean): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(truth.crc, 4);
  bytes.writeUInt32LE(truth.compressedSize, 8);
  bytes.writeUInt32LE(truth.size + (isWrong ? 1 : 0), 12);
  return bytes;
}

type Stated = { count: number; bytes: number; offset: number };

function endRecord(stated: Stated, disk: number, comment: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(22);
  bytes.writeUInt32LE(0x06054b50, 0);
  bytes.writeUInt16LE(disk, 4);
  bytes.writeUInt16LE(disk, 6);
  bytes.writeUInt16LE(stated.count, 8);
  bytes.writeUInt16LE(stated.count, 10);
  bytes.writeUInt32LE(stated.bytes, 12);
  bytes.writeUInt32LE(stated.offset, 16);
  bytes.writeUInt16LE(comment.length, 20);
  return Buffer.concat([bytes, comment]);
}

function zip64End(stated: Stated, count: number, at: number): Buffer[] {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  for (const offset of [24, 32]) record.writeBigUInt64LE(BigInt(count), offset);
  record.writeBigUInt64LE(BigInt(stated.bytes), 40);
  record.writeBigUInt64LE(BigInt(stated.offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at), 8);
  locator.writeUInt32LE(1, 16);
  return [record, locator];
}
