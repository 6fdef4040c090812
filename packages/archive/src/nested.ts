import type { ArchiveEntry, ArchiveFormat } from './entry.ts';
import { ArchiveError } from './errors.ts';
import type { Session } from './session.ts';
import { readTarInto } from './tar.ts';
import { readZipInto } from './zip.ts';
import { zipSourceOfBytes } from './zip-source.ts';

/**
 * Reads an archive found inside another, in the same session under the path `outer!/inner`.
 *
 * Packages carry broken and huge archives as test data. What would be an error for the archive itself is therefore an
 * anomaly here, under the same name, and the members read so far stay.
 */
export async function readNested(
  outer: Session,
  entry: ArchiveEntry,
  format: ArchiveFormat,
  chunks: Uint8Array[],
): Promise<void> {
  const { maxNesting } = outer.limits;
  if (outer.depth >= maxNesting) {
    outer.log.add('nesting-too-deep', `an archive ${maxNesting + 1} levels down is not read`, entry.path);
    return;
  }
  const inner = outer.child(entry.path);
  const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  try {
    if (format === 'zip') await readZipInto(inner, zipSourceOfBytes(bytes));
    else await readTarInto(inner, [bytes]);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const anomaly = error.facts.anomaly;
    if (typeof anomaly === 'string') outer.log.add(limitAnomaly(anomaly), 'inside a nested archive', entry.path);
    else outer.log.add('nested-unreadable', 'looks like an archive and cannot be read as one', entry.path);
  }
}

function limitAnomaly(code: string): 'ratio-bomb' | 'too-many-entries' | 'unpacked-too-large' {
  return code === 'ratio-bomb' || code === 'too-many-entries' ? code : 'unpacked-too-large';
}
