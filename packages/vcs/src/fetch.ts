import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PinnedAddress } from './endpoint.ts';
import { quoted, VcsError } from './errors.ts';
import { assertSucceeded, type Git, type GitCommand, type GitEnd } from './git.ts';
import { lsRemoteArgs } from './refs.ts';

/** Bytes of the pack so far. */
export type FetchProgress = (receivedBytes: number) => void;

export type FetchRequest = {
  dir: string;
  from: PinnedAddress;
  /** Refspecs or bare object ids, given on standard input: as many as wanted. */
  wants: readonly string[];
  /** `--depth=1`, `--unshallow`, `--prune` … */
  flags: readonly string[];
  config?: readonly string[];
  onProgress?: FetchProgress | undefined;
  signal?: AbortSignal | undefined;
};

const progressEveryMs = 250;
/** What `git fsck` may print; a sound repository is told in a few lines. */
const maxFaultBytes = 1024 * 1024;

/**
 * Faults that ran into no bad intent, all of them about who wrote a commit and when: old tools made them, and repositories
 * of renown carry them for ever. Every other check of `git fsck` stands, those on names of paths above all.
 */
const toleratedFaults = [
  'badDate',
  'badDateOverflow',
  'badEmail',
  'badName',
  'badTimezone',
  'missingEmail',
  'missingNameBeforeEmail',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'missingTaggerEntry',
  'multipleAuthors',
  'nulInCommit',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
  // Submodules are never followed; their declarations may be what they like, or not here.
  'gitmodulesMissing',
  'gitmodulesBlob',
  'gitmodulesParse',
  'gitmodulesLarge',
  'gitmodulesName',
  'gitmodulesPath',
  'gitmodulesUrl',
  'gitmodulesUpdate',
];
const tolerated = new RegExp(`: (?:${toleratedFaults.join('|')}): `);

/**
 * A repository of this machine serves itself, whoever owns it, without blobs if so asked, and fetches nothing of its own for
 * that. A constant: git hands it to a shell.
 */
const localUploadPack =
  "GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL=none git -c 'safe.directory=*' -c uploadpack.allowFilter=true " +
  '-c uploadpack.allowAnySHA1InWant=true upload-pack';

/** What every contact with a remote is held to: the checked addresses, no redirect, no stalled line. */
function transportConfig(from: PinnedAddress): string[] {
  const pins = from.addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',');
  return [
    'http.followRedirects=false',
    'http.proxy=',
    'http.lowSpeedLimit=1',
    'http.lowSpeedTime=60',
    'transfer.bundleURI=false',
    ...(from.addresses.length === 0 || from.host.includes(':')
      ? []
      : [`http.curloptResolve=${from.host}:${from.port}:${pins}`]),
  ];
}

/** Lists refs of a remote; output as `parseRefs` takes it. *Errors:* as `fetchObjects`. */
export async function listRemote(git: Git, from: PinnedAddress, signal?: AbortSignal): Promise<string> {
  const [verb = '', ...args] = lsRemoteArgs(from.url);
  const command = {
    args: [verb, ...(from.protocol === 'file' ? [`--upload-pack=${localUploadPack}`] : []), ...args],
    deadlineMs: git.limits.refsDeadlineMs,
    config: transportConfig(from),
    protocols: [from.protocol],
    signal,
  };
  const maxOutputBytes = git.limits.maxRefsBytes;
  return (await git.run({ ...command, maxOutputBytes, failedAs: 'REPOSITORY_UNREACHABLE' })).toString('utf8');
}

/**
 * Fetches into a bare repository without blobs, unless they are asked for by id. No submodule, LFS object, hook or
 * maintenance; objects are checked before they count; a pack over `maxPackBytes` ends it (the kernel stops the file there).
 *
 * *Errors:* `QUOTA_EXCEEDED`, `DEADLINE_EXCEEDED`, `REF_NOT_FOUND` (the server has no such object), `REPOSITORY_INVALID` (what
 * came is unsound or cut off), `REPOSITORY_UNREACHABLE`, `INTERRUPTED`. What came before a failure is removed.
 */
export async function fetchObjects(git: Git, request: FetchRequest): Promise<void> {
  const strict = ['transfer.fsckObjects=true', ...toleratedFaults.map((fault) => `fetch.fsck.${fault}=ignore`)];
  try {
    await attemptFetch(git, request, strict);
  } catch (error) {
    if (!(error instanceof VcsError) || !tolerated.test(String(error.facts.said))) throw error;
    // Git before 2.46 forgets what `fetch.fsck` tolerates when blobs are left out: fetch unchecked, then check the same here.
    await attemptFetch(git, request, ['transfer.fsckObjects=false']);
    await checkObjects(git, request);
  }
}

