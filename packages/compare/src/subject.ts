import { createHash } from 'node:crypto';
import {
  type ArchiveAnomaly,
  type ArchiveMember,
  type ArchiveReading,
  anomalyGravity,
  type KeptMembers,
} from '@assay/archive';
import type { ObjectFormat } from '@assay/vcs';

/** One file of a published artifact. */
export type SubjectFile = {
  /** File name of the artifact. */
  release: string;
  /** Path inside the package: npm drops the first folder, whatever it is called. Harmless, `/`-separated. */
  path: string;
  sizeBytes: number;
  /** Null when the member could not be read in full. */
  sha256: string | null;
  /** Id the same bytes have in the repository; null with `sha256`, and when a SHA-256 repository's id could not be made. */
  blob: string | null;
  /** All bytes, when they were kept in full. */
  bytes?: Buffer;
};

/** What one pass over an artifact gives to compare. */
export type Subject = {
  files: SubjectFile[];
  /** Anomalies that no ordinary tool leaves (`source.archive-anomaly`). */
  anomalies: ArchiveAnomaly[];
  /** False: a report about it is `completed: false`, never clean. */
  complete: boolean;
};

/**
 * Turns a reading of an npm artifact into the files to explain: every member once, identical and replaced ones too.
 *
 * *Shape:* `reading` with its members kept; a member beyond the keeping limits has digests and no bytes.
 */
export function subjectOf(release: string, reading: ArchiveReading & KeptMembers, format: ObjectFormat): Subject {
  const kept = new Map<number, ArchiveMember>();
  for (const member of [...reading.members.values(), ...reading.shadowed]) kept.set(member.entry.index, member);
  const files = reading.entries
    .filter(({ type, depth }) => type === 'file' && depth === 0)
    .map((entry): SubjectFile => {
      const member = kept.get(entry.index);
      const bytes = member !== undefined && !member.truncated ? member.bytes : undefined;
      const wholeId = format === 'sha1' ? entry.gitBlobSha1 : bytes === undefined ? null : blobId(bytes, format);
      return {
        release,
        path: withoutRoot(entry.path),
        sizeBytes: entry.size,
        sha256: entry.complete ? entry.sha256 : null,
        blob: entry.complete ? wholeId : null,
        ...(bytes === undefined ? {} : { bytes }),
      };
    });
  const anomalies = reading.anomalies.filter(({ code }) => anomalyGravity[code] !== 'quirk');
  return { files, anomalies, complete: reading.complete };
}

/** Id of these bytes as a blob of a Git repository. */
export function blobId(bytes: Uint8Array, format: ObjectFormat): string {
  return createHash(format).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function withoutRoot(path: string): string {
  const end = path.indexOf('/');
  return end === -1 ? path : path.slice(end + 1);
}
