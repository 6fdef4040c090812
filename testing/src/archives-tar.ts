import { gzipSync } from 'node:zlib';

/**
 * One tar entry as it is to be written, lies included. Nothing is checked: these are the archives that readers must
 * survive.
 */
export type TarSpec = {
  /** Bytes of the name field (at most 100 are written; longer names need `pax` or `longName`). */
  name: string | Uint8Array;
  /** Type flag: `0` file, `1` hard link, `2` symbolic link, `3`/`4` device, `5` folder, `6` fifo … Default `0`. */
  flag?: string;
  content?: string | Uint8Array;
  mode?: number;
  link?: string;
  /** What the size field says, when it is not the content's length. */
  statedSize?: number;
  /** Records of a pax header before the entry, in order; a key may repeat. */
  pax?: readonly (readonly [string, string])[];
  /** The pax header's body, instead of well-formed records. */
  rawPax?: string | Uint8Array;
  /** A global pax header before the entry. */
  globalPax?: readonly (readonly [string, string])[];
  /** A GNU long name (`L`) before the entry. */
  longName?: string;
  wrongChecksum?: boolean;
};

export type TarOptions = {
  /** Zero blocks at the end; 2 is right. */
  endBlocks?: number;
  trailing?: Uint8Array;
};

const blockBytes = 512;

/** A tar archive of exactly these entries, in this order. */
export function tarOf(entries: readonly TarSpec[], { endBlocks = 2, trailing }: TarOptions = {}): Buffer {
  const parts: Uint8Array[] = entries.flatMap(tarEntry);
  parts.push(Buffer.alloc(endBlocks * blockBytes));
  if (trailing !== undefined) parts.push(trailing);
  return Buffer.concat(parts);
}

/** The same, gzipped. */
export function tgzOf(entries: readonly TarSpec[], options: TarOptions = {}): Buffer {
  return gzipSync(tarOf(entries, options));
}

/** Pax records with right lengths. */
export function paxRecords(records: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    records.map(([key, value]) => {
      const rest = Buffer.byteLength(` ${key}=${value}\n`);
      // The length counts its own digits.
      let length = rest + String(rest).length;
      if (rest + String(length).length !== length) length += 1;
      return Buffer.from(`${length} ${key}=${value}\n`);
    }),
  );
}

function tarEntry(spec: TarSpec): Uint8Array[] {
  const parts: Uint8Array[] = [];
  if (spec.globalPax !== undefined) parts.push(...extendedHeader('g', 'pax_global_header', paxRecords(spec.globalPax)));
  if (spec.longName !== undefined)
    parts.push(...extendedHeader('L', '././@LongLink', Buffer.from(`${spec.longName}\0`)));
  const pax = spec.rawPax ?? (spec.pax === undefined ? undefined : paxRecords(spec.pax));
  if (pax !== undefined) parts.push(...extendedHeader('x', 'PaxHeader/x', Buffer.from(pax)));
  const content = Buffer.from(spec.content ?? '');
  parts.push(header(spec, content.length), content, padding(content.length));
  return parts;
}

function extendedHeader(flag: string, name: string, body: Buffer): Uint8Array[] {
  return [header({ name, flag }, body.length), body, padding(body.length)];
}

function header(spec: TarSpec, length: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  Buffer.from(spec.name).copy(block, 0, 0, 100);
  const numbers: [number, number, number][] = [
    [100, 8, spec.mode ?? 0o644],
    [108, 8, 0],
    [116, 8, 0],
    [124, 12, spec.statedSize ?? length],
    [136, 12, 499162500],
  ];
  for (const [offset, width, value] of numbers) {
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, width, 'latin1');
  }
  block.write(`        ${spec.flag ?? '0'}`, 148, 'latin1');
  block.write(spec.link ?? '', 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0) + (spec.wrongChecksum === true ? 1 : 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}
