import { closeSync, constants, mkdirSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveLimits } from '@assay/kernel';
import { type AnomalyCode, quote } from './anomaly.ts';
import type { ArchiveReading, MemberHead, MemberSink, ReadOptions } from './entry.ts';
import { ArchiveError } from './errors.ts';
import { type InspectedPath, inspectPath } from './path.ts';
import { type ArchiveSource, readArchive } from './read.ts';

/** An entry that was not written, and the anomaly that is the reason. */
export type RefusedEntry = { path: string; rawPath: string; reason: AnomalyCode };
export type Unpacked = { reading: ArchiveReading; fileCount: number; refused: RefusedEntry[] };
export type UnpackOptions = Omit<ReadOptions, 'onMember' | 'expandNested'> & {
  /**
   * Where an entry goes, relative to the folder, or null to leave it out silently. Default: its own path. A package's
   * tree without its root folder: `({ rawPath }) => packageLayouts.npm.installedPath(rawPath)`.
   */
  pathOf?: ((head: MemberHead) => string | null) | undefined;
};

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes an archive's regular files into a new folder.
 *
 * No link is ever created and the folder is made here, private and empty, so nothing in it can lead outside: a later
 * entry cannot be written through an earlier one. Every file is created new (`O_EXCL`, `O_NOFOLLOW`), every parent
 * folder by this call. Entries whose name escapes, links, devices and what the archive's reader skips are refused and
 * listed. A second file of one path replaces the first, as unpacking does.
 *
 * *Shape:* `dir` must not exist, its parent must; it is made with mode 0700. Files get 0644, or 0755 when any execute
 * bit is set. A truncated archive leaves its readable files and `reading.complete` false.
 * *Errors:* as `readArchive`, and `UNPACK_FAILED` when writing fails (the folder exists, disk full). After any error
 * the folder is gone again.
 */
export async function unpackTo(
  dir: string,
  source: ArchiveSource,
  limits: ArchiveLimits,
  options: UnpackOptions,
): Promise<Unpacked> {
  guard(options.label, 'making the folder', () => mkdirSync(dir, { mode: 0o700 }));
  const tree = new Tree(dir, options.label);
  const refused: RefusedEntry[] = [];
  const onMember = (head: MemberHead): MemberSink | undefined => {
    const target = options.pathOf === undefined ? head.path : options.pathOf(head);
    if (target === null || head.type === 'directory') return undefined;
    const mapped = inspectPath(target, limits.maxPathBytes);
    const reason = refusal(head, mapped, limits) ?? tree.create(mapped.path, head.mode);
    if (reason === undefined) return { write: (chunk) => tree.write(chunk), end: () => tree.close() };
    refused.push({ path: head.path, rawPath: head.rawPath, reason });
    return undefined;
  };
  try {
    const reading = await readArchive(source, limits, {
      label: options.label,
      signal: options.signal,
      onMember,
    });
    return { reading, fileCount: tree.fileCount, refused };
  } catch (error) {
    tree.close();
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

const reasonOfType = {
  symlink: 'symlink',
  hardlink: 'hardlink',
  device: 'special-file',
  fifo: 'special-file',
  other: 'unsupported-type',
} as const satisfies Record<Exclude<MemberHead['type'], 'file' | 'directory'>, AnomalyCode>;

/** Why an entry must not be written: its type, its name, or the path it was mapped to. */
function refusal(head: MemberHead, mapped: InspectedPath, limits: ArchiveLimits): AnomalyCode | undefined {
  if (head.type !== 'file' && head.type !== 'directory') return reasonOfType[head.type];
  if (!head.safe) return inspectPath(head.rawPath, limits.maxPathBytes).problems[0]?.code ?? 'path-ambiguous';
  if (!mapped.safe || mapped.path === '.') return mapped.problems[0]?.code ?? 'path-ambiguous';
  return undefined;
}

/** The folder being filled, with at most one file open. */
class Tree {
  readonly #root: string;
  readonly #label: string;
  readonly #folders = new Set<string>();
  readonly #files = new Set<string>();
  #open: number | undefined;

  constructor(root: string, label: string) {
    this.#root = root;
    this.#label = label;
  }

  get fileCount(): number {
    return this.#files.size;
  }

  /** Opens a new file. Returns the reason when there can be none of that name. */
  create(path: string, mode: number): AnomalyCode | undefined {
    if (this.#folders.has(path)) return 'path-conflict';
    try {
      if (!this.#makeParents(path)) return 'path-conflict';
      const target = join(this.#root, path);
      if (this.#files.has(path)) unlinkSync(target);
      this.#open = openSync(target, newFile, (mode & 0o111) === 0 ? 0o644 : 0o755);
      this.#files.add(path);
      return undefined;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENAMETOOLONG') return 'path-too-long';
      // A file system that ignores case or normal forms: the name is taken by another.
      if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR') return 'case-collision';
      throw unpackFailed(this.#label, `creating ${quote(path)}`, error);
    }
  }

  write(chunk: Uint8Array): void {
    const fd = this.#open;
    if (fd === undefined) return;
    guard(this.#label, 'writing a file', () => {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    });
  }

  close(): void {
    if (this.#open === undefined) return;
    const fd = this.#open;
    this.#open = undefined;
    closeSync(fd);
  }

  /** Makes the folders above a path, each by itself: one that we did not make is never entered. */
  #makeParents(path: string): boolean {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at);
      if (this.#files.has(folder)) return false;
      if (this.#folders.has(folder)) continue;
      mkdirSync(join(this.#root, folder), { mode: 0o755 });
      this.#folders.add(folder);
    }
    return true;
  }
}

function guard(label: string, doing: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw unpackFailed(label, doing, error);
  }
}

function unpackFailed(label: string, doing: string, cause: unknown): ArchiveError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  const message = `unpacking artifact ${label}: ${doing} failed (${code}); nothing of it is kept`;
  return new ArchiveError('UNPACK_FAILED', message, { errno: code }, { cause });
}
