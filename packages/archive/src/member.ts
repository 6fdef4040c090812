import { createHash, type Hash } from 'node:crypto';
import type { Sha256 } from '@assay/kernel';
import type { ArchiveEntry, MemberHead, MemberSink } from './entry.ts';
import { readNested } from './nested.ts';
import type { Session } from './session.ts';
import { sniffBytes, sniffFormat } from './sniff.ts';

/**
 * One member while its bytes pass by: counts them, digests them twice, hands them to the caller's sink.
 *
 * opened → write* → finish, or dropped when reading fails. `finish` files the entry.
 */
export class OpenMember {
  readonly head: MemberHead;
  readonly #session: Session;
  readonly #sink: MemberSink | undefined;
  readonly #sha256: Hash = createHash('sha256');
  readonly #gitSha1: Hash = createHash('sha1');
  #size = 0;
  /** First bytes, gathered until the format can be told. */
  #start: Uint8Array = new Uint8Array(0);
  /** The whole member, while it may be a nested archive to be read. */
  #whole: Uint8Array[] | undefined;

  constructor(session: Session, head: MemberHead, sink: MemberSink | undefined) {
    this.head = head;
    this.#session = session;
    this.#sink = sink;
    this.#gitSha1.update(`blob ${head.declaredSize}\0`);
    if (session.options.expandNested === true && head.type === 'file') this.#whole = [];
  }

  get size(): number {
    return this.#size;
  }

  /** Takes the next bytes. They are counted by the reader's budget before they come here. */
  write(chunk: Uint8Array): void | Promise<void> {
    this.#size += chunk.length;
    this.#sha256.update(chunk);
    this.#gitSha1.update(chunk);
    if (this.#start.length < sniffBytes) this.#sniff(chunk);
    if (this.#whole !== undefined) this.#keep(chunk);
    return this.#sink?.write(chunk);
  }

  /** Files the entry, then reads it as an archive when it is one and the caller asked for that. */
  async finish(complete: boolean): Promise<ArchiveEntry> {
    const { head } = this;
    const hasBytes = head.type === 'file' || this.#size > 0;
    const nested = head.type === 'file' ? sniffFormat(this.#start) : undefined;
    const entry: ArchiveEntry = {
      ...head,
      size: this.#size,
      sha256: complete && hasBytes ? (this.#sha256.digest('hex') as Sha256) : null,
      gitBlobSha1: complete && hasBytes && this.#size === head.declaredSize ? this.#gitSha1.digest('hex') : null,
      complete,
      ...(nested === undefined ? {} : { nested }),
    };
    if (!complete) this.#session.intact = false;
    this.#session.entries.push(entry);
    await this.#sink?.end(entry);
    if (nested !== undefined && this.#whole !== undefined) await readNested(this.#session, entry, nested, this.#whole);
    return entry;
  }

  #sniff(chunk: Uint8Array): void {
    const wanted = chunk.subarray(0, sniffBytes - this.#start.length);
    this.#start = this.#start.length === 0 ? wanted : Buffer.concat([this.#start, wanted]);
  }

  /** Keeps a member only while it can still turn out an archive, and only up to the scanning limit. */
  #keep(chunk: Uint8Array): void {
    const isPlain = this.#start.length >= sniffBytes && sniffFormat(this.#start) === undefined;
    if (isPlain || this.#size > this.#session.limits.maxMemberScanBytes) this.#whole = undefined;
    else this.#whole?.push(chunk);
  }
}
