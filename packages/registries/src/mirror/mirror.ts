import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { NpmSource } from '../npm/source.ts';
import { type Answer, answerTo } from './answer.ts';
import { Overlay, type OverlayArchive } from './overlay.ts';
import { sendAnswer } from './send.ts';

/** One request of a sandbox, as it was answered. Method and path are hostile text. */
export type MirrorRequest = Omit<Answer, 'headers' | 'content'> & {
  method: string;
  /** Path and query, cut at 512 characters. */
  path: string;
};

export type MirrorOptions = {
  source: NpmSource;
  /** Unix socket to listen on; its folder must exist and be closed to others. */
  socketPath: string;
  onRequest(request: MirrorRequest): void;
  /** Questions to the registry that one mirror may cause: beyond them, what is not in the cache is refused. */
  maxRegistryRequests: number;
};

export interface Mirror {
  readonly socketPath: string;
  /** Registry address, with a trailing slash, that clients must believe they talk to. */
  readonly baseUrl: string;
  /** Makes an archive appear as that version of that package, in this mirror only. */
  addArchive(archive: OverlayArchive): void;
  /** Stops listening and cuts the open connections. The source stays open. */
  close(): Promise<void>;
}

const limits = {
  /** npm's requests have some 2 KiB of headers. */
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
} as const;

/** npm opens at most 15; six runs at once still fit. */
const maxConnections = 256;

/**
 * Serves the user's registries read-only to a sandbox: GET and HEAD of packuments and tarballs, nothing else. No header and
 * no byte of a body that comes from the sandbox is passed on; what is asked upstream is a package name that has the form
 * of one.
 */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const { source, socketPath } = options;
  const overlay = new Overlay(source.baseUrl);
  const closing = new AbortController();
  let left = options.maxRegistryRequests;
  const allowance = { take: () => left-- > 0 };
  const context = { source, overlay, ask: { signal: closing.signal, allowance } };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = await answerTo(request, context);
    const { headers: _, content: __, ...told } = answer;
    options.onRequest({ ...told, method: request.method ?? '', path: (request.url ?? '').slice(0, 512) });
    await sendAnswer(request, response, answer);
  };
  const server = createServer(limits, (request, response) => {
    // What is left to fail is the connection itself: the sandbox hung up, or was killed.
    handle(request, response).catch(() => response.destroy());
  });
  server.maxConnections = maxConnections;
  server.listen(socketPath);
  await once(server, 'listening');
  await chmod(socketPath, 0o600);

  return {
    socketPath,
    baseUrl: source.baseUrl,
    addArchive: (archive) => overlay.add(archive, source.clock.now()),
    close: () => closeServer(server, closing),
  };
}

async function closeServer(server: Server, closing: AbortController): Promise<void> {
  closing.abort();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
