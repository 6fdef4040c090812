import path from 'node:path';

/** Where things lie inside the sandbox; all paths absolute, as seen inside. */
export interface TraceLayout {
  home: string;
  /** The consumer project, whose `node_modules` holds the installed tree. */
  project: string;
  /** Registry name of the package under analysis. */
  target: string;
  /** Folders for temporary files. */
  tmp: readonly string[];
  /** Folders that tools keep for themselves, e.g. `~/.npm`, `~/.cache`. */
  caches: readonly string[];
  /**
   * Files and folders that nothing inside can write: the system's programs and libraries, the pinned Node and npm, our own
   * drivers. Only programs and scripts from here can be toolchain. Never a writable folder.
   */
  toolchain: readonly string[];
}

/** What kind of place a path is; decides what an access is worth, not what it means. */
export type Zone = 'package' | 'project' | 'tmp' | 'cache' | 'home' | 'toolchain' | 'kernel' | 'memory' | 'elsewhere';

export interface Place {
  /** Path in report form: `{pkg}/…`, `{dep:<name>}/…`, `{tmp}/…`, `~/…`, else as seen inside. */
  report: string;
  zone: Zone;
  /** Package of the installed tree that the path lies in. */
  package?: string;
}

const maxRemembered = 4096;

/**
 * Names places of the sandbox as a report names them.
 *
 * The innermost `node_modules/<name>` below the project decides the package: a nested copy is `{dep:<name>}`, and only the
 * copy at the top of the tree is `{pkg}`. Folders of `node_modules` that begin with a dot belong to the package manager.
 */
export class PathNames {
  readonly #layout: TraceLayout;
  readonly #mask: (text: string) => string;
  readonly #modules: string;
  readonly #remembered = new Map<string, Place>();

  /** *Shape:* `mask` replaces decoy values: a package may name a file after one. */
  constructor(layout: TraceLayout, mask: (text: string) => string = (text) => text) {
    this.#layout = layout;
    this.#mask = mask;
    this.#modules = `${layout.project}/node_modules/`;
  }

  /** *Shape:* `file` is absolute and normalized. */
  locate(file: string): Place {
    let place = this.#remembered.get(file);
    if (place === undefined) {
      place = this.#classify(file);
      place.report = this.#mask(place.report);
      // Names are the package's choice: forget rather than grow.
      if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
      this.#remembered.set(file, place);
    }
    return place;
  }

  /** Gives back the memory of what was looked up so far. */
  forget(): void {
    this.#remembered.clear();
  }

  /** Report form of text that may be a path; text that is none comes back as it is. */
  report(text: string): string {
    return text.startsWith('/') ? this.locate(path.posix.normalize(text)).report : text;
  }

  isToolchain(file: string): boolean {
    return this.#layout.toolchain.some((folder) => isWithin(file, folder));
  }

  #classify(file: string): Place {
    const { home, project, tmp, caches } = this.#layout;
    if (!file.startsWith('/')) return { report: file, zone: 'kernel' };
    if (file.startsWith('/memfd:')) return { report: file.slice(1), zone: 'memory' };
    if (file.startsWith(this.#modules)) {
      const inside = this.#inTree(file);
      if (inside !== undefined) return inside;
    }
    const folder = tmp.find((each) => isWithin(file, each));
    if (folder !== undefined) return { report: `{tmp}${file.slice(folder.length)}`, zone: 'tmp' };
    if (this.isToolchain(file)) return { report: file, zone: 'toolchain' };
    const report = isWithin(file, home) ? `~${file.slice(home.length)}` : file;
    if (/^\/(proc|sys|dev)(\/|$)/.test(file)) return { report, zone: 'kernel' };
    if (caches.some((each) => isWithin(file, each))) return { report, zone: 'cache' };
    if (isWithin(file, project)) return { report, zone: 'project' };
    return { report, zone: isWithin(file, home) ? 'home' : 'elsewhere' };
  }

  #inTree(file: string): Place | undefined {
    const parts = file.slice(this.#modules.length).split('/');
    let name: string | undefined;
    let nested = false;
    let depth = 0;
    let rest = 0;
    for (let at = 0; at < parts.length; ) {
      const first = parts[at] ?? '';
      if (first === '' || first.startsWith('.')) break;
      const scoped = first.startsWith('@');
      if (scoped && parts[at + 1] === undefined) break;
      name = scoped ? `${first}/${parts[at + 1]}` : first;
      depth += 1;
      nested = depth > 1;
      rest = at + (scoped ? 2 : 1);
      const next = parts.indexOf('node_modules', rest);
      if (next < 0) break;
      at = next + 1;
    }
    if (name === undefined) return undefined;
    const label = name === this.#layout.target && !nested ? '{pkg}' : `{dep:${name}}`;
    return { report: [label, ...parts.slice(rest)].join('/'), zone: 'package', package: name };
  }
}

/** Whether `file` is `folder` or lies below it. */
export function isWithin(file: string, folder: string): boolean {
  return (
    file.startsWith(folder) && (file.length === folder.length || file[folder.length] === '/' || folder.endsWith('/'))
  );
}
