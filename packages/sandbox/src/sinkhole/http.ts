import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CanaryHit, SinkholeRecord } from '../channels.ts';
import { piecesOfRequest } from '../decoys/chunk-joiner.ts';
import type { Answer } from './answers.ts';
import { crypto, http } from './builtins.ts';
import { MirrorClient, type Served } from './mirror.ts';
import { answerTo } from './profiles.ts';
import { RawRecord } from './raw.ts';
import { now } from './recorder.ts';
import { emptySha256, noBody, type ReadBody, readBody } from './request-body.ts';
import { type Connection, mirrorFor, type Runtime } from './runtime.ts';
import { settledWithin } from './settled.ts';
import { acceptKey, FrameReader } from './websocket.ts';

type HttpRecord = Extract<SinkholeRecord, { kind: 'http' }>;

const maxHeaders = 64;
const maxHeaderText = 1024;
const maxPathText = 512;
/** Of an answer, shown to the orchestrator. */
const maxHead = 512;

/** A request's address and its parts, as the package wrote them. */
type Target = { method: string; host: string; path: string; query: string; text: string };

/** HTTP/1.1 on whatever stream was found to speak it. */
export class HttpDesk {
  readonly #runtime: Runtime;
  readonly #mirrors = new MirrorClient();
  readonly #connections = new WeakMap<object, Connection>();
  readonly #server;
  readonly #pending = new Set<Promise<void>>();
  readonly #onTunnel: (stream: Duplex, connection: Connection) => void;

