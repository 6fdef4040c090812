import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VcsError } from './errors.ts';
import { type Git, tooMuch } from './git.ts';
import { History, type HistoryTable } from './history.ts';
import { readHistoryFile, writeHistoryFile } from './history-file.ts';
import type { RemoteRefs } from './refs.ts';
import { tokensOf } from './tokens.ts';

export type HistorySource = {
  dir: string;
  /** Where the table is kept between runs; it is made again when it is not there or of other tips. */
  cacheFile: string;
  refs: RemoteRefs;
  /** Names the state of the refs. */
  tips: string;
};

/**
 * The history of a mirror whose refs are `refs`: from the kept table, else in one pass of `git log` over trees.
 *
 * *Errors:* `QUOTA_EXCEEDED` beyond `maxCommits` or `maxChanges`; `REPOSITORY_INVALID`, `DEADLINE_EXCEEDED`, `INTERRUPTED`.
 */
export async function loadHistory(git: Git, source: HistorySource, signal?: AbortSignal): Promise<History> {
  const kept = await readHistoryFile(source.cacheFile, source.tips);
  if (kept !== undefined) return new History(kept);
  const table = await buildHistory(git, source, signal);
  await writeHistoryFile(source.cacheFile, source.tips, table);
  return new History(table);
}

const header = '\x01';

async function buildHistory(git: Git, { dir, refs }: HistorySource, signal?: AbortSignal): Promise<HistoryTable> {
  const args = [
    'log',
    '--topo-order',
    '--reverse',
    '--raw',
    '-z',
    '--no-abbrev',
    '--no-renames',
    '--diff-merges=first-parent',
    '--no-ext-diff',
    '--no-textconv',
    '--no-color',
    '--no-decorate',
    '--no-notes',
    '--root',
    `--format=%x01%H %P`,
    // From the refs as they were listed: what the remote has gained since is for the next listing.
    '--ignore-missing',
    '--stdin',
  ];
  const { maxCommits, maxChanges, readDeadlineMs: deadlineMs } = git.limits;
  const tips = [...refs.branches.values(), ...[...refs.tags.values()].map(({ commit }) => commit)];
  const input = [...new Set(tips)].map((tip) => `${tip}\n`).join('');
  const builder = new TableBuilder();
  // Asked about nothing, git would answer about HEAD.
  const words = input === '' ? [] : tokensOf(git.output({ args, dir, deadlineMs, signal, input }));
  for await (const tokens of words) {
    for (const token of tokens) builder.add(token);
    if (builder.commitCount > maxCommits) throw tooMuch(args, 'maxCommits', maxCommits);
    if (builder.changeCount > maxChanges) throw tooMuch(args, 'maxChanges', maxChanges);
  }
  const mainTips = [...refs.tags.values()].map(({ commit }) => commit);
  if (refs.head !== undefined) mainTips.push(refs.head.commit);
  return builder.finish(refs.objectFormat === 'sha256' ? 32 : 20, mainTips, await shallowCommits(dir));
}

/** Commits whose parents are not here. Git keeps their ids in a file, one per line. */
async function shallowCommits(dir: string): Promise<string[]> {
  const text = await readFile(join(dir, 'shallow'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').filter((line) => line !== '');
}

/**
 * Takes git's words one by one: `\x01<commit> <parents…>`, then per change `:<modes> <old> <new> <letter>` and, as a word of
 * its own, the path. A path is known by what came before it, never by its look.
 */
class TableBuilder {
  readonly #commits = new Map<string, number>();
  readonly #parents: number[][] = [];
  readonly #starts: number[] = [];
  readonly #changes: { blob: number; path: number; isAdded: boolean }[] = [];
  readonly #blobs = new Map<string, number>();
  readonly #paths = new Map<string, number>();
  #pending: { modes: [string, string]; blobs: [string, string] } | undefined;

  get commitCount(): number {
    return this.#parents.length;
  }

  get changeCount(): number {
    return this.#changes.length;
  }

  add(word: string): void {
    if (this.#pending !== undefined) {
      this.#change(this.#pending, word);
      this.#pending = undefined;
      return;
    }
    // Git writes a line feed between the header and the first change.
    const text = word.startsWith('\n') ? word.slice(1) : word;
    if (text.startsWith(header)) {
      this.#commit(text.slice(1));
    } else if (text.startsWith(':')) {
      const [before = '', after = '', old = '', fresh = ''] = text.slice(1).split(' ');
      this.#pending = { modes: [before, after], blobs: [old, fresh] };
    } else if (text !== '') {
      throw new VcsError('REPOSITORY_INVALID', 'git log printed something else than asked', {
        said: text.slice(0, 100),
      });
    }
  }

  finish(idBytes: number, mainTips: readonly string[], shallow: readonly string[]): HistoryTable {
    const sorted = [...this.#blobs.keys()].sort();
    const rank = new Int32Array(sorted.length);
    sorted.forEach((id, index) => {
      rank[this.#blobs.get(id) ?? 0] = index;
    });
    const changes = this.#changes;
    const signed = ({ blob, isAdded }: { blob: number; isAdded: boolean }): number => {
      const index = rank[blob] ?? 0;
      return isAdded ? index : ~index;
    };
    return {
      idBytes,
      isCutOff: shallow.some((commit) => this.#commits.has(commit)),
      commits: Buffer.from([...this.#commits.keys()].join(''), 'hex'),
      parents: Int32Array.from(this.#parents, ([first]) => first ?? -1),
      main: this.#reachable(mainTips),
      starts: Int32Array.from([...this.#starts, changes.length]),
      blobs: Int32Array.from(changes, signed),
      paths: Int32Array.from(changes, ({ path }) => path),
      blobIds: Buffer.from(sorted.join(''), 'hex'),
      pathText: Buffer.from([...this.#paths.keys()].join('\0')),
    };
  }

  #commit(text: string): void {
    const [id = '', ...parents] = text.trimEnd().split(' ');
    this.#commits.set(id, this.#parents.length);
    this.#parents.push(parents.flatMap((parent) => this.#commits.get(parent) ?? []));
    this.#starts.push(this.#changes.length);
  }

  #change({ modes, blobs }: { modes: [string, string]; blobs: [string, string] }, pathName: string): void {
    const path = indexIn(this.#paths, pathName);
    for (const side of [0, 1] as const) {
      // 000000: not there on this side. 160000: a submodule, whose id is a commit elsewhere.
      if (modes[side] === '000000' || modes[side] === '160000') continue;
      this.#changes.push({ blob: indexIn(this.#blobs, blobs[side]), path, isAdded: side === 1 });
    }
  }

  #reachable(tips: readonly string[]): Uint8Array {
    const reached = new Uint8Array(this.#parents.length);
    for (const tip of tips) {
      const index = this.#commits.get(tip);
      if (index !== undefined) reached[index] = 1;
    }
    // Parents come first, so going backwards every child has spoken before its parents are asked.
    for (let index = this.#parents.length - 1; index >= 0; index--) {
      if (reached[index] !== 1) continue;
      for (const parent of this.#parents[index] ?? []) reached[parent] = 1;
    }
    return reached;
  }
}

function indexIn(map: Map<string, number>, key: string): number {
  const index = map.get(key) ?? map.size;
  map.set(key, index);
  return index;
}
