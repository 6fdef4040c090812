import type { ArchiveFormat } from './entry.ts';

/** Bytes from the beginning of a file that `sniffFormat` needs to recognise every format. */
export const sniffBytes = 262;

/** What kind of archive these first bytes begin, judged by magic numbers only. */
export function sniffFormat(head: Uint8Array): ArchiveFormat | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'tar.gz';
  // A local header, or the end record of an archive without entries.
  if (head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6))) {
    return 'zip';
  }
  if (head.length >= sniffBytes && 'ustar' === String.fromCharCode(...head.subarray(257, 262))) return 'tar';
  return undefined;
}

const suffixes: readonly (readonly [string, ArchiveFormat])[] = [
  ['.tgz', 'tar.gz'],
  ['.tar.gz', 'tar.gz'],
  ['.tar', 'tar'],
  ['.zip', 'zip'],
  ['.whl', 'zip'],
  ['.vsix', 'zip'],
];

/** The format that a file name promises; case does not count. */
export function formatOfSuffix(fileName: string): ArchiveFormat | undefined {
  const lower = fileName.toLowerCase();
  return suffixes.find(([suffix]) => lower.endsWith(suffix))?.[1];
}
