import type { ArchiveLimits } from '@assay/kernel';
import type { ArchiveEntry, ArchiveReading, MemberSink, ReadOptions } from './entry.ts';
import { type ArchiveSource, readArchive } from './read.ts';

/** How much of an archive may be held in memory: of one member, and of all together. Bytes. */
export type KeepLimits = { maxMemberBytes: number; maxTotalBytes: number };

/** A member with the bytes that were kept: its first `maxMemberBytes`, or none once `maxTotalBytes` was reached. */
export type ArchiveMember = { entry: ArchiveEntry; bytes: Buffer; truncated: boolean };

/** Members by path. Of two with one path the later is in `members`, as unpacking leaves it; the earlier in `shadowed`. */
export type KeptMembers = { members: Map<string, ArchiveMember>; shadowed: ArchiveMember[] };

/** Collects members within the limits, one sink per member. */
export class MemberKeeper {
  readonly kept: KeptMembers = { members: new Map(), shadowed: [] };
  readonly #limits: KeepLimits;
  #total = 0;

  constructor(limits: KeepLimits) {
    this.#limits = limits;
  }

  /** `key`: the path to file the member under. */
  sink(key: string): MemberSink {
    const chunks: Uint8Array[] = [];
    let held = 0;
    return {
      write: (chunk) => {
        const room = Math.min(this.#limits.maxMemberBytes - held, this.#limits.maxTotalBytes - this.#total);
        if (room <= 0) return;
        const part = chunk.subarray(0, room);
        chunks.push(part);
        held += part.length;
        this.#total += part.length;
      },
      end: (entry) => {
        // Copied on purpose: a small slice would keep the whole chunk it was cut from.
        const member = { entry, bytes: Buffer.concat(chunks), truncated: held < entry.size || !entry.complete };
        const earlier = this.kept.members.get(key);
        if (earlier !== undefined) this.kept.shadowed.push(earlier);
        this.kept.members.set(key, member);
      },
    };
  }
}

/**
 * Reads an archive and keeps its regular files in memory, for analysis of their text.
 *
 * *Shape:* members by the entry's harmless `path`. Links, folders and devices are only in `entries`. A member beyond the
 * limits is there with what was kept and `truncated: true`: say so wherever the rest would have mattered.
 * *Units:* `keep` in bytes. *Errors:* as `readArchive`.
 */
export async function readAllMembers(
  source: ArchiveSource,
  limits: ArchiveLimits,
  options: Omit<ReadOptions, 'onMember'> & { keep: KeepLimits },
): Promise<ArchiveReading & KeptMembers> {
  const keeper = new MemberKeeper(options.keep);
  const reading = await readArchive(source, limits, {
    ...options,
    onMember: (head) => (head.type === 'file' ? keeper.sink(head.path) : undefined),
  });
  return { ...reading, ...keeper.kept };
}
