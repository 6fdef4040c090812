import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { HistoryTable } from './history.ts';

/** Raised whenever the layout of the file changes. */
const magic = 'assay-history/1';
const sections = ['commits', 'parents', 'main', 'starts', 'blobs', 'paths', 'blobIds', 'pathText'] as const;
type Section = (typeof sections)[number];

/**
 * Layout: one line of JSON `{magic, tips, idBytes, isCutOff, digest, lengths}`, padded to a multiple of eight bytes, then the sections
 * end to end, each padded the same. Numbers are in the machine's own order: the file never leaves it.
 */
export async function writeHistoryFile(file: string, tips: string, table: HistoryTable): Promise<void> {
  const bodies = sections.map((name) => padded(bytesOf(table[name])));
  const body = Buffer.concat(bodies);
  const lengths = Object.fromEntries(sections.map((name) => [name, table[name].byteLength]));
  const head = JSON.stringify({
    magic,
    tips: sha256(tips),
    idBytes: table.idBytes,
    isCutOff: table.isCutOff,
    digest: sha256(body),
    lengths,
  });
  const temporary = `${file}.${process.pid}.new`;
  await writeFile(temporary, Buffer.concat([padded(Buffer.from(`${head}\n`)), body]), { mode: 0o600 });
  await rename(temporary, file);
}

/** `undefined` when there is none, it is of other tips or another layout, or it is damaged. */
export async function readHistoryFile(file: string, tips: string): Promise<HistoryTable | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  const end = bytes?.indexOf(10) ?? -1;
  if (bytes === undefined || end === -1) return undefined;
  const head = parseHead(bytes.toString('utf8', 0, end));
  const body = bytes.subarray(roundUp(end + 1));
  if (head?.magic !== magic || head.tips !== sha256(tips) || head.digest !== sha256(body)) return undefined;
  const parts = {} as Record<Section, Buffer>;
  let at = 0;
  for (const name of sections) {
    const length = head.lengths?.[name] ?? 0;
    parts[name] = body.subarray(at, at + length);
    at += roundUp(length);
  }
  return {
    idBytes: head.idBytes ?? 20,
    // Absent is taken for the worse.
    isCutOff: head.isCutOff !== false,
    commits: parts.commits,
    parents: int32(parts.parents),
    main: parts.main,
    starts: int32(parts.starts),
    blobs: int32(parts.blobs),
    paths: int32(parts.paths),
    blobIds: parts.blobIds,
    pathText: parts.pathText,
  };
}

type Head = {
  magic?: string;
  tips?: string;
  idBytes?: number;
  isCutOff?: boolean;
  digest?: string;
  lengths?: Partial<Record<Section, number>>;
};

function parseHead(line: string): Head | undefined {
  try {
    return JSON.parse(line) as Head;
  } catch {
    // Cut off while it was written: as good as absent.
    return undefined;
  }
}

function int32(bytes: Buffer): Int32Array {
  // Copied when the file's bytes do not lie on a word boundary of memory.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(Uint8Array.from(bytes).buffer);
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function bytesOf(part: Buffer | Uint8Array | Int32Array): Buffer {
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes], roundUp(bytes.length));
}

function roundUp(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
