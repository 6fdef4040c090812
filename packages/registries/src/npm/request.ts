import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '@assay/kernel';
import type { NpmConfig } from './config.ts';
import type { NpmLimits } from './limits.ts';

export type RegistryRequest = {
  url: string;
  /** Decides whose credentials go along. */
  packageName: string;
  headers?: Readonly<Record<string, string>>;
  timeoutMs: number;
};

export type RegistryResponse = {
  status: number;
  header(name: string): string | undefined;
  /** Decompressed. Must be read to its end or left by throwing. */
  body: AsyncIterable<Uint8Array>;
};

/** An answer that was no answer: what to tell, and whether asking again may help. */
export class NoAnswer extends Error {
  readonly isTransient: boolean;

  constructor(reason: string, isTransient: boolean, options: { cause?: unknown } = {}) {
    super(reason, options);
    this.isTransient = isTransient;
  }
}

type Requester = { config: NpmConfig; limits: NpmLimits; signal: AbortSignal };

/**
 * Asks a registry, again after a while when it did not answer, and hands each answer to `read`; what `read` throws as
 * `NoAnswer` (HTML instead of JSON, a body cut short) counts as no answer, too.
 *
 * *Errors:* `REGISTRY_UNREACHABLE` with the last reason, `INTERRUPTED`; 404 and 304 are answers.
 */
export async function askRegistry<T>(
  requester: Requester,
  request: RegistryRequest,
  read: (response: RegistryResponse) => Promise<T>,
): Promise<T> {
  const { limits, signal } = requester;
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(requester, request, read);
    } catch (error) {
      if (signal.aborted) throw new KernelError('INTERRUPTED', 'interrupted', {}, { cause: error });
      if (!(error instanceof NoAnswer)) throw error;
      if (!error.isTransient || attempt >= limits.attempts) throw unreachable(request, error, attempt);
      await sleep(limits.backoffMs * 2 ** (attempt - 1), undefined, { signal }).catch(() => undefined);
    }
  }
}

async function askOnce<T>(
  { config, limits, signal }: Requester,
  { url, packageName, headers, timeoutMs }: RegistryRequest,
  read: (response: RegistryResponse) => Promise<T>,
): Promise<T> {
  // Loaded here: an analysis that finds everything in the cache need not pay for it (0.2 s).
  const { default: registryFetch } = await import('npm-registry-fetch');
  const enough = new AbortController();
  const deadline = AbortSignal.timeout(timeoutMs);
  let body: { on(event: 'error', listener: (error: Error) => void): unknown } | undefined;
  try {
    const response = await registryFetch(url, {
      ...config.request,
      spec: packageName,
      headers: { ...headers },
      retry: { retries: 0 },
      timeout: limits.idleTimeoutMs,
      signal: AbortSignal.any([signal, deadline, enough.signal]),
    } as object);
    const stream = response.body as unknown as AsyncIterable<Uint8Array> & NonNullable<typeof body>;
    // Aborting emits an error on the body even when nobody reads any more; unheard, it would end the process.
    stream.on('error', () => undefined);
    body = stream;
    return await read({
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      body: readable(stream),
    });
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return await read({ status, header: () => undefined, body: readable(Readable.from([])) });
    if (deadline.aborted) throw new NoAnswer(`no complete answer within ${timeoutMs} ms`, true, { cause: error });
    if (status !== undefined) throw new NoAnswer(statusText(status), isRetried(status), { cause: error });
    // What failed on the way is a plain error of the transport; what `read` concludes passes as it is.
    throw body === undefined ? new NoAnswer(describe(error), isTransientError(error), { cause: error }) : error;
  } finally {
    enough.abort();
  }
}

/** Failures of the transport while reading become `NoAnswer`. */
async function* readable(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* stream;
  } catch (cause) {
    throw new NoAnswer(`the answer broke off: ${describe(cause)}`, true, { cause });
  }
}

/** Reads a whole body into memory. *Errors:* `NoAnswer` beyond `maxBytes`. */
export async function collect(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new NoAnswer(`the answer is larger than ${maxBytes} bytes`, false);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

function isRetried(status: number): boolean {
  return status >= 500 || [408, 420, 429].includes(status);
}

function statusText(status: number): string {
  const hint = status === 401 || status === 403 ? ' (are the npm credentials right?)' : '';
  return `it answered with status ${status}${hint}`;
}

// A wrong name, certificate or proxy address does not mend itself within a second.
const lastingErrors =
  /^(ENOTFOUND|EINVALIDPROXY|EINVALIDREDIRECT|EMAXREDIRECT|ERR_TLS|ERR_INVALID_URL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/;

function isTransientError(error: unknown): boolean {
  return !lastingErrors.test(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function describe(error: unknown): string {
  const code = codeOf(error);
  const type = (error as { type?: unknown } | undefined)?.type;
  if (type === 'request-timeout' || type === 'body-timeout' || code?.endsWith('TIMEOUT')) return 'no answer in time';
  // The transport's messages name the full address again, with whatever query it has.
  return code ?? (error instanceof Error ? error.name : 'unknown error');
}

function unreachable({ url, packageName }: RegistryRequest, cause: NoAnswer, attempts: number): KernelError {
  const { origin } = new URL(url);
  const tried = attempts === 1 ? '' : ` (${attempts} attempts)`;
  const message = `asking ${origin} for ${packageName}: ${cause.message}${tried}`;
  return new KernelError('REGISTRY_UNREACHABLE', message, { origin, packageName, attempts }, { cause });
}
