import { isUtf8 } from 'node:buffer';
import { Header, type ReadEntry } from 'tar';
import { type AnomalyCode, quote } from './anomaly.ts';
import type { EntryType } from './entry.ts';

/** Largest size that a plain header can hold in octal; a bigger one needs a pax record. */
const maxOctalSize = 8 * 1024 ** 3 - 1;

const entryTypes: Readonly<Record<string, EntryType>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'directory',
  SymbolicLink: 'symlink',
  Link: 'hardlink',
  CharacterDevice: 'device',
  BlockDevice: 'device',
  FIFO: 'fifo',
};

/** npm's reader's word for a type, in ours; what it skips is `other`. */
export function entryTypeOf(type: string): EntryType {
  return entryTypes[type] ?? 'other';
}

/** What the extended headers before an entry say, read by their lengths. Values are bytes. */
export type Extended = ReadonlyMap<string, Buffer>;

export type Disagreement = { code: AnomalyCode; detail: string };

/**
 * Compares the views that different readers have of one tar entry: the plain header alone, the extended headers read
 * by the standard, and what npm's reader made of both.
 *
 * *Shape:* `block` is the entry's own 512-byte header; `entry` is npm's reading of it.
 */
export function compareViews(block: Buffer, entry: ReadEntry, extended: Extended): Disagreement[] {
  const found = extended.size === 0 ? [] : comparePlain(block, entry, extended);
  const nameField = block.subarray(0, 100);
  const nul = nameField.indexOf(0);
  if (nul >= 0 && nameField.subarray(nul).some((byte) => byte !== 0)) {
    found.push({ code: 'header-mismatch', detail: 'bytes after the NUL that ends the name' });
  }
  const isSparse = [...extended.keys()].some((key) => key.startsWith('GNU.sparse.'));
  if (isSparse || entry.type === 'SparseFile') {
    found.push({ code: 'sparse-file', detail: 'GNU sparse file: its bytes are not stored as they are read' });
  } else if (entryTypeOf(entry.type) === 'other') {
    found.push({
      code: 'unsupported-type',
      detail: `type ${entry.type} (flag ${quote(flagOf(block))}), skipped by npm`,
    });
  }
  return found;
}

function comparePlain(block: Buffer, entry: ReadEntry, extended: Extended): Disagreement[] {
  const found: Disagreement[] = [];
  const conflict = (detail: string) => found.push({ code: 'pax-conflict', detail });
  const path = extended.get('path')?.toString();
  if (path !== undefined && path !== entry.path) {
    conflict(`the standard reads the path ${quote(path)}, npm reads ${quote(entry.path)}`);
  }
  const plain = plainHeader(block);
  if (plain === undefined) {
    return [...found, { code: 'header-invalid', detail: 'a number in the plain header cannot be read' }];
  }
  const name = plain.path ?? '';
  if (path !== undefined && isNeedless(path, name)) conflict(`the plain header names it ${quote(name)}`);
  const link = extended.get('linkpath')?.toString();
  const plainLink = plain.linkpath ?? '';
  if (link !== undefined && isNeedless(link, plainLink)) conflict(`the plain header links to ${quote(plainLink)}`);
  const size = extended.get('size')?.toString();
  // Not a number is a conflict, too: npm passes over it, others stop.
  if (size !== undefined && !(Number(size) > maxOctalSize) && Number(size) !== plain.size) {
    conflict(`${quote(size)} bytes in the extended header, ${plain.size} in the plain one`);
  }
  return found;
}

/** Are the bytes of the entry's name text? Names longer than a header field come from the extended header. */
export function isNameUtf8(block: Buffer, extended: Extended): boolean {
  const path = extended.get('path');
  if (path !== undefined) return isUtf8(path);
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  return isUtf8(untilNul(block.subarray(0, 100))) && (!isUstar || isUtf8(untilNul(block.subarray(345, 475))));
}

export function flagOf(block: Buffer): string {
  return String.fromCharCode(block[156] ?? 0);
}

export function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** The header as a reader without extensions sees it, or undefined when a number in it cannot be read. */
function plainHeader(block: Buffer): Header | undefined {
  try {
    return new Header(block);
  } catch {
    return undefined; // base-256 numbers beyond 2^53; npm's reader went by the extended header
  }
}

/** An extended value that the plain field could have held, and that differs from it, is there to deceive one reader. */
function isNeedless(extended: string, plain: string): boolean {
  const trimmed = extended.replace(/\/$/, '');
  return trimmed !== plain.replace(/\/$/, '') && trimmed.length <= 100 && /^[\x20-\x7e]*$/.test(trimmed);
}
