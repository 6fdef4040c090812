import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltRepository, bareGitEnvironment, buildGitRepository, type GitRepositoryData } from './git-build.ts';

export {
  type BuiltRepository,
  buildGitRepository,
  type GitCommit,
  type GitFile,
  type GitRepositoryData,
  lfsPointer,
} from './git-build.ts';

/** How a repository misbehaves. Packs are what answers `POST …/git-upload-pack`; `status` and `redirect` are for all. */
export type GitFault =
  | { kind: 'status'; status: number }
  /** Every answer is a redirect to `location` + the path below the repository + its query. */
  | { kind: 'redirect'; location: string }
  /** Redirects only packs, after the first answer looked right. */
  | { kind: 'redirect-pack'; location: string }
  /** Nothing is answered, ever. */
  | { kind: 'silent' }
  /** Packs stop after so many bytes, with the connection open. */
  | { kind: 'stall'; afterBytes: number }
  /** Packs end after so many bytes, as if that were all. */
  | { kind: 'truncated'; afterBytes: number }
  /** A page of HTML with status 200. */
  | { kind: 'html' };

export type GitServerRequest = { method: string; path: string; protocol?: string };

/** A Git server on loopback (smart HTTP, partial clone allowed) whose repositories are data and whose failures are chosen. */
export interface GitServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly requests: readonly GitServerRequest[];
  /** Serves a repository at `<url>/<name>`; asked again, it replaces it. *Shape:* `name` such as `owner/repo.git`. */
  add(name: string, data: GitRepositoryData): Promise<BuiltRepository & { url: string }>;
  /** Spoils answers of one repository until `heal`. */
  fail(name: string, fault: GitFault): void;
  heal(): void;
  close(): Promise<void>;
}

export async function startGitServer(): Promise<GitServer> {
  const root = await mkdtemp(join(tmpdir(), 'assay-git-server-'));
  const faults = new Map<string, GitFault>();
  const requests: GitServerRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const protocol = request.headers['git-protocol'];
    const { method = 'GET', url = '/' } = request;
    requests.push({ method, path: url, ...(typeof protocol === 'string' ? { protocol } : {}) });
    const fault = [...faults].find(([name]) => url.startsWith(`/${name}/`));
    if (fault === undefined || !answerWithFault(request, response, ...fault)) {
      serve(root, request, response, fault?.[1]);
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    add: async (name, data) => {
      await rm(join(root, name), { recursive: true, force: true });
      return { ...(await buildGitRepository(join(root, name), data)), url: `${url}/${name}` };
    },
    fail: (name, fault) => void faults.set(name, fault),
    heal: () => faults.clear(),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await closed(server);
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}

/** False when the request is to be served after all. */
function answerWithFault(request: IncomingMessage, response: ServerResponse, name: string, fault: GitFault): boolean {
  const rest = (request.url ?? '').slice(name.length + 1);
  switch (fault.kind) {
    case 'status':
      response.writeHead(fault.status).end();
      return true;
    case 'redirect':
      response.writeHead(301, { location: `${fault.location}${rest}` }).end();
      return true;
    case 'redirect-pack':
      if (request.method !== 'POST') return false;
      response.writeHead(307, { location: `${fault.location}${rest}` }).end();
      return true;
    case 'silent':
      return true;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
      return true;
    case 'stall':
    case 'truncated':
      return false;
  }
}

/** Hands the request to git's own CGI program. */
function serve(root: string, request: IncomingMessage, response: ServerResponse, fault: GitFault | undefined): void {
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const header = (name: string): string => String(request.headers[name] ?? '');
  const child = spawn('git', ['http-backend'], {
    env: {
      ...bareGitEnvironment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // A client that went away ends the program; that it then cannot be written to is no news.
  response.on('close', () => child.kill());
  child.stdin.on('error', () => request.unpipe());
  request.pipe(child.stdin);
  let head: Buffer | undefined = Buffer.alloc(0);
  let room = request.method === 'POST' && fault !== undefined && 'afterBytes' in fault ? fault.afterBytes : Infinity;
  const write = (bytes: Buffer): void => {
    const part = bytes.subarray(0, Math.min(room, bytes.length));
    room -= part.length;
    response.write(part);
    if (room === 0 && fault?.kind === 'truncated') response.end();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    if (head === undefined) {
      if (room > 0) write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    const lines = head.subarray(0, end).toString('latin1').split('\r\n');
    const headers = lines.map((line) => line.split(/: (.*)/s) as [string, string]);
    const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200';
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers.filter(([name]) => name !== 'Status')));
    const rest = head.subarray(end + 4);
    head = undefined;
    if (rest.length > 0) write(rest);
  });
  child.once('close', () => {
    if (fault?.kind === 'stall' && room === 0) return;
    response.end();
  });
}
