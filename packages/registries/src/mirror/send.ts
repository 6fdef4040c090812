import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Answer } from './answer.ts';

/** Files up to this size are sent in one piece: most tarballs are small, and a stream costs more than reading them. */
const wholeBytes = 1024 * 1024;
/** What of a request's body is read, to be polite, before the connection is cut. */
const drainedBytes = 1024 * 1024;

/** *Errors:* those of the connection and of reading the file; the caller then cuts the connection. */
export async function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status, headers, content, sizeBytes } = answer;
  const hasBody = request.method !== 'HEAD' && status !== 304;
  drain(request);
  response.writeHead(status, status === 304 ? headers : { ...headers, 'content-length': String(sizeBytes) });
  if (!hasBody) response.end();
  else if ('bytes' in content) response.end(content.bytes);
  else if (sizeBytes <= wholeBytes) response.end(await readFile(content.path));
  else await pipeline(createReadStream(content.path, { highWaterMark: 1 << 18 }), response);
}

/** A body that nobody wants must still be read, or the client waits for ever; an endless one is cut. */
function drain(request: IncomingMessage): void {
  let read = 0;
  request.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > drainedBytes) request.destroy();
  });
}
