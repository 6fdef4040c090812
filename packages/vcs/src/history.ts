/**
 * Where a commit belongs: `main` = reachable from a tag or the default branch, `side` = only from another branch, `none` =
 * from no ref of the repository (forks share objects, so a host may hand out commits that are nobody's).
 */
export type Reach = 'main' | 'side' | 'none';

/** The table of a history, commits in topological order, parents first. Ids are lower-case hex, `idBytes` bytes each. */
export type HistoryTable = {
  idBytes: number;
  /** The repository itself is shallow: there was more. */
  isCutOff: boolean;
  /** Ids of the commits, end to end. */
  commits: Buffer;
  /** Index of the first parent, −1 without one. */
  parents: Int32Array;
  /** 1 where reachable from a tag or the default branch. */
  main: Uint8Array;
  /** `starts[i]`…`starts[i + 1]` are the changes of commit i against its first parent. */
  starts: Int32Array;
  /** Index of a blob, `~index` when it is taken away. */
  blobs: Int32Array;
  /** Index of the path, for each change. */
  paths: Int32Array;
  /** Ids of all blobs that ever were, sorted, end to end. */
  blobIds: Buffer;
  /** All paths that ever were, joined with NUL. */
  pathText: Buffer;
};

/** Where a blob first came in. */
export type BlobOrigin = { commit: string; path: string; reach: 'main' | 'side' };

/** `matched`: pairs of a path and one of the asked blobs in that commit. */
export type CommitOverlap = { commit: string; matched: number; reach: 'main' | 'side' };

/** Every commit of a repository's branches and tags with what it changed: answers without looking at one tree. */
export class History {
  readonly #table: HistoryTable;
  #pathNames: string[] | undefined;
  #commitIndex: Map<string, number> | undefined;

  constructor(table: HistoryTable) {
    this.#table = table;
  }

  get commitCount(): number {
    return this.#table.parents.length;
  }

  /** The repository was given without all of its past: what is not found here may have been there. */
  get isCutOff(): boolean {
    return this.#table.isCutOff;
  }

  get blobCount(): number {
    return this.#table.blobIds.length / this.#table.idBytes;
  }

  /** Whether a commit belongs to the repository. */
  reach(commit: string): Reach {
    this.#commitIndex ??= new Map(Array.from(this.#table.parents, (_, index) => [this.#commit(index), index]));
    const index = this.#commitIndex.get(commit);
    return index === undefined ? 'none' : this.#reachOf(index);
  }

  /** Whether each of these blobs is in any commit; the answer holds those that are, one origin each, `main` if there is any. */
  origins(blobs: Iterable<string>): Map<string, BlobOrigin> {
    const wanted = this.#indexesOf(blobs);
    const found = new Map<string, BlobOrigin>();
    if (wanted.size === 0) return found;
    const { parents, starts, blobs: changed, paths } = this.#table;
    for (let commit = 0; commit < parents.length; commit++) {
      for (let at = starts[commit] ?? 0; at < (starts[commit + 1] ?? 0); at++) {
        const id = wanted.get(changed[at] ?? -1);
        if (id === undefined || found.get(id)?.reach === 'main') continue;
        const reach = this.#reachOf(commit);
        if (reach === 'side' && found.has(id)) continue;
        found.set(id, { commit: this.#commit(commit), path: this.#path(paths[at] ?? 0), reach });
      }
    }
    return found;
  }

  /** What was at a path over time, newest first, at most `limit`: each blob with the commit that put it there. */
  versionsOf(path: string, limit: number): { commit: string; blob: string }[] {
    const index = this.#names().indexOf(path);
    const { parents, starts, paths, blobs } = this.#table;
    const found: { commit: string; blob: string }[] = [];
    for (let commit = parents.length - 1; index !== -1 && commit >= 0 && found.length < limit; commit--) {
      for (let at = starts[commit] ?? 0; at < (starts[commit + 1] ?? 0); at++) {
        const blob = blobs[at] ?? -1;
        if (paths[at] === index && blob >= 0) found.push({ commit: this.#commit(commit), blob: this.#blob(blob) });
      }
    }
    return found;
  }

  /**
   * The commits whose trees hold most of the blobs, best first; of equals, those on `main` and then the newest first. Trivial
   * blobs (empty files) are the caller's to leave out: they are everywhere.
   */
  bestOverlap(blobs: Iterable<string>, limit: number): CommitOverlap[] {
    const wanted = this.#indexesOf(blobs);
    if (wanted.size === 0) return [];
    const { parents, starts, blobs: changed } = this.#table;
    const matched = new Int32Array(parents.length);
    for (let commit = 0; commit < parents.length; commit++) {
      let count = matched[parents[commit] ?? -1] ?? 0;
      for (let at = starts[commit] ?? 0; at < (starts[commit + 1] ?? 0); at++) {
        const blob = changed[at] ?? 0;
        if (blob >= 0) count += wanted.has(blob) ? 1 : 0;
        else count -= wanted.has(~blob) ? 1 : 0;
      }
      matched[commit] = count;
    }
    const { main } = this.#table;
    const order = [...matched.keys()].filter((commit) => (matched[commit] ?? 0) > 0);
    order.sort((a, b) => (matched[b] ?? 0) - (matched[a] ?? 0) || (main[b] ?? 0) - (main[a] ?? 0) || b - a);
    return order.slice(0, limit).map((commit) => ({
      commit: this.#commit(commit),
      matched: matched[commit] ?? 0,
      reach: this.#reachOf(commit),
    }));
  }

  #reachOf(commit: number): 'main' | 'side' {
    return this.#table.main[commit] === 1 ? 'main' : 'side';
  }

  #commit(index: number): string {
    const { commits, idBytes } = this.#table;
    return commits.toString('hex', index * idBytes, (index + 1) * idBytes);
  }

  #blob(index: number): string {
    const { blobIds, idBytes } = this.#table;
    return blobIds.toString('hex', index * idBytes, (index + 1) * idBytes);
  }

  #path(index: number): string {
    return this.#names()[index] ?? '';
  }

  #names(): string[] {
    this.#pathNames ??= this.#table.pathText.toString('utf8').split('\0');
    return this.#pathNames;
  }

  /** Index → id of those that ever were. */
  #indexesOf(blobs: Iterable<string>): Map<number, string> {
    const found = new Map<number, string>();
    for (const id of blobs) {
      const index = this.#search(Buffer.from(id, 'hex'));
      if (index !== -1) found.set(index, id);
    }
    return found;
  }

  #search(id: Buffer): number {
    const { blobIds, idBytes } = this.#table;
    if (id.length !== idBytes) return -1;
    let low = 0;
    let high = blobIds.length / idBytes - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = id.compare(blobIds, middle * idBytes, (middle + 1) * idBytes);
      if (order === 0) return middle;
      if (order > 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
