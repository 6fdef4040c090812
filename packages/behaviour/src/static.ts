import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PackageArchive } from '@assay/archive';
import type { Detection, SourceFile } from '@assay/detect';
import { KernelError, type Limitation, type StaticClaim } from '@assay/kernel';
import type { StaticReading } from './report/index.ts';
import type { StaticInput } from './static-reading.ts';

/** Static evidence about one artifact. */
export interface StaticFacts {
  reading: StaticReading;
  claims: StaticClaim[];
  declaredHosts: Set<string>;
  shipsDigests: boolean;
  limitations: Limitation[];
}

const memory = { maxOldGenerationSizeMb: 1024, stackSizeMb: 8 };

/**
 * Reads every file of the artifact without running anything, in a thread of its own: our main thread reads the tracer at the
 * same time, and hostile source must not hold that up or take its memory.
 *
 * *Shape:* `registryManifest` is what the registry tells of this version, if it was asked; `others` is what was found outside
 * the files. *Units:* `deadlineMs` milliseconds. A thread that runs out of time or memory leaves a limitation that blocks
 * benign.
 */
export async function readStatically(
  archive: PackageArchive,
  registryManifest: Readonly<Record<string, unknown>> | undefined,
  others: readonly Detection[],
  deadlineMs: number,
  signal: AbortSignal,
): Promise<StaticFacts> {
  const files: SourceFile[] = [...(archive.kept?.members ?? [])].map(([file, member]) => ({
    path: file,
    bytes: member.bytes,
    truncated: member.truncated,
  }));
  const input: StaticInput = {
    files,
    manifest: archive.manifest.manifest,
    registryManifest,
    anomalies: archive.reading.anomalies,
    others: [...others],
  };
  const worker = new Worker(workerFile(), { workerData: input, resourceLimits: memory });
  const stop = () => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, deadlineMs);
  try {
    return await answerOf(worker);
  } catch (error) {
    signal.throwIfAborted();
    return unread(files, error instanceof Error ? error.message : 'the reader ended');
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

function answerOf(worker: Worker): Promise<StaticFacts> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new KernelError('DEADLINE_EXCEEDED', 'the reader was stopped at its deadline')));
  });
}

/** Beside this file, bundled or not; from sources, beside this room's index. */
function workerFile(): string {
  const bundled = path.join(import.meta.dirname, 'static-worker.js');
  if (existsSync(bundled)) return bundled;
  const room = createRequire(import.meta.url).resolve('@assay/behaviour');
  return path.join(path.dirname(room), `static-worker${path.extname(room)}`);
}

function unread(files: readonly SourceFile[], reason: string): StaticFacts {
  return {
    reading: { files_scanned: 0, bytes: 0, parse_failures: [], signals: [] },
    claims: [],
    declaredHosts: new Set(),
    shipsDigests: false,
    limitations: [
      {
        code: 'static_not_read',
        channel: 'static_js',
        effect: 'blocks_benign',
        text: `${files.length} files were not read statically: ${reason}`,
      },
    ],
  };
}
