import type { AnomalyCode } from './anomaly.ts';
import type { EntryType } from './entry.ts';

type Seen = { path: string; type: EntryType; implied: boolean };
export type Collision = { code: AnomalyCode; other: string };

/** What a folder costs beside its name, about: an object and a place in the map. */
const bytesPerFolder = 100;

/**
 * Remembers the paths of one archive and says when two of them meet: on every file system (`duplicate-path`), on one
 * that ignores case or Unicode normal forms, or because one is a file and the other needs it to be a folder.
 * Folders may repeat and differ in case: they only merge.
 */
export class PathIndex {
  readonly #seen = new Map<string, Seen>();
  readonly #charge: (bytes: number) => void;
  /** The folder looked at last: members of one folder come together, and its parents need no second look. */
  #lastParent = '';

  /** `charge` is told the memory that each path takes, and may stop it by throwing. */
  constructor(charge: (bytes: number) => void) {
    this.#charge = charge;
  }

  /** Files one path and its parents. Returns the collisions it caused. */
  add(path: string, type: EntryType): Collision[] {
    const collisions: Collision[] = [];
    this.#addParents(path, collisions);
    const key = foldedKey(path);
    const other = this.#seen.get(key);
    if (other !== undefined) {
      const found = collisionOf(other, path, type);
      if (found !== undefined) collisions.push({ code: found, other: other.path });
    }
    // A later entry replaces an earlier one when unpacked; a folder never makes a known file or link forgotten.
    if (other === undefined || other.implied || type !== 'directory')
      this.#seen.set(key, { path, type, implied: false });
    if (collisions.length > 0 || type === 'symlink' || type === 'hardlink') this.#lastParent = '';
    return collisions;
  }

  #addParents(path: string, collisions: Collision[]): void {
    const end = path.lastIndexOf('/');
    if (end < 0) return;
    const parent = path.slice(0, end);
    if (parent === this.#lastParent) return;
    this.#lastParent = parent;
    for (let at = parent.indexOf('/'); ; at = parent.indexOf('/', at + 1)) {
      const folder = at < 0 ? parent : parent.slice(0, at);
      const key = foldedKey(folder);
      const other = this.#seen.get(key);
      if (other === undefined) {
        this.#charge(key.length + bytesPerFolder);
        this.#seen.set(key, { path: folder, type: 'directory', implied: true });
      } else {
        const isLink = other.type === 'symlink' || other.type === 'hardlink';
        if (isLink) collisions.push({ code: 'path-through-link', other: other.path });
        else if (other.type !== 'directory') collisions.push({ code: 'path-conflict', other: other.path });
      }
      if (at < 0) return;
    }
  }
}

function collisionOf(other: Seen, path: string, type: EntryType): AnomalyCode | undefined {
  const bothFolders = other.type === 'directory' && type === 'directory';
  if (bothFolders) return undefined;
  if (other.path === path) {
    return other.type === 'directory' || type === 'directory' ? 'path-conflict' : 'duplicate-path';
  }
  return other.path.normalize('NFC') === path.normalize('NFC') ? 'unicode-collision' : 'case-collision';
}

/** Two paths with one key are one file on some file system: NFC as on macOS, upper then lower case as on Windows. */
function foldedKey(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase();
}
