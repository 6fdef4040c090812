import { createCipheriv, createHash } from 'node:crypto';
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

/**
 * Encoders that hide a simulant's payload the way packages hide theirs. Payloads are written readably beside their use, so
 * that a reviewer and the linter read the plain text; nothing opaque is pasted into this folder.
 */

export const base64 = (plain: string | Uint8Array): string => Buffer.from(plain).toString('base64');
export const hex = (plain: string | Uint8Array): string => Buffer.from(plain).toString('hex');
export const reversed = (plain: string): string => [...plain].reverse().join('');
export const charCodes = (plain: string): string => Array.from(plain, (c) => c.charCodeAt(0)).join(',');
export const deflated64 = (plain: string): string => deflateRawSync(plain, { level: 9 }).toString('base64');
export const gzipped = (plain: string | Uint8Array): Buffer => gzipSync(plain, { level: 9 });

export function xored(plain: string | Uint8Array, key: number): Buffer {
  return Buffer.from(Uint8Array.from(Buffer.from(plain), (byte) => byte ^ key));
}

/** AES-256-CBC under SHA-256 of `password`, zero initialisation vector, as hex: readable in three lines of package code. */
export function encrypted(plain: string, password: string): string {
  const cipher = createCipheriv('aes-256-cbc', createHash('sha256').update(password).digest(), Buffer.alloc(16));
  return cipher.update(plain, 'utf8', 'hex') + cipher.final('hex');
}

/** One variation selector per byte: U+FE00–FE0F, then U+E0100 on. Invisible in every editor. */
export function variationSelectors(plain: string): string {
  return Array.from(Buffer.from(plain), (byte) =>
    String.fromCodePoint(byte < 16 ? 0xfe00 + byte : 0xe0100 + byte - 16),
  ).join('');
}

/** Eight zero-width characters per byte: U+200B = 0, U+200C = 1. */
export function zeroWidth(plain: string): string {
  const bits = Array.from(Buffer.from(plain), (byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.replaceAll('0', '\u200b').replaceAll('1', '\u200c');
}

/** ASCII as Unicode tag characters, U+E0000 on. */
export const tagCharacters = (plain: string): string =>
  Array.from(plain, (c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('');

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A valid 1×1 PNG, optionally with a private chunk inside or bytes after its end. */
export function png(hidden: { chunk?: [type: string, data: Uint8Array]; trailer?: string | Uint8Array } = {}): Buffer {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(hidden.chunk === undefined ? [] : [chunk(...hidden.chunk)]),
    chunk('IDAT', deflateSync(Buffer.from([0, 30, 60, 90]))),
    chunk('IEND', Buffer.alloc(0)),
    Buffer.from(hidden.trailer ?? ''),
  ]);
}

/** Mono 8-bit audio whose samples carry one bit of `hidden` each in their lowest bit. */
export function wav(hidden: string): Buffer {
  const bits = [...Buffer.from(hidden)].flatMap((byte) => Array.from({ length: 8 }, (_, i) => (byte >> (7 - i)) & 1));
  const samples = Buffer.from(bits.map((bit, i) => ((128 + Math.round(60 * Math.sin(i / 7))) & 0xfe) | bit));
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** A 64-bit x86 Linux program that prints `simulant` and exits 0: one header, one segment, 34 bytes of code. */
export function elf(): Buffer {
  const base = 0x400000n;
  const start = 120;
  const message = Buffer.from('simulant\n');
  // mov eax,1; mov edi,1; lea rsi,[rip+14]; mov edx,9; syscall; mov eax,60; xor edi,edi; syscall
  const code = Buffer.from(
    ['b801000000', 'bf01000000', '488d3510000000', 'ba09000000', '0f05', 'b83c000000', '31ff', '0f05'].join(''),
    'hex',
  );
  code.writeInt32LE(code.length - 17, 13);
  const size = BigInt(start + code.length + message.length);
  const head = Buffer.alloc(start);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(62, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(base + BigInt(start), 24);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(5, 68);
  head.writeBigUInt64LE(base, 80);
  head.writeBigUInt64LE(base, 88);
  head.writeBigUInt64LE(size, 96);
  head.writeBigUInt64LE(size, 104);
  head.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([head, code, message]);
}
