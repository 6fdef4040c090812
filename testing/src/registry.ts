import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { abbreviate, type PublishedPackage, packumentOf, tarballOf, tarballPath } from './registry-documents.ts';
import { type Answer, answerWith, type RegistryFault, send } from './registry-faults.ts';

export type { PublishedPackage, PublishedVersion } from './registry-documents.ts';
export type { RegistryFault } from './registry-faults.ts';

export type RegistryOptions = {
  packages?: Readonly<Record<string, PublishedPackage>>;
  /** Answers 401 to every request without `Authorization: Bearer <token>`. */
  token?: string;
  /** Serves over TLS with this identity (PEM). */
  tls?: { key: string; cert: string };
  /** Everything lives below this path, e.g. `/npm`. */
  prefix?: string;
};

export type RegistryRequest = { method: string; path: string; headers: IncomingMessage['headers']; body: Buffer };

/** An npm registry on loopback whose packages are data and whose failures are chosen. */
export interface Registry {
  /** Address to configure, with a trailing slash. */
  readonly url: string;
  /** Every request in order of arrival; a publish (`PUT`) with its body. */
  readonly requests: readonly RegistryRequest[];
  publish(name: string, published: PublishedPackage): void;
  unpublish(name: string): void;
  /** Spoils answers at a decoded path below the prefix, e.g. `/is-odd` or `/is-odd/-/is-odd-1.0.0.tgz`. */
  fail(path: string, fault: RegistryFault): void;
  /** Ends all faults. */
  heal(): void;
  close(): Promise<void>;
}

const maxBodyBytes = 16 * 1024 * 1024;

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const packages = new Map(Object.entries(options.packages ?? {}));
  const faults = new Map<string, RegistryFault>();
  const requests: RegistryRequest[] = [];
  const prefix = options.prefix ?? '';
  let origin = '';

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request);
    const { method = 'GET', url = '/', headers } = request;
    requests.push({ method, path: url, headers, body });
    const path = decodeURIComponent(url.split('?')[0] ?? '').slice(prefix.length);
    const answer = answerTo(method, path, headers);
    const fault = takeFault(faults, path);
    if (fault === undefined) send(response, answer);
    else answerWith(response, fault, answer);
  };

  const answerTo = (method: string, path: string, headers: IncomingMessage['headers']): Answer => {
    if (options.token !== undefined && headers.authorization !== `Bearer ${options.token}`) {
      return json(401, { error: 'authentication required' });
    }
    if (method === 'PUT') return json(201, { ok: true });
    if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'method not allowed' });
    const [name = '', file] = path.slice(1).split('/-/');
    const published = packages.get(name);
    if (published === undefined) return json(404, { error: 'Not found' });
    if (file !== undefined) {
      const version = Object.entries(published.versions).find(([v]) => tarballPath(name, v) === path);
      if (version === undefined) return json(404, { error: 'Not found' });
      return {
        status: 200,
        headers: { 'content-type': 'application/octet-stream' },
        body: tarballOf(name, version[0], version[1]),
      };
    }
    const full = packumentOf(name, published, `${origin}${prefix}`);
    const isAbbreviated = headers.accept?.includes('application/vnd.npm.install-v1+json') ?? false;
    return conditional(json(200, isAbbreviated ? abbreviate(full) : full), headers['if-none-match']);
  };

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  };
  const server = options.tls ? createHttpsServer(options.tls, listener) : createHttpServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `${options.tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: `${origin}${prefix}/`,
    requests,
    publish: (name, published) => void packages.set(name, published),
    unpublish: (name) => void packages.delete(name),
    fail: (path, fault) => void faults.set(path, fault),
    heal: () => faults.clear(),
    close: () => closeServer(server),
  };
}

function takeFault(faults: Map<string, RegistryFault>, path: string): RegistryFault | undefined {
  const fault = faults.get(path);
  if (fault?.times === undefined) return fault;
  if (fault.times <= 1) faults.delete(path);
  else faults.set(path, { ...fault, times: fault.times - 1 });
  return fault;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new RangeError('request body too large for the double');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function json(status: number, value: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) };
}

function conditional(answer: Answer, ifNoneMatch: string | undefined): Answer {
  const etag = `"${createHash('sha1').update(answer.body).digest('hex')}"`;
  const headers = { ...answer.headers, etag };
  return ifNoneMatch === etag ? { status: 304, headers, body: Buffer.alloc(0) } : { ...answer, headers };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
