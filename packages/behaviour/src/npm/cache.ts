import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { type Box, boxDirectory, type Mount } from '@assay/sandbox';

/**
 * npm's own cache for the first half of installations: the shared one lies below, read-only; what npm adds goes to a layer in
 * the box and is kept only if the subject came from a registry, and only from the time before any package code ran.
 */
export class NpmCache {
  readonly #box: Box;
  readonly #directory: string;

  constructor(box: Box, directory: string) {
    this.#box = box;
    this.#directory = directory;
  }

  /** Makes the shared folder; nobody else may enter it, so that its files can be open to the sandbox's user ids. */
  static prepare(directory: string): string {
    const open = path.join(directory, 'shared');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    mkdirSync(open, { recursive: true });
    chmodSync(directory, 0o700);
    chmodSync(open, 0o777);
    return open;
  }

  /** Mounts the layered cache in the box. */
  async mount(mountProgram: string): Promise<void> {
    const own = process.getuid?.() === 0 ? `chown ${this.#box.uid}:${this.#box.uid}` : ':';
    const at = boxDirectory;
    const user = process.getuid?.() === 0 ? '' : ',userxattr';
    await this.#box.sh(
      `mkdir -p ${at}/npm-cache ${at}/npm-new ${at}/npm-work && ${own} ${at}/npm-new ${at}/npm-work && ${mountProgram} -t overlay -o lowerdir=${at}/app/npm-cache,upperdir=${at}/npm-new,workdir=${at}/npm-work${user} overlay ${at}/npm-cache`,
    );
  }

  mountAt(target: string): Mount {
    return { source: `${boxDirectory}/npm-cache`, target, writable: true };
  }

  /** Copies what npm added to the shared cache. Content is addressed by digest and verified by npm whenever it is read. */
  async keep(): Promise<void> {
    if (this.#box.closed) return;
    copyTree(
      path.join(this.#box.root, boxDirectory, 'npm-new', '_cacache'),
      path.join(this.#directory, 'shared', '_cacache'),
    );
  }
}

/** Copies folders and files; links are left where they are, whatever they lead to. */
function copyTree(from: string, to: string): void {
  if (!lstatSync(from, { throwIfNoEntry: false })?.isDirectory()) return;
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o777);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name === 'tmp') continue;
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isFile() && lstatSync(source).size < 256 * 1024 * 1024) {
      const temporary = `${target}.${randomUUID()}.tmp`;
      copyFileSync(source, temporary);
      chmodSync(temporary, 0o666);
      renameSync(temporary, target);
    }
  }
}