/** Checks every object of the mirror as `transfer.fsckObjects` would. One that fails ends the whole mirror. */
async function checkObjects(git: Git, { dir, signal }: FetchRequest): Promise<void> {
  const args = ['fsck', '--strict', '--no-dangling', '--no-progress', '--no-reflogs'];
  const config = ['remote.origin.promisor=true', ...toleratedFaults.map((fault) => `fsck.${fault}=ignore`)];
  try {
    await git.run({ args, dir, deadlineMs: git.limits.fetchDeadlineMs, config, signal, maxOutputBytes: maxFaultBytes });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

async function attemptFetch(git: Git, request: FetchRequest, checks: readonly string[]): Promise<void> {
  const { dir, from, signal } = request;
  await removeLeftovers(dir);
  const command: GitCommand = {
    args: [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--no-auto-maintenance',
      '--no-show-forced-updates',
      ...request.flags,
      '--stdin',
      'origin',
    ],
    dir,
    deadlineMs: git.limits.fetchDeadlineMs,
    protocols: [from.protocol],
    config: [
      ...transportConfig(from),
      // The remote lives in these settings only: whatever reads the mirror later knows none and can fetch nothing.
      `remote.origin.url=${from.url}`,
      'remote.origin.promisor=true',
      'remote.origin.partialclonefilter=blob:none',
      ...(from.protocol === 'file' ? [`remote.origin.uploadpack=${localUploadPack}`] : []),
      ...checks,
      'fetch.unpackLimit=1',
      'fetch.writeCommitGraph=false',
      'transfer.unpackLimit=1',
      ...(request.config ?? []),
    ],
    signal,
  };
  const running = git.start(command);
  running.child.stdout.resume();
  running.child.stdin.end(request.wants.map((want) => `${want}\n`).join(''));
  const timer = setInterval(() => {
    // Progress is a courtesy: a listing that fails says nothing about the fetch.
    void incomingBytes(dir).then(request.onProgress, () => undefined);
  }, progressEveryMs);
  if (request.onProgress === undefined) clearInterval(timer);
  try {
    const end = await running.end;
    if (end.code !== 0) throw await whyFailed(git, request, command, end);
  } finally {
    clearInterval(timer);
  }
}

async function whyFailed(git: Git, { dir, from }: FetchRequest, command: GitCommand, end: GitEnd): Promise<unknown> {
  const received = await incomingBytes(dir);
  await removeLeftovers(dir);
  const allowed = git.limits.maxPackBytes;
  if (end.endedBy === 'itself' && received >= allowed) {
    const facts = { limit: 'maxPackBytes', allowed, url: from.url };
    return new VcsError(
      'QUOTA_EXCEEDED',
      `repository ${quoted(from.url)} sends more than ${allowed} bytes; nothing was kept`,
      facts,
    );
  }
  try {
    assertSucceeded(end, command, codeOf(end.stderr));
  } catch (error) {
    return error;
  }
  return undefined;
}

/**
 * Git has one exit code (128) for all that can go wrong in a fetch, so its words decide, in the C locale. Everything that
 * is not known here is "unreachable": never a clear no.
 */
const words: readonly (readonly [RegExp, VcsError['code']])[] = [
  // "remote error: upload-pack: not our ref 01ab…", "couldn't find remote ref refs/tags/v1"
  [/not our ref|couldn't find remote ref|no such remote ref/i, 'REF_NOT_FOUND'],
  // "fatal: fsck error in packed object", "fatal: fetch-pack: invalid index-pack output", "fatal: early EOF"
  [
    /fsck error|index-pack|early EOF|bad pack|protocol error|unexpected disconnect|mismatched|did not send all/i,
    'REPOSITORY_INVALID',
  ],
];

function codeOf(stderr: string): VcsError['code'] {
  return words.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'REPOSITORY_UNREACHABLE';
}

async function incomingBytes(dir: string): Promise<number> {
  let total = 0;
  for (const name of await incomplete(join(dir, 'objects/pack'))) {
    // A pack that is complete at this moment was renamed.
    total += (await stat(join(dir, 'objects/pack', name)).catch(() => undefined))?.size ?? 0;
  }
  return total;
}

/** Removes what a fetch that was killed left behind. Only for who holds the lock on fetching. */
async function removeLeftovers(dir: string): Promise<void> {
  const pack = join(dir, 'objects/pack');
  for (const name of await incomplete(pack)) await rm(join(pack, name), { force: true });
  const locks = ['shallow.lock', 'packed-refs.lock', 'HEAD.lock', 'config.lock'].map((name) => join(dir, name));
  for (const entry of await readdir(join(dir, 'refs'), { recursive: true })) {
    if (entry.endsWith('.lock')) locks.push(join(dir, 'refs', entry));
  }
  for (const lock of locks) await rm(lock, { force: true });
}

async function incomplete(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('tmp_'));
}
