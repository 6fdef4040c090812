import { gzipSync } from 'node:zlib';

/** One file of an archive: its bytes, or its bytes with a mode. */
export type ArchiveFile = string | Uint8Array | { content: string | Uint8Array; mode?: number };

const blockBytes = 512;

/**
 * A gzip-compressed tar as `npm pack` makes them: every path below `package/`, fixed times and owners, so that the same
 * files always give the same bytes.
 *
 * *Shape:* keys are paths inside the package, each at most 92 ASCII characters (the name field of ustar less `package/`).
 */
export function npmTarball(files: Readonly<Record<string, ArchiveFile>>): Buffer {
  const blocks: Buffer[] = [];
  for (const [path, file] of Object.entries(files)) {
    const { content, mode = 0o644 } = typeof file === 'string' || file instanceof Uint8Array ? { content: file } : file;
    const bytes = Buffer.from(content);
    blocks.push(tarHeader(`package/${path}`, bytes.length, mode), bytes, padding(bytes.length));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]), { level: 9 });
}

/** A package's files with the manifest among them, as a tarball. */
export function packPackage(manifest: object, files: Readonly<Record<string, ArchiveFile>> = {}): Buffer {
  return npmTarball({ 'package.json': `${JSON.stringify(manifest, null, 2)}\n`, ...files });
}

/** A ustar header of a regular file. *Source:* POSIX pax, "ustar Interchange Format". */
function tarHeader(path: string, size: number, mode: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  if (header.write(path, 0, 100, 'latin1') < path.length) throw new RangeError(`path too long for ustar: ${path}`);
  // npm pack's own time stamp, 1985-10-26T08:15:00Z.
  const fields: [number, number, number][] = [
    [100, 8, mode],
    [108, 8, 0],
    [116, 8, 0],
    [124, 12, size],
    [136, 12, 499162500],
  ];
  for (const [offset, length, value] of fields) {
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, length, 'latin1');
  }
  header.write('        0', 148, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}
