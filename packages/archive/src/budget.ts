import type { ArchiveLimits } from '@assay/kernel';
import { archiveTooLarge } from './errors.ts';

/** Names and their folders are kept for the whole reading; this much of them is enough for any honest archive. */
const maxPathBytesInTotal = 128 * 1024 * 1024;

/**
 * Counts what an archive really costs and stops at the limits. Nothing declared in a header is believed here.
 *
 * *Errors:* `ArchiveError` `ARCHIVE_TOO_LARGE`, with the limit's name in `facts.limit`.
 */
export class Budget {
  readonly #limits: ArchiveLimits;
  readonly #label: string;
  packed = 0;
  unpacked = 0;
  #entries = 0;
  #pathBytes = 0;

  constructor(limits: ArchiveLimits, label: string) {
    this.#limits = limits;
    this.#label = label;
  }

  /** `total`: packed bytes consumed so far. */
  setPacked(total: number): void {
    this.packed = total;
    const { maxArchiveBytes } = this.#limits;
    if (total > maxArchiveBytes) {
      throw archiveTooLarge(this.#label, 'maxArchiveBytes', maxArchiveBytes, total, `${total} bytes packed`);
    }
  }

  addUnpacked(bytes: number): void {
    this.unpacked += bytes;
    const { maxUnpackedBytes } = this.#limits;
    if (this.unpacked > maxUnpackedBytes) {
      const what = `more than ${maxUnpackedBytes} bytes unpacked`;
      throw archiveTooLarge(this.#label, 'maxUnpackedBytes', maxUnpackedBytes, this.unpacked, what);
    }
  }

  addEntry(): void {
    this.#entries += 1;
    const { maxEntries } = this.#limits;
    if (this.#entries > maxEntries) {
      throw archiveTooLarge(this.#label, 'maxEntries', maxEntries, this.#entries, `more than ${maxEntries} entries`);
    }
  }

  /** Memory taken by names. A thousand deep folders, each new, cost a million characters without being an entry. */
  addPathBytes(bytes: number): void {
    this.#pathBytes += bytes;
    if (this.#pathBytes > maxPathBytesInTotal) {
      const what = `${this.#pathBytes} bytes of entry names`;
      throw archiveTooLarge(this.#label, 'maxPathBytes', maxPathBytesInTotal, this.#pathBytes, what);
    }
  }

  /** Looks at unpacked ÷ packed, of the whole or of one member, once enough was unpacked for it to mean something. */
  checkRatio(unpacked: number, packed: number): void {
    const { maxRatio, ratioAfterBytes } = this.#limits;
    if (unpacked < ratioAfterBytes || unpacked <= maxRatio * packed) return;
    const ratio = Math.floor(unpacked / Math.max(packed, 1));
    throw archiveTooLarge(this.#label, 'maxRatio', maxRatio, ratio, `data unpacks to ${ratio} times its size`);
  }
}
