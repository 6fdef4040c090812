import type { IncomingMessage } from 'node:http';
import type { CanaryHit } from '../channels.ts';
import { crypto } from './builtins.ts';
import type { Runtime } from './runtime.ts';

/** Kept for choosing an answer. */
const startBytes = 64 * 1024;

export type ReadBody = {
  bytes: number;
  sha256: string;
  /** What goes into the record. */
  head: Buffer;
  /** The first 64 KiB. */
  start: Buffer;
  hits: CanaryHit[];
  /** False when the package broke off, or was cut off for sending too much. */
  complete: boolean;
};

export function noBody(): ReadBody {
  const nothing = Buffer.alloc(0);
  return { bytes: 0, sha256: emptySha256, head: nothing, start: nothing, hits: [], complete: true };
}

export const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Reads a request's body to its end: digest and search over all of it, memory for its start only. */
export async function readBody(request: IncomingMessage, { search, recorder, config }: Runtime): Promise<ReadBody> {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (length === undefined && coding === undefined) {
    request.resume();
    return noBody();
  }
  const hash = crypto().createHash('sha256');
  const stream = search.stream('body');
  stream.announce(request.headers['content-encoding']?.toLowerCase());
  const kept: Buffer[] = [];
  let bytes = 0;
  let complete = true;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (bytes < startBytes) kept.push(chunk.subarray(0, startBytes - bytes));
      bytes += chunk.length;
      hash.update(chunk);
      await stream.push(chunk);
      if (bytes > config.limits.bodyBytes) {
        recorder.limit('body', `a request was cut off after ${config.limits.bodyBytes} bytes of body`);
        complete = false;
        break;
      }
    }
  } catch {
    // The package broke off: what it sent is recorded.
    complete = false;
  }
  const { hits, truncated } = await stream.finish();
  if (truncated) recorder.limit('unpack', 'a packed body was larger than the search unpacks');
  const start = Buffer.concat(kept);
  return { bytes, sha256: hash.digest('hex'), start, head: start.subarray(0, config.limits.headBytes), hits, complete };
}
