import { closeSync, constants, openSync, readSync } from 'node:fs';

const bufferBytes = 64 * 1024;
/** At the tracer's fastest (about 55,000 lines a second) the pipe's 64 KiB fill in 8 ms. Deletes are held up for longer. */
const intervalMs = 4;
/** A read that brings at least this much is followed by another at once. */
const busyBytes = 16 * 1024;

/**
 * Reads the tracer's FIFO at intervals instead of whenever something arrives. strace writes line by line: being woken for
 * each line takes twice the processor time (157 ms against 77 ms for an `npm install`) and holds the tracer up.
 *
 * Holds a writing end itself, so that {@link end} can read all that was written and then stop. `onData` gets a view that is
 * valid only during the call; once it has thrown, the rest is read and dropped, so that the traced command is not held up.
 */
export class TracePipe {
  readonly #reader: number;
  readonly #writer: number;
  readonly #onData: (chunk: Buffer) => void;
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  #timer: NodeJS.Timeout;
  #failure: { cause: unknown } | undefined;

  /** *Errors:* those of opening `file`, which must be an existing FIFO. */
  constructor(file: string, onData: (chunk: Buffer) => void) {
    this.#reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writer = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
    this.#onData = onData;
    this.#timer = setTimeout(() => this.#look(), intervalMs);
  }

  /** Call once, when the tracer has exited. *Errors:* what reading or `onData` threw. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#drain();
    closeSync(this.#writer);
    closeSync(this.#reader);
    if (this.#failure !== undefined) throw this.#failure.cause;
  }

  #look(): void {
    this.#drain();
    this.#timer = setTimeout(() => this.#look(), intervalMs);
  }

  #drain(): void {
    for (;;) {
      const length = this.#read();
      if (length > 0 && this.#failure === undefined) {
        try {
          this.#onData(this.#buffer.subarray(0, length));
        } catch (cause) {
          this.#failure = { cause };
        }
      }
      if (length < busyBytes) return;
    }
  }

  #read(): number {
    try {
      return readSync(this.#reader, this.#buffer, 0, bufferBytes, null);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') this.#failure ??= { cause };
      return 0;
    }
  }
}
