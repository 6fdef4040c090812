import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectReader } from './blobs.ts';
import { VcsError } from './errors.ts';
import type { Git } from './git.ts';
import type { TreeEntry } from './tree.ts';

/** `text` and `eol` as declared (`set`, `unset`, `auto`, `lf`, `crlf`, `input`); absent when unspecified. */
export type PathAttributes = {
  text?: string;
  eol?: string;
  /** Left out of `git archive`. */
  exportIgnore: boolean;
  /** `$Format:…$` in it is replaced by `git archive`. */
  exportSubst: boolean;
  /** `$Id$` in it is replaced on checkout. */
  ident: boolean;
  /** Filter such as `lfs`. */
  filter?: string;
  workingTreeEncoding?: string;
};

const asked = ['text', 'eol', 'crlf', 'export-ignore', 'export-subst', 'ident', 'filter', 'working-tree-encoding'];
const nothing: PathAttributes = { exportIgnore: false, exportSubst: false, ident: false };

/**
 * Evaluates `.gitattributes` of a commit with git itself, through an index that holds these files and nothing else: no
 * checkout, and the precedence of patterns, macros and folders is git's own.
 */
export class AttributeReader {
  readonly #git: Git;
  readonly #dir: string;
  readonly #reader: ObjectReader;

  constructor(git: Git, dir: string, reader: ObjectReader) {
    this.#git = git;
    this.#dir = dir;
    this.#reader = reader;
  }

  /**
   * *Shape:* `files` are the `.gitattributes` entries of the commit, whose blobs are at hand; the answer has every path.
   * *Errors:* `QUOTA_EXCEEDED` for a file beyond `maxAttributesBytes`; else as `Git.run`.
   */
  async read(
    files: readonly TreeEntry[],
    paths: readonly string[],
    signal?: AbortSignal,
  ): Promise<Map<string, PathAttributes>> {
    const answer = new Map(paths.map((path) => [path, nothing]));
    if (files.length === 0 || paths.length === 0) return answer;
    await this.#assertSmall(files, signal);
    const scratch = await mkdtemp(join(tmpdir(), 'assay-attributes-'));
    try {
      const env = { GIT_INDEX_FILE: join(scratch, 'index') };
      const common = { dir: this.#dir, deadlineMs: this.#git.limits.readDeadlineMs, env, signal };
      const index = files.map(({ path, blob }) => `100644 ${blob}\t${path}\0`).join('');
      await this.#git.run({
        ...common,
        args: ['update-index', '-z', '--index-info'],
        input: index,
        maxOutputBytes: 4096,
      });
      const args = ['check-attr', '--cached', '--stdin', '-z', ...asked];
      const input = paths.map((path) => `${path}\0`).join('');
      const maxOutputBytes = (input.length + paths.length * 256) * asked.length + 4096;
      const output = await this.#git.run({ ...common, args, input, maxOutputBytes });
      const tokens = output.toString('utf8').split('\0');
      for (let at = 0; at + 2 < tokens.length; at += 3) {
        const path = tokens[at] ?? '';
        answer.set(path, withAttribute(answer.get(path) ?? nothing, tokens[at + 1] ?? '', tokens[at + 2] ?? ''));
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    return answer;
  }

  async #assertSmall(files: readonly TreeEntry[], signal: AbortSignal | undefined): Promise<void> {
    const allowed = this.#git.limits.maxAttributesBytes;
    const infos = await this.#reader.info(
      files.map(({ blob }) => blob),
      signal,
    );
    for (const { path, blob } of files) {
      const seen = infos.get(blob)?.size ?? 0;
      if (seen <= allowed) continue;
      const facts = { limit: 'maxAttributesBytes', allowed, seen, path };
      throw new VcsError('QUOTA_EXCEEDED', `a .gitattributes file of ${seen} bytes was not evaluated`, facts);
    }
  }
}

function withAttribute(before: PathAttributes, name: string, value: string): PathAttributes {
  if (value === 'unspecified') return before;
  const isSet = value === 'set';
  switch (name) {
    case 'text':
      return { ...before, text: value };
    // The old name of `text`: `crlf` = text, `-crlf` = -text, `crlf=input` = eol=lf.
    case 'crlf':
      if (before.text !== undefined) return before;
      return value === 'input' ? { ...before, text: 'set', eol: 'lf' } : { ...before, text: value };
    case 'eol':
      return { ...before, eol: value };
    case 'export-ignore':
      return { ...before, exportIgnore: isSet };
    case 'export-subst':
      return { ...before, exportSubst: isSet };
    case 'ident':
      return { ...before, ident: isSet };
    case 'filter':
      return { ...before, filter: value };
    case 'working-tree-encoding':
      return { ...before, workingTreeEncoding: value };
    default:
      return before;
  }
}
