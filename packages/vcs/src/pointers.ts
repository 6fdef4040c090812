import type { Git } from './git.ts';

export type LfsPointer = { sha256: string; size: number };

/** A pointer file is at most this long; anything larger is content. */
const maxPointerBytes = 1024;

/**
 * Reads a Git LFS pointer: the blob stands for bytes that are elsewhere, with this digest.
 *
 * *Units:* `size` in bytes. *Source:* git-lfs/docs/spec.md: `version` first, then keys in order.
 */
export function parseLfsPointer(blob: Buffer): LfsPointer | undefined {
  if (blob.length > maxPointerBytes || !blob.toString('latin1', 0, 8).startsWith('version ')) return undefined;
  const text = blob.toString('utf8');
  // Matches `oid sha256:<64 hex>` as a line; not an oid of another kind.
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = Number(/^size (\d{1,15})$/m.exec(text)?.[1] ?? Number.NaN);
  const isKnown = /^version https:\/\/(?:git-lfs\.github\.com|hawser\.github\.com)\/spec\/v\d+$/m.test(text);
  return isKnown && oid !== undefined && Number.isSafeInteger(size) ? { sha256: oid, size } : undefined;
}

/** A submodule as `.gitmodules` declares it. The address is the author's text and is never fetched from here. */
export type SubmoduleDeclaration = { path: string; url: string };

/**
 * Reads the text of a `.gitmodules` with git's own parser, includes left alone.
 *
 * *Errors:* `REPOSITORY_INVALID` when git cannot read it; `QUOTA_EXCEEDED`, `DEADLINE_EXCEEDED`, `INTERRUPTED`.
 */
export async function parseSubmodules(git: Git, text: Buffer, signal?: AbortSignal): Promise<SubmoduleDeclaration[]> {
  const args = ['config', '--no-includes', '--file=-', '--list', '-z'];
  const limits = { deadlineMs: git.limits.readDeadlineMs, maxOutputBytes: text.length * 4 + 4096 };
  const output = await git.run({ args, input: text.toString('utf8'), ...limits, signal });
  const found = new Map<string, Partial<SubmoduleDeclaration>>();
  for (const setting of output.toString('utf8').split('\0')) {
    const end = setting.indexOf('\n');
    // Matches `submodule.<name>.path`, where the name may hold dots; not `submodule.recurse`.
    const [, name, key] = /^submodule\.(.+)\.(path|url)$/s.exec(setting.slice(0, end)) ?? [];
    if (name !== undefined && key !== undefined) found.set(name, { ...found.get(name), [key]: setting.slice(end + 1) });
  }
  return [...found.values()].flatMap(({ path, url }) =>
    path === undefined || url === undefined ? [] : [{ path, url }],
  );
}
