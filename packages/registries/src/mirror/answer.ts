import type { IncomingMessage } from 'node:http';
import { KernelError, type KernelErrorCode } from '@assay/kernel';
import type { PackumentVariant } from '../npm/packument-store.ts';
import { parseRegistryPath, type RegistryPath } from '../npm/paths.ts';
import type { AskOptions, NpmSource } from '../npm/source.ts';
import type { Overlay } from './overlay.ts';

/** What a request is answered with, before it is sent. */
export type Answer = {
  status: number;
  /** `publish`: an attempt to write. `other`: nothing that an installation asks for. */
  kind: RegistryPath['kind'] | 'publish' | 'other';
  packageName?: string;
  version?: string;
  headers: Record<string, string>;
  content: { bytes: Buffer } | { path: string };
  sizeBytes: number;
  from?: 'memory' | 'disk' | 'registry' | 'overlay';
  errorCode?: KernelErrorCode;
};

export type AnswerContext = { source: NpmSource; overlay: Overlay; ask: AskOptions };

type Subject = Pick<Answer, 'kind' | 'packageName' | 'version'>;

/** *Errors:* none but defects: what goes wrong is an answer, too. */
export async function answerTo(
  { method = '', url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  context: AnswerContext,
): Promise<Answer> {
  const asked = pathOf(url, context.source.baseUrl);
  if (method === 'PUT') return refusal({ ...asked, kind: 'publish' }, 403, 'publishing is refused here');
  if (method !== 'GET' && method !== 'HEAD') {
    return refusal({ kind: 'other' }, 405, 'only GET and HEAD are served here', { allow: 'GET, HEAD' });
  }
  if (asked === undefined) return refusal({ kind: 'other' }, 403, 'only packages are served here');
  try {
    if (asked.kind === 'tarball') return await tarballAnswer(asked, context);
    const variant = headers.accept?.includes('application/vnd.npm.install-v1+json') ? 'abbreviated' : 'full';
    const answer = await packumentAnswer(asked, variant, context);
    return isUnchanged(headers['if-none-match'], answer.headers.etag) ? withoutBody(answer) : answer;
  } catch (error) {
    if (error instanceof KernelError) return failure(asked, error);
    throw error;
  }
}

async function packumentAnswer(
  subject: RegistryPath & { kind: 'packument' },
  variant: PackumentVariant,
  { source, overlay, ask }: AnswerContext,
): Promise<Answer> {
  const { packageName } = subject;
  if (overlay.has(packageName)) {
    // Whether the registry has the package, or answers at all, does not matter to an archive: then it stands alone.
    const upstream = await source.packument(packageName, variant, ask).catch(() => undefined);
    const { body, contentType, etag } = overlay.packument(packageName, upstream?.value);
    const headers = { 'content-type': contentType, etag, 'cache-control': 'no-store' };
    return { ...subject, status: 200, headers, content: { bytes: body }, sizeBytes: body.length, from: 'overlay' };
  }
  const { value, from } = await source.packument(packageName, variant, ask);
  const headers = {
    'content-type': value.contentType,
    etag: value.etag,
    'cache-control': `public, max-age=${Math.floor(source.freshFor(value) / 1000)}`,
  };
  return { ...subject, status: 200, headers, content: { bytes: value.body }, sizeBytes: value.body.length, from };
}

async function tarballAnswer(
  subject: RegistryPath & { kind: 'tarball' },
  { source, overlay, ask }: AnswerContext,
): Promise<Answer> {
  const { packageName, version } = subject;
  const type = { 'content-type': 'application/octet-stream' };
  const bytes = overlay.tarball(packageName, version);
  if (bytes !== undefined) {
    const headers = { ...type, 'cache-control': 'no-store' };
    return { ...subject, status: 200, headers, content: { bytes }, sizeBytes: bytes.length, from: 'overlay' };
  }
  const { value, from } = await source.tarballOf(packageName, version, ask);
  const headers = { ...type, etag: `"${value.sha256}"`, 'cache-control': 'public, immutable, max-age=31557600' };
  return { ...subject, status: 200, headers, content: { path: value.path }, sizeBytes: value.sizeBytes, from };
}

function pathOf(url: string, baseUrl: string): RegistryPath | undefined {
  const path = url.split('?', 1)[0] ?? '';
  const base = new URL(baseUrl).pathname;
  return path.startsWith(base) ? parseRegistryPath(path.slice(base.length - 1)) : undefined;
}

function isUnchanged(ifNoneMatch: string | undefined, etag: string | undefined): boolean {
  if (ifNoneMatch === undefined || etag === undefined) return false;
  return ifNoneMatch.split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
}

function withoutBody(answer: Answer): Answer {
  const { 'content-type': _, ...headers } = answer.headers;
  return { ...answer, status: 304, headers, content: { bytes: Buffer.alloc(0) }, sizeBytes: 0 };
}

function failure(subject: Subject, error: KernelError): Answer {
  const isAbsent = error.code === 'PACKAGE_NOT_FOUND' || error.code === 'VERSION_NOT_FOUND';
  // 5xx would make npm wait and ask again: right for a registry that is down, useless for a used-up allowance.
  const status = isAbsent ? 404 : error.facts.allowance === 'used up' ? 403 : 502;
  return { ...refusal(subject, status, error.message), errorCode: error.code };
}

function refusal(subject: Subject, status: number, why: string, headers: Record<string, string> = {}): Answer {
  const bytes = Buffer.from(JSON.stringify({ error: why }));
  const all = { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers };
  return { ...subject, status, headers: all, content: { bytes }, sizeBytes: bytes.length };
}
