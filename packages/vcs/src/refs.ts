import { VcsError } from './errors.ts';

export type ObjectFormat = 'sha1' | 'sha256';

export type RemoteTag = {
  /** What the ref names: a commit, or an annotated tag. */
  object: string;
  /** The commit (rarely a tree or blob) at the end of the tags. */
  commit: string;
};

/** The refs of a repository at one time. Names are without `refs/heads/` and `refs/tags/`. */
export type RemoteRefs = {
  objectFormat: ObjectFormat;
  /** The branch HEAD names, when it says so, and its commit. */
  head?: { branch?: string; commit: string };
  branches: ReadonlyMap<string, string>;
  tags: ReadonlyMap<string, RemoteTag>;
};

/** Matches 40 or 64 lower-case hex digits, not 41 and no other text. */
const objectId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function isObjectId(text: string): boolean {
  return objectId.test(text);
}

/** Arguments of the listing that `parseRefs` reads. */
export const lsRemoteArgs = (url: string): string[] => [
  'ls-remote',
  '--symref',
  '--',
  url,
  'HEAD',
  'refs/heads/*',
  'refs/tags/*',
];

/**
 * Reads what `git ls-remote --symref` prints.
 *
 * *Shape:* lines `<object id>\t<ref>`, `<ref>^{}` for what an annotated tag points to, `ref: <ref>\tHEAD`.
 * *Errors:* `REPOSITORY_INVALID` for other lines and for object ids of two formats.
 */
export function parseRefs(text: string): RemoteRefs {
  const branches = new Map<string, string>();
  const tags = new Map<string, RemoteTag>();
  let head: string | undefined;
  let headBranch: string | undefined;
  let idLength: number | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [left = '', ref = ''] = line.split('\t');
    if (left.startsWith('ref: ')) {
      if (ref === 'HEAD' && left.startsWith('ref: refs/heads/')) headBranch = left.slice('ref: refs/heads/'.length);
      continue;
    }
    if (!isObjectId(left) || (idLength !== undefined && idLength !== left.length)) {
      throw new VcsError('REPOSITORY_INVALID', 'the list of refs is not one', {});
    }
    idLength = left.length;
    if (ref === 'HEAD') head = left;
    else if (ref.startsWith('refs/heads/')) branches.set(ref.slice('refs/heads/'.length), left);
    else if (ref.startsWith('refs/tags/')) setTag(tags, ref.slice('refs/tags/'.length), left);
  }
  return {
    objectFormat: idLength === 64 ? 'sha256' : 'sha1',
    ...(head === undefined
      ? {}
      : { head: { ...(headBranch === undefined ? {} : { branch: headBranch }), commit: head } }),
    branches,
    tags,
  };
}

function setTag(tags: Map<string, RemoteTag>, name: string, object: string): void {
  if (!name.endsWith('^{}')) {
    tags.set(name, { object, commit: object });
    return;
  }
  const tag = name.slice(0, -3);
  tags.set(tag, { object: tags.get(tag)?.object ?? object, commit: object });
}
