import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import type { Sha256 } from '@assay/kernel';
import { openUnfollowed } from './unfollowed.ts';

/** A file that package code wrote, as it was when its run's phase ended: also when it has been deleted since. */
export interface CapturedFile {
  /** Path as seen inside. */
  path: string;
  sha256: Sha256;
  sizeBytes: number;
  /** Bytes of the head that was kept, at most `maxKeptBytes`. */
  head: Buffer;
  /** Bits per byte over the head, 0–8. */
  entropy: number;
  /** No name leads to it any more. */
  deleted: boolean;
}

export interface CaptureLimits {
  maxFiles: number;
  maxFileBytes: number;
  maxKeptBytes: number;
}

/**
 * Holds a descriptor of each file that package code opens for writing, taken as soon as the tracer reports the opening. The
 * descriptor keeps the content reachable when the file erases itself.
 *
 * What can be missed: a file that is deleted before the tracer's line has been read (counted in {@link missed}).
 */
export class FileCapture {
  missed = 0;
  #held = new Map<string, number>();
  #limits: CaptureLimits;
  #hostPath: (inside: string) => string | undefined;

  constructor(limits: CaptureLimits, hostPath: (inside: string) => string | undefined) {
    this.#limits = limits;
    this.#hostPath = hostPath;
  }

  hold(inside: string): void {
    if (this.#held.has(inside) || this.#held.size >= this.#limits.maxFiles) return;
    const host = this.#hostPath(inside);
    if (host === undefined) return;
    try {
      const fd = openUnfollowed(host);
      if (fstatSync(fd).isFile()) this.#held.set(inside, fd);
      else closeSync(fd);
    } catch (error) {
      // ENOENT: gone already. ELOOP, ENOTDIR, ENXIO, EACCES: not a regular file that we could read.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') this.missed++;
    }
  }

  /** Reads what is held and lets go of it. Call when no process of the phase is left. */
  collect(): CapturedFile[] {
    const captured: CapturedFile[] = [];
    for (const [path, fd] of this.#held) {
      try {
        captured.push({ path, ...this.#read(fd) });
      } finally {
        closeSync(fd);
      }
    }
    this.#held.clear();
    return captured;
  }

  #read(fd: number): Omit<CapturedFile, 'path'> {
    const stat = fstatSync(fd);
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(256 * 1024);
    const heads: Buffer[] = [];
    let kept = 0;
    let position = 0;
    while (position < this.#limits.maxFileBytes) {
      const length = readSync(fd, buffer, 0, buffer.length, position);
      if (length === 0) break;
      const chunk = buffer.subarray(0, length);
      hash.update(chunk);
      if (kept < this.#limits.maxKeptBytes) {
        heads.push(Buffer.from(chunk.subarray(0, this.#limits.maxKeptBytes - kept)));
        kept += heads.at(-1)?.length ?? 0;
      }
      position += length;
    }
    const head = Buffer.concat(heads);
    return {
      sha256: hash.digest('hex') as Sha256,
      sizeBytes: stat.size,
      head,
      entropy: entropyOf(head),
      deleted: stat.nlink === 0,
    };
  }
}

/** Shannon entropy in bits per byte. */
export function entropyOf(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length);
  return Math.min(8, Math.max(0, bits));
}

/** What the first bytes say a file is. */
export function kindOf(head: Uint8Array): {
  kind: 'elf' | 'pe' | 'macho' | 'script' | 'archive' | 'media' | 'text' | 'data';
  mime: string;
} {
  const text = Buffer.from(head.subarray(0, 512)).toString('latin1');
  const hex = Buffer.from(head.subarray(0, 8)).toString('hex');
  for (const [prefix, kind, mime] of magics) if (hex.startsWith(prefix)) return { kind, mime };
  if (text.startsWith('#!')) return { kind: 'script', mime: 'text/x-script' };
  if (/^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(text)) return { kind: 'text', mime: 'text/plain' };
  return { kind: 'data', mime: 'application/octet-stream' };
}

const magics = [
  ['7f454c46', 'elf', 'application/x-elf'],
  ['4d5a', 'pe', 'application/vnd.microsoft.portable-executable'],
  ['feedface', 'macho', 'application/x-mach-binary'],
  ['feedfacf', 'macho', 'application/x-mach-binary'],
  ['cffaedfe', 'macho', 'application/x-mach-binary'],
  ['cafebabe', 'macho', 'application/x-mach-binary'],
  ['1f8b', 'archive', 'application/gzip'],
  ['504b0304', 'archive', 'application/zip'],
  ['fd377a58', 'archive', 'application/x-xz'],
  ['425a68', 'archive', 'application/x-bzip2'],
  ['28b52ffd', 'archive', 'application/zstd'],
  ['89504e47', 'media', 'image/png'],
  ['ffd8ff', 'media', 'image/jpeg'],
  ['47494638', 'media', 'image/gif'],
  ['52494646', 'media', 'audio/x-riff'],
  ['494433', 'media', 'audio/mpeg'],
] as const;
