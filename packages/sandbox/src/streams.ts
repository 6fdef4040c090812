import { closeSync, constants, openSync } from 'node:fs';
import net from 'node:net';

/** Splits a byte stream into lines; a line longer than 1 MiB is dropped, so that nothing inside can grow us. */
export class LineBuffer {
  #rest: Buffer = Buffer.alloc(0);
  #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
      if (end > 0) this.#onLine(data.toString('utf8', 0, end));
      data = data.subarray(end + 1);
    }
    this.#rest = data.length > 1024 * 1024 ? Buffer.alloc(0) : Buffer.from(data);
  }
}

/**
 * Reads a FIFO without blocking a thread. We hold a writing end ourselves, so that the stream ends when we say so and all
 * that was written has been read.
 */
export class FifoReader {
  #writer: number;
  #ended: Promise<void>;

  constructor(file: string, onData: (chunk: Buffer) => void) {
    const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writer = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
    const socket = new net.Socket({ fd: reader, readable: true, writable: false });
    socket.on('data', onData);
    this.#ended = new Promise((resolve, reject) => {
      socket.once('close', () => resolve());
      socket.once('error', reject);
    });
  }

  async end(): Promise<void> {
    closeSync(this.#writer);
    await this.#ended;
  }
}