  /** `onTunnel` gets the stream of a CONNECT request and what it was asked to lead to. */
  constructor(runtime: Runtime, onTunnel: (stream: Duplex, connection: Connection) => void) {
    this.#runtime = runtime;
    this.#onTunnel = onTunnel;
    this.#server = http.createServer({
      insecureHTTPParser: true,
      requireHostHeader: false,
      maxHeaderSize: 65_536,
      keepAliveTimeout: 60_000,
      requestTimeout: 0,
      headersTimeout: 0,
      noDelay: true,
      shouldUpgradeCallback: (request) => /^websocket$/i.test(request.headers.upgrade ?? ''),
    });
    // Some clients close their side right after the request (`nc -N`); without this they would get no answer.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on('request', (request, response) => {
      const served = this.#serve(request, response).catch((error: unknown) => {
        response.destroy();
        throw error;
      });
      this.#track(served);
    });
    this.#server.on('connect', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#tunnel(request, stream, head),
    );
    this.#server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#track(this.#webSocket(request, stream, head)),
    );
    this.#server.on('clientError', (error: Error & { rawPacket?: Buffer }, stream: Duplex) =>
      this.#malformed(error, stream),
    );
  }

  /** Takes over a stream whose first bytes were put back. */
  take(stream: Duplex, connection: Connection): void {
    this.#connections.set(stream, connection);
    this.#server.emit('connection', stream);
  }

  /** Waits for the records of what is under way, at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#mirrors.close();
    await settledWithin(this.#pending, graceMs);
  }

  #track(work: Promise<void>): void {
    const settled = work
      .catch((error: unknown) => this.#runtime.recorder.limit('http', `a request was not recorded: ${String(error)}`))
      .finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return;
    const [at, id, target] = [now(), this.#runtime.recorder.nextRequest(), targetOf(request, connection)];
    response.on('error', () => request.destroy());
    const mirror = mirrorFor(this.#runtime.config.mirrors, { ...connection, host: target.host });
    const isRead = target.method === 'GET' || target.method === 'HEAD';
    const hits = this.#hitsInHead(target, request, connection);
    const body = await readBody(request, this.#runtime);
    hits.push(...body.hits);
    // A name or path that carries a secret must not reach a real registry, not even as a question for what does not exist.
    const leaks = hits.some(({ where }) => where === 'path' || where === 'query' || where === 'host');
    const reserved = target.path.startsWith('/-/') || this.#isOwned(target.path);
    const forward = mirror !== undefined && isRead && !leaks && !reserved;
    if (!forward) hits.push(...(await this.#hitsInDepth(target, request, body)));
    const record = this.#recordOf(at, id, target, request, connection, body, hits);
    if (forward) {
      const served = await this.#mirrors.serve(mirror, target.method, target.path, request.headers, response);
      this.#runtime.recorder.emit({ ...record, response: served, egress: 'mirror' });
      return;
    }
    const answer = this.#answer(target, request, connection, body, mirror !== undefined);
    this.#send(answer, target.method, response, body.complete);
    this.#runtime.recorder.emit({ ...record, response: servedOf(answer, body.complete), egress: 'sinkhole' });
  }

  /** Packages that exist only here: the account's own. */
  #isOwned(path: string): boolean {
    const decoded = path.replace(/%2f/gi, '/').replace(/%40/g, '@');
    return this.#runtime.world.identity.packages.some(
      (name) => decoded === `/${name}` || decoded.startsWith(`/${name}/`),
    );
  }

  #answer(target: Target, request: IncomingMessage, connection: Connection, body: ReadBody, registry: boolean): Answer {
    const { host, path, query, method } = target;
    const overHttps = this.#nameQuery(target, request, body, connection);
    if (overHttps !== undefined) return overHttps;
    const parameters = new URLSearchParams(query.slice(0, 8192));
    const origin = `${connection.secure ? 'https' : 'http'}://${request.headers.host ?? host}`;
    const asked = { method, host, origin, ip: connection.ip, path, query: parameters, registry, body: body.start };
    return answerTo({ ...asked, headers: headersOf(request) }, this.#runtime.world);
  }

  /** DNS over HTTPS (RFC 8484): the same answers as on port 53. */
  #nameQuery(
    { method, query }: Target,
    request: IncomingMessage,
    body: ReadBody,
    connection: Connection,
  ): Answer | undefined {
    const posted = method === 'POST' && request.headers['content-type'] === 'application/dns-message';
    const asked = method === 'GET' ? /(?:^|&)dns=([A-Za-z0-9_-]+)/.exec(query)?.[1] : undefined;
    if (!posted && asked === undefined) return undefined;
    const message = posted ? body.start : Buffer.from(asked ?? '', 'base64url');
    const answer = this.#runtime.dns.answer(message, { sourcePort: connection.sourcePort, transport: 'https' });
    if (answer === undefined) return undefined;
    return {
      profile: 'dns-over-https',
      status: 200,
      headers: { 'content-type': 'application/dns-message' },
      body: answer,
    };
  }

  #send(answer: Answer, method: string, response: ServerResponse, complete: boolean): void {
    if (!complete || response.destroyed) {
      response.destroy();
      return;
    }
    const headers = { server: 'nginx', ...answer.headers, 'content-length': answer.body.length };
    response
      .writeHead(answer.status, headers)
      .end(method === 'HEAD' || answer.status === 204 ? undefined : answer.body);
  }

  #recordOf(
    at: number,
    request: number,
    target: Target,
    message: IncomingMessage,
    connection: Connection,
    body: ReadBody,
    hits: CanaryHit[],
  ): Omit<HttpRecord, 'response' | 'egress'> {
    const { id, ip, port, secure, sni } = connection;
    return {
      kind: 'http',
      at,
      connection: id,
      request,
      scheme: secure ? 'https' : 'http',
      host: target.host,
      ...(sni === undefined ? {} : { sni }),
      ip,
      port,
      method: target.method.slice(0, 32),
      path: target.text.slice(0, maxPathText),
      headers: headersOf(message),
      bodyBytes: body.bytes,
      bodySha256: body.sha256,
      bodyHead: body.head.toString('base64'),
      canaryHits: distinct(hits),
    };
  }

  #hitsInHead({ host, path, query }: Target, request: IncomingMessage, { sni }: Connection): CanaryHit[] {
    const { search } = this.#runtime;
    const hits = [...search.findName(host, 'host'), ...search.find(path, 'path'), ...search.find(query, 'query')];
    if (sni !== undefined && sni !== host) hits.push(...search.findName(sni, 'host'));
    if (search.find(request.rawHeaders.join('\n'), 'header').length === 0) return hits;
    for (const [name, value] of headerPairs(request)) hits.push(...search.find(value, `header:${name}`));
    return hits;
  }

  /** Packed values in the head, and values sent in parts over several requests. */
  async #hitsInDepth(
    { host, text, query, path }: Target,
    request: IncomingMessage,
    body: ReadBody,
  ): Promise<CanaryHit[]> {
    const { search, joiner } = this.#runtime;
    const packed = async (value: string, where: string) => {
      if (!/[A-Za-z0-9+/_-]{32}/.test(value)) return [];
      const stream = search.stream(where);
      await stream.push(Buffer.from(value, 'latin1'));
      return (await stream.finish()).hits;
    };
    const hits = [...(await packed(path, 'path')), ...(await packed(query, 'query'))];
    for (const [name, value] of headerPairs(request)) hits.push(...(await packed(value, `header:${name}`)));
    if (hits.length > 0 || body.hits.length > 0) return hits;
    const small = body.bytes <= 4096 ? body.start.toString('latin1') : '';
    return piecesOfRequest(host, text, small).flatMap((piece) => joiner.add(piece, small === '' ? 'path' : 'body'));
  }

  #tunnel(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const connection = this.#connections.get(stream);
    if (connection === undefined) {
      stream.destroy();
      return;
    }
    const target = targetOf(request, connection);
    const answer: Answer = { profile: 'proxy', status: 200, headers: {}, body: Buffer.alloc(0) };
    this.#emitBodiless(request, connection, target, answer);
    stream.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) stream.unshift(head);
    const { hostname, port } = splitAuthority(request.url ?? '');
    this.#onTunnel(stream, { ...connection, host: hostname, port });
  }

  async #webSocket(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const connection = this.#connections.get(stream);
    if (connection === undefined) return;
    const accept = acceptKey(request.headers['sec-websocket-key'] ?? '');
    const target = targetOf(request, connection);
    this.#emitBodiless(request, connection, target, {
      profile: 'websocket',
      status: 101,
      headers: {},
      body: Buffer.alloc(0),
    });
    const protocol = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim();
    const extra = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    stream.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${extra}\r\n`,
    );
    if (head.length > 0) stream.unshift(head);
    const [record, frames] = [new RawRecord(this.#runtime, connection.id), new FrameReader()];
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        const { payload, reply, closed } = frames.read(chunk);
        await record.push(payload);
        if (reply.length > 0 && stream.writable) stream.write(reply);
        if (closed) break;
      }
      stream.end();
    } catch {
      // Reset by the package: what came before it is recorded.
      stream.destroy();
    }
    await record.finish();
  }

  #emitBodiless(request: IncomingMessage, connection: Connection, target: Target, answer: Answer): void {
    const body = noBody();
    const hits = this.#hitsInHead(target, request, connection);
    const record = this.#recordOf(now(), this.#runtime.recorder.nextRequest(), target, request, connection, body, hits);
    this.#runtime.recorder.emit({ ...record, response: servedOf(answer, true), egress: 'sinkhole' });
  }

  /** Bytes that began like HTTP and were not. */
  #malformed(error: Error & { rawPacket?: Buffer }, stream: Duplex): void {
    const connection = this.#connections.get(stream);
    const packet = error.rawPacket;
    if (connection !== undefined && packet !== undefined) {
      const record = new RawRecord(this.#runtime, connection.id);
      this.#track(Promise.resolve(record.push(packet)).then(() => record.finish()));
    }
    if (stream.writable) stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  }
}

/** The name is the address's name: a Host header is only what the package says. */
function targetOf(request: IncomingMessage, connection: Connection): Target {
  const text = request.url ?? '/';
  const method = request.method ?? 'GET';
  const own = connection.host ?? connection.ip;
  // A request to a proxy names its target in full (RFC 9112 §3.2.2).
  const absolute = /^https?:\/\/([^/?#]+)(.*)$/is.exec(text);
  const host = absolute === null ? own : splitAuthority(absolute[1] ?? '').hostname;
  const local = absolute === null ? text : absolute[2] || '/';
  const mark = local.indexOf('?');
  return {
    method,
    host,
    text,
    path: mark < 0 ? local : local.slice(0, mark),
    query: mark < 0 ? '' : local.slice(mark + 1),
  };
}

function splitAuthority(authority: string): { hostname: string; port: number } {
  const match = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority);
  const hostname = (match?.[1] ?? authority).replace(/^\[|\]$/g, '').toLowerCase();
  return { hostname, port: Number(match?.[2] ?? 443) };
}

function* headerPairs({ rawHeaders }: IncomingMessage): Generator<[name: string, value: string]> {
  for (let at = 0; at + 1 < rawHeaders.length && at < maxHeaders * 2; at += 2) {
    yield [rawHeaders[at]!.toLowerCase().slice(0, 128), rawHeaders[at + 1]!];
  }
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of headerPairs(request)) {
    headers[name] = (headers[name] === undefined ? value : `${headers[name]}, ${value}`).slice(0, maxHeaderText);
  }
  return headers;
}

function servedOf({ profile, status, body }: Answer, complete: boolean): Served {
  if (!complete) return { profile, status: 0, bytes: 0, sha256: emptySha256 };
  return {
    profile,
    status,
    bytes: body.length,
    sha256: digest(body),
    head: Buffer.from(body.subarray(0, maxHead)).toString('base64'),
  };
}

function distinct(hits: readonly CanaryHit[]): CanaryHit[] {
  return [...new Map(hits.map((hit) => [`${hit.canary} ${hit.encoding} ${hit.where}`, hit])).values()];
}

function digest(bytes: Uint8Array | string): string {
  return crypto().createHash('sha256').update(bytes).digest('hex');
}
