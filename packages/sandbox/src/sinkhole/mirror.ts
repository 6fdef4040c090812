import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { crypto, http } from './builtins.ts';
import type { Mirror } from './config.ts';

/** What may go on to the mirror: enough to answer, nothing that the package could hide data in. */
const forwarded = ['accept', 'accept-encoding', 'if-none-match', 'if-modified-since', 'range'] as const;

/** Meant for one connection, or made anew by our own server (RFC 9110 §7.6.1). */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection', 'trailer']);

export type Served = { profile: string; status: number; bytes: number; sha256: string; head?: string };

/** Passes reads on to the registry mirrors, one keep-alive pool each. */
export class MirrorClient {
  readonly #agents = new Map<string, InstanceType<typeof http.Agent>>();

  /** Answers `response` from the mirror; an unreachable mirror is a 502. */
  async serve(
    mirror: Mirror,
    method: string,
    path: string,
    headers: IncomingHttpHeaders,
    response: ServerResponse,
  ): Promise<Served> {
    let upstream: IncomingMessage;
    try {
      upstream = await this.#request(mirror, method, path, headers);
    } catch {
      // The registry's own failure, as the package manager would see it; the mirror's side logs the cause.
      const body = Buffer.from('{"error":"mirror unreachable"}');
      response.writeHead(502, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
      return { profile: 'mirror', status: 502, bytes: body.length, sha256: digest(body) };
    }
    const status = upstream.statusCode ?? 502;
    const passed = Object.entries(upstream.headers).filter(([name]) => !hopByHop.has(name));
    // Head and first bytes leave in one packet.
    response.cork();
    response.writeHead(status, Object.fromEntries(passed));
    const hash = crypto().createHash('sha256');
    let bytes = 0;
    for await (const chunk of upstream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      hash.update(chunk);
      if (response.closed || response.destroyed) break;
      const flowing = response.write(chunk);
      response.uncork();
      if (!flowing && response.writableNeedDrain) await drained(response);
    }
    response.uncork();
    response.end();
    return { profile: 'mirror', status, bytes, sha256: hash.digest('hex') };
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #request(mirror: Mirror, method: string, path: string, headers: IncomingHttpHeaders): Promise<IncomingMessage> {
    const { socketPath } = mirror;
    const agent = this.#agents.get(socketPath) ?? new http.Agent({ keepAlive: true, maxSockets: 64 });
    this.#agents.set(socketPath, agent);
    const kept = forwarded.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
    return new Promise((resolve, reject) => {
      const options = {
        socketPath,
        agent,
        method,
        path,
        headers: { host: hostHeader(mirror), ...Object.fromEntries(kept) },
      };
      http.request(options, resolve).on('error', reject).end();
    });
  }
}

function hostHeader({ host, port, tls }: Mirror): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (tls ? 443 : 80) ? name : `${name}:${port}`;
}

function drained(response: ServerResponse): Promise<void> {
  if (response.closed || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function digest(bytes: Uint8Array): string {
  return crypto().createHash('sha256').update(bytes).digest('hex');
}
