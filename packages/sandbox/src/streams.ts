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
