import type { TraceEvent } from '@assay/kernel';
import { type ArtifactSummary, TraceArtifact } from '@assay/sandbox';

const maxTraceBytes = 64 * 1024 * 1024;

/** What all runs of one report share: ids of events and processes, and the raw trace that every event goes to. */
export class TraceRecorder {
  #events = 0;
  #processes = 0;
  readonly #artifact: TraceArtifact;

  constructor(file: string) {
    this.#artifact = new TraceArtifact(file, maxTraceBytes);
  }

  readonly ids = {
    event: (): string => `e${++this.#events}`,
    process: (): string => `p${++this.#processes}`,
  };

  readonly sink = (event: TraceEvent): void => this.#artifact.write(event);

  finish(): ArtifactSummary {
    return this.#artifact.end();
  }
}
