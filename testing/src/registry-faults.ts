import type { ServerResponse } from 'node:http';

/** What goes wrong at one path, for `times` requests (absent: for every one). */
export type RegistryFault = { times?: number } & (
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** 200 with a page, as a captive portal or a login wall answers. */
  | { kind: 'html' }
  /** Announces the whole body, sends half of it and cuts the connection. */
  | { kind: 'half' }
  /** Takes the request and never answers. */
  | { kind: 'silence' }
  /** Closes the connection without an answer. */
  | { kind: 'reset' }
  /** Answers rightly, but late. */
  | { kind: 'slow'; delayMs: number }
  /** 200 with these bytes instead, e.g. a tarball that is not the one published. */
  | { kind: 'bytes'; bytes: Uint8Array; contentType?: string }
  /** 200 with `bytes` again and again until the client hangs up. */
  | { kind: 'endless'; bytes: Uint8Array }
);

export type Answer = { status: number; headers: Record<string, string>; body: Uint8Array };

/** Sends `answer` the way `fault` spoils it. */
export function answerWith(response: ServerResponse, fault: RegistryFault, answer: Answer): void {
  switch (fault.kind) {
    case 'status':
      response.writeHead(fault.status, fault.headers ?? {}).end(fault.body ?? '');
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
      return;
    case 'half': {
      const half = answer.body.subarray(0, Math.floor(answer.body.length / 2));
      response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
      response.write(half, () => response.destroy());
      return;
    }
    case 'silence':
      return;
    case 'reset':
      response.destroy();
      return;
    case 'slow': {
      const timer = setTimeout(() => send(response, answer), fault.delayMs);
      response.once('close', () => clearTimeout(timer));
      return;
    }
    case 'bytes':
      send(response, {
        status: 200,
        headers: { 'content-type': fault.contentType ?? 'application/octet-stream' },
        body: fault.bytes,
      });
      return;
    case 'endless':
      response.writeHead(200, { 'content-type': 'application/json' });
      pour(response, fault.bytes);
  }
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function pour(response: ServerResponse, bytes: Uint8Array): void {
  while (!response.destroyed && response.write(bytes));
  if (!response.destroyed) response.once('drain', () => pour(response, bytes));
}
