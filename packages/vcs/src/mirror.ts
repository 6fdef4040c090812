import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttributeReader, type PathAttributes } from './attributes.ts';
import { type BlobReading, ObjectReader } from './blobs.ts';
import { type Access, type PinnedAddress, pinAddress, type RepositoryAddress } from './endpoint.ts';
import { quoted, VcsError } from './errors.ts';
import { type FetchProgress, fetchObjects, listRemote } from './fetch.ts';
import type { Git } from './git.ts';
import type { History } from './history.ts';
import { loadHistory } from './history-build.ts';
import { type Lock, takeLock } from './lock.ts';
import { parseSubmodules, type SubmoduleDeclaration } from './pointers.ts';
import { probeRepository } from './probe.ts';
import { isObjectId, type ObjectFormat, parseRefs, type RemoteRefs } from './refs.ts';
import { readTree, type TreeEntry } from './tree.ts';

export type MirrorPlaces = {
  /** Folder of this mirror; holds `repo.git`, `refs.txt`, `history.bin`. */
  folder: string;
  /** File whose lock says that somebody fetches. */
  fetchLock: string;
};

export type MirrorOptions = { git: Git; access: Access; address: RepositoryAddress; places: MirrorPlaces; use: Lock };

type FetchWork = (from: PinnedAddress) => Promise<void>;

export type Wait = { signal?: AbortSignal | undefined; onProgress?: FetchProgress | undefined };

/**
 * One repository as bare objects on this machine, fetched bit by bit: refs, then one commit with its trees, then blobs by
 * id, then the whole history, each only when it is asked for. Nothing is ever checked out.
 *
 * *States:* absent → (first fetch) present; a commit, once here, stays until the mirror is evicted. Refs have an age.
 * *Laws:* reading never uses the network; one fetch per repository at a time on this machine; a fetch that was interrupted
 * leaves nothing that counts, and is simply made again.
 */
export class Mirror {
  readonly url: string;
  readonly #git: Git;
  readonly #access: Access;
  readonly #address: RepositoryAddress;
  readonly #places: MirrorPlaces;
  readonly #use: Lock;
  readonly #reader: ObjectReader;
  readonly #attributes: AttributeReader;
  #pinned: PinnedAddress | undefined;
  #hasFetched = false;

  constructor(options: MirrorOptions) {
    this.url = options.address.url;
    this.#git = options.git;
    this.#access = options.access;
    this.#address = options.address;
    this.#places = options.places;
    this.#use = options.use;
    this.#reader = new ObjectReader(options.git, this.dir);
    this.#attributes = new AttributeReader(options.git, this.dir, this.#reader);
  }

  /** Whether this handle has brought anything in. */
  get hasFetched(): boolean {
    return this.#hasFetched;
  }

