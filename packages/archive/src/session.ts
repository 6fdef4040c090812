import type { ArchiveLimits, Sha256 } from '@assay/kernel';
import { AnomalyLog, quote } from './anomaly.ts';
import { Budget } from './budget.ts';
import type { ArchiveEntry, ArchiveFormat, ArchiveReading, EntryType, MemberHead, ReadOptions } from './entry.ts';
import { OpenMember } from './member.ts';
import { cut, inspectPath, linkEscapes } from './path.ts';
import { PathIndex } from './path-index.ts';

/** What a format's reader knows of a member before its bytes. */
export type FoundMember = {
  rawPath: string;
  type: EntryType;
  declaredSize: number;
  mode: number;
  linkTarget?: string | undefined;
  isUtf8?: boolean;
};

/**
 * The state of one reading, shared by the readers of every format: limits, what was found, what was odd.
 * Entries are opened one after another; each must be finished before the next is opened.
 */
export class Session {
  readonly limits: ArchiveLimits;
  readonly options: ReadOptions;
  readonly budget: Budget;
  readonly log: AnomalyLog;
  readonly entries: ArchiveEntry[];
  readonly depth: number;
  /** Empty, or `a.zip!/` inside a nested archive. */
  readonly prefix: string;
  /** Set to false by a reader whose input ended early or did not agree with itself. */
  intact = true;
  readonly #paths = new PathIndex((bytes) => this.budget.addPathBytes(bytes));
  /** Shared by all nested archives, so that a bomb inside does not fail the archive around it. */
  readonly #nestedBudget: Budget;

  constructor(limits: ArchiveLimits, options: ReadOptions, parent?: { session: Session; path: string }) {
    this.limits = limits;
    this.options = options;
    this.log = parent?.session.log ?? new AnomalyLog();
    this.entries = parent?.session.entries ?? [];
    this.depth = parent === undefined ? 0 : parent.session.depth + 1;
    this.prefix = parent === undefined ? '' : `${parent.path}!/`;
    this.#nestedBudget = parent === undefined ? new Budget(limits, options.label) : parent.session.#nestedBudget;
    this.budget = parent === undefined ? new Budget(limits, options.label) : this.#nestedBudget;
  }

  child(path: string): Session {
    return new Session(this.limits, this.options, { session: this, path });
  }

  report(code: Parameters<AnomalyLog['add']>[0], detail: string, path?: string): void {
    this.log.add(code, detail, path ?? (this.prefix === '' ? undefined : this.prefix.slice(0, -2)));
  }

  /** Reports damage after which not every byte can be vouched for. */
  damage(code: Parameters<AnomalyLog['add']>[0], detail: string): void {
    this.intact = false;
    this.report(code, detail);
  }

  /** Judges a member's name, type and target, and prepares to measure its bytes. */
  open(found: FoundMember): OpenMember {
    this.options.signal?.throwIfAborted();
    const { maxPathBytes } = this.limits;
    const { path: innerPath, safe, problems } = inspectPath(found.rawPath, maxPathBytes);
    this.budget.addEntry();
    this.budget.addPathBytes(innerPath.length + Math.min(found.rawPath.length, maxPathBytes));
    const path = this.prefix + innerPath;
    for (const { code, detail } of problems) this.log.add(code, `${detail}: ${quote(found.rawPath)}`, path);
    if (found.isUtf8 === false) this.log.add('path-not-utf8', `name is not UTF-8: ${quote(found.rawPath)}`, path);
    if (innerPath !== '.') {
      for (const { code, other } of this.#paths.add(innerPath, found.type)) {
        this.log.add(code, `meets ${quote(other)}`, path);
      }
    }
    this.#judgeType(found, innerPath, path);
    const head: MemberHead = {
      index: this.entries.length,
      path,
      rawPath: found.rawPath === innerPath ? innerPath : cut(found.rawPath, maxPathBytes),
      safe,
      type: found.type,
      declaredSize: found.declaredSize,
      mode: found.mode & 0o7777,
      depth: this.depth,
      ...(found.linkTarget === undefined ? {} : { linkTarget: cut(found.linkTarget, maxPathBytes) }),
    };
    return new OpenMember(this, head, this.options.onMember?.(head));
  }

  #judgeType(found: FoundMember, innerPath: string, path: string): void {
    const { type, linkTarget } = found;
    if (type === 'device' || type === 'fifo') this.log.add('special-file', `a ${type}`, path);
    if (type !== 'symlink' && type !== 'hardlink') return;
    const target = linkTarget ?? '';
    this.log.add(type, `to ${quote(target)}`, path);
    if (linkEscapes(innerPath, target, type)) this.log.add('link-escapes-root', `to ${quote(target)}`, path);
  }

  result(format: ArchiveFormat, sha256: Sha256): ArchiveReading {
    return {
      format,
      entries: this.entries,
      anomalies: this.log.kept,
      anomalyCounts: this.log.counts,
      packedBytes: this.budget.packed,
      unpackedBytes: this.budget.unpacked,
      sha256,
      complete: this.intact,
    };
  }
}
