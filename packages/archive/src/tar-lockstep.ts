import { Header, Parser, type ReadEntry } from 'tar';
import { archiveInvalid } from './errors.ts';
import type { OpenMember } from './member.ts';
import type { Session } from './session.ts';
import { ExtendedHeaders } from './tar-extended.ts';
import { compareViews, entryTypeOf, flagOf, isNameUtf8 } from './tar-header.ts';

export const blockBytes = 512;

/**
 * Walks npm's parser through the archive.
 *
 * Per 512-byte step one of: a header (the parser answers with an entry, a skipped entry, a zero block, an end, a
 * complaint, or nothing, which means that an extended header begins), or part of a body, whose length the parser gave.
 * After the parser's end mark nothing more is written to it: it would only pile up.
 */
export class Lockstep {
  readonly #session: Session;
  readonly #extended: ExtendedHeaders;
  readonly #parser = new Parser({ brotli: false, zstd: false });
  #arrived: ReadEntry | undefined;
  #sawNull = false;
  #sawEnd = false;
  #complained = false;
  #found = false;
  #invalidBlocks = 0;
  #tailBytes = 0;
  #tailIsZero = true;
  /** Bytes of the current body still to come: of the content, and of its blocks. */
  #contentLeft = 0;
  #blocksLeft = 0;
  #member: OpenMember | undefined;
  #meta: { flag: string; parts: Buffer[] } | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#extended = new ExtendedHeaders(session);
    this.#parser.on('entry', (entry: ReadEntry) => {
      this.#arrived = entry;
      entry.resume();
    });
    this.#parser.on('ignoredEntry', (entry: ReadEntry) => {
      this.#arrived = entry;
    });
    this.#parser.on('eof', () => {
      this.#sawEnd = true;
    });
    this.#parser.on('nullBlock', () => {
      this.#sawNull = true;
    });
    this.#parser.on('warn', () => {
      this.#complained = true;
    });
  }

  /** *Shape:* whole blocks. */
  async feed(blocks: Buffer): Promise<void> {
    let at = 0;
    if (!this.#found && !this.#sawEnd && blocks[0] === 0x1f && blocks[1] === 0x8b) {
      throw archiveInvalid(this.#session.options.label, 'it is compressed twice');
    }
    while (at < blocks.length) {
      if (this.#sawEnd) {
        this.#tail(blocks.subarray(at));
        return;
      }
      const length = this.#blocksLeft > 0 ? Math.min(this.#blocksLeft, blocks.length - at) : blockBytes;
      const part = blocks.subarray(at, at + length);
      at += length;
      const done = this.#blocksLeft > 0 ? this.#body(part) : this.#header(part);
      if (done !== undefined) await done;
    }
  }

  /** `carry`: the bytes after the last whole block. */
  async end(carry: Buffer): Promise<void> {
    const session = this.#session;
    if (!this.#found && !this.#sawEnd) {
      const damage = session.intact ? 'it holds no tar header' : 'it is damaged before its first entry';
      throw archiveInvalid(session.options.label, damage, { anomalies: session.log.kept });
    }
    this.#reportInvalidBlocks();
    if (this.#blocksLeft > 0) return this.#endInBody(carry);
    if (this.#sawEnd) this.#tail(carry);
    else if (carry.some((byte) => byte !== 0)) session.damage('truncated', 'the last header is cut off');
    if (this.#tailBytes > 0 && !this.#tailIsZero) {
      session.report('trailing-data', `${this.#tailBytes} bytes after the end of the archive`);
    }
    if (!this.#sawEnd && session.intact) session.report('missing-end', 'no end-of-archive blocks');
  }

  /** The archive ends within a body. Only padding missing is a writer's habit; content missing is damage. */
  async #endInBody(carry: Buffer): Promise<void> {
    const content = carry.subarray(0, this.#contentLeft);
    this.#contentLeft -= content.length;
    const isWhole = this.#contentLeft === 0;
    if (isWhole) this.#session.report('missing-end', 'the last block is not padded');
    else if (this.#session.intact)
      this.#session.damage('truncated', `${this.#contentLeft} bytes of the last entry miss`);
    const member = this.#member;
    if (member === undefined) return;
    if (content.length > 0) await member.write(content);
    await member.finish(isWhole);
  }

  #header(block: Buffer): Promise<void> | undefined {
    const sawNullBefore = this.#sawNull;
    this.#arrived = undefined;
    this.#complained = false;
    this.#sawNull = false;
    this.#parser.write(block);
    if (this.#complained) {
      this.#invalidBlocks += 1;
      return undefined;
    }
    this.#reportInvalidBlocks();
    if (this.#sawEnd || this.#sawNull) return undefined;
    if (sawNullBefore) this.#session.report('ambiguous-end', 'an entry follows an end-of-archive block');
    this.#found = true;
    const entry = this.#arrived as ReadEntry | undefined;
    if (entry === undefined) {
      this.#beginMeta(block);
      return undefined;
    }
    this.#contentLeft = entry.remain;
    this.#blocksLeft = entry.blockRemain;
    if (entry.meta) {
      this.#session.budget.addEntry();
      this.#session.report('pax-conflict', `npm skips an extended header of ${this.#contentLeft} bytes`);
      return undefined;
    }
    return this.#beginMember(block, entry);
  }

  #beginMeta(block: Buffer): void {
    this.#session.budget.addEntry();
    // Extended headers themselves are never changed by earlier ones, so the plain size field is the whole truth.
    const size = new Header(block).size ?? 0;
    this.#meta = { flag: flagOf(block), parts: [] };
    this.#contentLeft = size;
    this.#blocksLeft = Math.ceil(size / blockBytes) * blockBytes;
    if (size === 0) this.#meta = undefined;
  }

  #beginMember(block: Buffer, entry: ReadEntry): Promise<void> | undefined {
    const extended = this.#extended.takeForEntry();
    const type = entryTypeOf(entry.type);
    const member = this.#session.open({
      rawPath: entry.path,
      type,
      declaredSize: this.#contentLeft,
      mode: entry.mode ?? 0o644,
      ...(type === 'symlink' || type === 'hardlink' ? { linkTarget: entry.linkpath ?? '' } : {}),
      isUtf8: isNameUtf8(block, extended),
    });
    for (const { code, detail } of compareViews(block, entry, extended)) {
      this.#session.report(code, detail, member.head.path);
    }
    if (type !== 'file' && type !== 'other' && this.#contentLeft > 0) {
      this.#session.report('size-mismatch', `a ${type} carries ${this.#contentLeft} bytes`, member.head.path);
    }
    if (this.#blocksLeft === 0) return this.#finish(member);
    this.#member = member;
    return undefined;
  }

  #body(part: Buffer): Promise<void> | undefined {
    this.#parser.write(part);
    const content = part.subarray(0, Math.min(part.length, this.#contentLeft));
    this.#contentLeft -= content.length;
    this.#blocksLeft -= part.length;
    const isLast = this.#blocksLeft === 0;
    if (this.#meta !== undefined) {
      this.#meta.parts.push(content);
      if (isLast) {
        this.#extended.add(this.#meta.flag, Buffer.concat(this.#meta.parts));
        this.#meta = undefined;
      }
      return undefined;
    }
    const member = this.#member;
    if (member === undefined) return undefined;
    if (isLast) this.#member = undefined;
    const written = content.length > 0 ? member.write(content) : undefined;
    if (written !== undefined) return written.then(() => (isLast ? this.#finish(member) : undefined));
    return isLast ? this.#finish(member) : undefined;
  }

  async #finish(member: OpenMember): Promise<void> {
    await member.finish(true);
  }

  #tail(bytes: Buffer): void {
    this.#tailBytes += bytes.length;
    this.#tailIsZero &&= bytes.every((byte) => byte === 0);
  }

  #reportInvalidBlocks(): void {
    if (this.#invalidBlocks === 0) return;
    // Readers differ: npm looks for the next header in the blocks that follow, others stop here or take the body along.
    this.#session.report('header-invalid', `${this.#invalidBlocks} blocks that are no header were skipped`);
    this.#invalidBlocks = 0;
  }
}