  get dir(): string {
    return join(this.#places.folder, 'repo.git');
  }

  /**
   * Branches and tags of the remote.
   *
   * *Units:* a listing at most `maxAgeMs` old is answered from disk; 0 asks. *Errors:* those of reaching the repository:
   * `REPOSITORY_NOT_FOUND`, `REPOSITORY_UNREACHABLE`, `REPOSITORY_INVALID`, `ADDRESS_REFUSED`, `PROTOCOL_REFUSED`,
   * `QUOTA_EXCEEDED`, `DEADLINE_EXCEEDED`, `INTERRUPTED`.
   */
  async refs(maxAgeMs: number, signal?: AbortSignal): Promise<RemoteRefs> {
    const file = join(this.#places.folder, 'refs.txt');
    const written = await stat(file).catch(absent);
    const age = written === undefined ? Number.POSITIVE_INFINITY : Date.now() - written.mtimeMs;
    if (age >= 0 && age <= maxAgeMs && maxAgeMs > 0) return parseRefs(await readFile(file, 'utf8'));
    const text = await listRemote(this.#git, await this.#reach(signal), signal);
    const refs = parseRefs(text);
    await writeWhole(file, text);
    return refs;
  }

  /** Whether an object is here. */
  async has(id: string, signal?: AbortSignal): Promise<boolean> {
    return (await this.#isPresent()) && (await this.#reader.info([id], signal)).has(id);
  }

  /**
   * Makes one commit and its trees available, without history and without blobs. That a server hands out a commit does not
   * mean that it belongs to the repository (forks share objects): ask `history().reach`.
   *
   * *Shape:* `id` a full object id; `ref` a full ref name that leads to it, for servers that give nothing by id.
   * *Errors:* as `refs`, and `REF_NOT_FOUND`.
   */
  async fetchCommit(id: string, { ref, signal, onProgress }: Wait & { ref?: string } = {}): Promise<void> {
    if (!isObjectId(id)) throw new VcsError('REF_NOT_FOUND', `${quoted(id)} is not a commit id`, {});
    if (await this.has(id, signal)) return await this.#assertCommit(id, signal);
    await this.#fetching(signal, async (from) => {
      await this.#create(id.length === 64 ? 'sha256' : 'sha1', signal);
      if (await this.has(id, signal)) return;
      const fetch = async (want: string): Promise<void> => {
        const wants = [`+${want}:refs/assay/commit/${id}`];
        const flags = (await this.#isWhole()) ? [] : ['--depth=1'];
        await fetchObjects(this.#git, { dir: this.dir, from, wants, flags, onProgress, signal });
      };
      try {
        await fetch(id);
      } catch (error) {
        if (ref === undefined || !(error instanceof VcsError) || error.code !== 'REF_NOT_FOUND') throw error;
        await fetch(ref);
      }
    });
    await this.#assertCommit(id, signal);
  }

  /** Every path of a commit that is here. *Errors:* as `readTree`. */
  async tree(commit: string, signal?: AbortSignal): Promise<TreeEntry[]> {
    return await readTree(this.#git, this.dir, commit, signal);
  }

  /**
   * Bytes of blobs; those that are not here are fetched first, all in one request. After that `missing` means that the
   * repository does not have it.
   *
   * *Units:* `maxBytes` of one blob and `maxTotalBytes` of all. *Errors:* as `refs` and `ObjectReader.read`.
   */
  async blobs(
    ids: readonly string[],
    limits: { maxBytes: number; maxTotalBytes: number },
    { signal, onProgress }: Wait = {},
  ): Promise<Map<string, BlobReading>> {
    await this.fetchBlobs(ids, { signal, onProgress });
    return await this.#reader.read([...new Set(ids)], limits, signal);
  }

  /** Fetches the blobs among `ids` that are not here. */
  async fetchBlobs(ids: readonly string[], { signal, onProgress }: Wait = {}): Promise<void> {
    const unique = [...new Set(ids)];
    if (unique.length === 0) return;
    const missing = async (): Promise<string[]> => {
      const here = await this.#reader.info(unique, signal);
      return unique.filter((id) => !here.has(id));
    };
    if ((await missing()).length === 0) return;
    await this.#fetching(signal, async (from) => {
      const wants = await missing();
      if (wants.length === 0) return;
      const config = ['fetch.negotiationAlgorithm=noop'];
      await fetchObjects(this.#git, { dir: this.dir, from, wants, flags: [], config, onProgress, signal });
    });
  }

  /**
   * The whole history of branches and tags, without blobs, brought up to the refs the remote has now (or had at most
   * `maxAgeMs` ago), and read.
   *
   * *Errors:* as `refs`; `QUOTA_EXCEEDED` beyond `maxCommits` or `maxChanges`.
   */
  async history(maxAgeMs: number, { signal, onProgress }: Wait = {}): Promise<History> {
    const refs = await this.refs(maxAgeMs, signal);
    const cacheFile = join(this.#places.folder, 'history.bin');
    const whole = join(this.#places.folder, 'whole');
    const tips = tipsOf(refs);
    if ((await readFile(whole, 'utf8').catch(absent)) !== tips) {
      await this.#fetching(signal, async (from) => {
        await this.#create(refs.objectFormat, signal);
        const flags = ['--prune', '--update-shallow', ...((await this.#isShallow()) ? ['--unshallow'] : [])];
        const wants = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
        await fetchObjects(this.#git, { dir: this.dir, from, wants, flags, onProgress, signal });
        await writeWhole(whole, tips);
      });
    }
    return await loadHistory(this.#git, { dir: this.dir, cacheFile, refs, tips }, signal);
  }

  /**
   * Attributes that change how files look in an archive, by the `.gitattributes` of `tree`.
   *
   * *Errors:* as `blobs`; `QUOTA_EXCEEDED` for a `.gitattributes` beyond `maxAttributesBytes`.
   */
  async attributes(
    tree: readonly TreeEntry[],
    paths: readonly string[],
    wait: Wait = {},
  ): Promise<Map<string, PathAttributes>> {
    const isRule = ({ path, kind }: TreeEntry): boolean =>
      (kind === 'file' || kind === 'executable') && (path === '.gitattributes' || path.endsWith('/.gitattributes'));
    const files = tree.filter(isRule);
    await this.fetchBlobs(
      files.map(({ blob }) => blob),
      wait,
    );
    return await this.#attributes.read(files, paths, wait.signal);
  }

  /** Submodules as the tree's `.gitmodules` declares them; which commit each is at stands in the tree. */
  async submodules(tree: readonly TreeEntry[], wait: Wait = {}): Promise<SubmoduleDeclaration[]> {
    const file = tree.find(({ path, kind }) => path === '.gitmodules' && kind === 'file');
    if (file === undefined) return [];
    const maxBytes = this.#git.limits.maxAttributesBytes;
    const reading = (await this.blobs([file.blob], { maxBytes, maxTotalBytes: maxBytes }, wait)).get(file.blob);
    return reading?.kind === 'read' ? await parseSubmodules(this.#git, reading.bytes, wait.signal) : [];
  }

  /** Ends the reading process and lets the mirror be evicted. */
  async close(): Promise<void> {
    await this.#reader.close();
    await this.#use.release();
  }

  /** A tree is listed like a commit, and a tag names one: neither is where an artifact was made. */
  async #assertCommit(id: string, signal: AbortSignal | undefined): Promise<void> {
    const type = (await this.#reader.info([id], signal)).get(id)?.type;
    if (type === 'commit') return;
    throw new VcsError('REF_NOT_FOUND', `repository ${quoted(this.url)} has no commit ${id}`, {
      url: this.url,
      commit: id,
    });
  }

  async #reach(signal: AbortSignal | undefined): Promise<PinnedAddress> {
    const address = this.#address;
    if (address.protocol === 'file' && (await stat(new URL(address.url)).catch(absent)) === undefined) {
      throw new VcsError('REPOSITORY_NOT_FOUND', `there is no folder ${quoted(address.url)}`, { url: address.url });
    }
    // Redirects are followed once per mirror in use; the name is looked up again for every connection git makes.
    this.#pinned ??= await probeRepository(address, this.#access, this.#git.limits.refsDeadlineMs, signal);
    return await pinAddress(this.#pinned, this.#access);
  }

  async #fetching(signal: AbortSignal | undefined, work: FetchWork): Promise<void> {
    const from = await this.#reach(signal);
    const lock = await takeLock(
      this.#git,
      this.#places.fetchLock,
      'exclusive',
      this.#git.limits.lockDeadlineMs,
      signal,
    );
    this.#hasFetched = true;
    try {
      await work(from);
    } finally {
      await lock.release();
    }
    const now = new Date();
    await utimes(this.#places.folder, now, now);
  }

  async #create(format: ObjectFormat, signal: AbortSignal | undefined): Promise<void> {
    if (await this.#isPresent()) return;
    const fresh = join(this.#places.folder, 'new.git');
    await rm(fresh, { recursive: true, force: true });
    const args = [
      'init',
      '--quiet',
      '--bare',
      '--template=',
      `--object-format=${format}`,
      '--initial-branch=assay',
      fresh,
    ];
    await this.#git.run({ args, deadlineMs: this.#git.limits.readDeadlineMs, maxOutputBytes: 4096, signal });
    await rename(fresh, this.dir);
  }

  async #isPresent(): Promise<boolean> {
    return (await stat(join(this.dir, 'HEAD')).catch(absent)) !== undefined;
  }

  async #isShallow(): Promise<boolean> {
    return ((await stat(join(this.dir, 'shallow')).catch(absent))?.size ?? 0) > 0;
  }

  /** Whether history was fetched: a shallow fetch would then cut it off again. */
  async #isWhole(): Promise<boolean> {
    return (await stat(join(this.#places.folder, 'whole')).catch(absent)) !== undefined;
  }
}

/** The refs as one text: equal texts, equal history. */
function tipsOf(refs: RemoteRefs): string {
  const branches = [...refs.branches].map(([name, id]) => `${id} refs/heads/${name}`);
  const tags = [...refs.tags].map(([name, { object }]) => `${object} refs/tags/${name}`);
  return [`${refs.head?.commit ?? ''} HEAD`, ...branches.sort(), ...tags.sort()].join('\n');
}

async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, file);
}

/** `undefined` for what is not there; any other failure is passed on. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return undefined;
}
