import { quoted, VcsError } from './errors.ts';
import { type Git, tooMuch } from './git.ts';
import { tokensOf } from './tokens.ts';

export type TreeEntryKind = 'file' | 'executable' | 'symlink' | 'submodule';

/** One path of a commit's tree. `blob` is the object id; of a submodule, the commit it is at. */
export type TreeEntry = { path: string; kind: TreeEntryKind; blob: string };

/** Git's modes; `100664` is an old way to write a plain file. */
const kinds: Readonly<Record<string, TreeEntryKind>> = {
  '100644': 'file',
  '100664': 'file',
  '100755': 'executable',
  '120000': 'symlink',
  '160000': 'submodule',
};

/** Matches `../x`, `a/.git/config`, `a//b`, `/x`, `.`; not `.github/x`, `a..b`. */
const hostilePath = /(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i;

/**
 * Every path of a commit, in git's order. Needs trees only, no blobs.
 *
 * *Shape:* `commit` is the id of a commit or tree at hand; paths as git holds them, text of the repository's author.
 * *Errors:* `QUOTA_EXCEEDED` beyond `maxTreeEntries` or `maxTreeBytes` (trees that share subtrees unfold to any size);
 * `REPOSITORY_INVALID` when a tree is missing; `DEADLINE_EXCEEDED`, `INTERRUPTED`.
 */
export async function readTree(git: Git, dir: string, commit: string, signal?: AbortSignal): Promise<TreeEntry[]> {
  const { maxTreeEntries, maxTreeBytes, readDeadlineMs: deadlineMs } = git.limits;
  const args = ['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', commit];
  const entries: TreeEntry[] = [];
  let size = 0;
  for await (const tokens of tokensOf(git.output({ args, dir, deadlineMs, signal }))) {
    for (const token of tokens) {
      if (token === '') continue;
      entries.push(parseEntry(token));
      size += token.length;
    }
    if (entries.length > maxTreeEntries) throw tooMuch(args, 'maxTreeEntries', maxTreeEntries);
    if (size > maxTreeBytes) throw tooMuch(args, 'maxTreeBytes', maxTreeBytes);
  }
  return entries;
}

/** `100644 blob <id>\t<path>` */
function parseEntry(token: string): TreeEntry {
  const tab = token.indexOf('\t');
  const [mode = '', , blob = ''] = token.slice(0, tab).split(' ');
  const kind = kinds[mode];
  if (kind === undefined || tab === -1) {
    throw new VcsError('REPOSITORY_INVALID', `a tree holds an entry of mode ${JSON.stringify(mode)}`, { mode });
  }
  const path = token.slice(tab + 1);
  // Checked when it was fetched, too; a reader does not rely on it.
  if (hostilePath.test(path)) {
    throw new VcsError('REPOSITORY_INVALID', `a tree holds the path ${quoted(path)}`, { path: quoted(path) });
  }
  return { path, kind, blob };
}
