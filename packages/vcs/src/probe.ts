import { get as httpGet, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as httpsGet } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type Access, type PinnedAddress, parseAddress, pinAddress, type RepositoryAddress } from './endpoint.ts';
import { quoted, throwIfInterrupted, VcsError } from './errors.ts';

const maxRedirects = 5;
const suffix = '/info/refs';
const advertisement = 'application/x-git-upload-pack-advertisement';

/**
 * Finds where a repository really is: asks for its refs as git would, follows redirects one by one, each one checked
 * before it is contacted, and reads nothing but headers. Git itself is then told not to follow any.
 *
 * *Errors:* `ADDRESS_REFUSED`, `PROTOCOL_REFUSED` also for what a redirect names; `REPOSITORY_NOT_FOUND` for 401, 403, 404,
 * 410 and 451; `REPOSITORY_UNREACHABLE` for other failures; `REPOSITORY_INVALID` when something else than Git answers;
 * `DEADLINE_EXCEEDED`.
 */
export async function probeRepository(
  address: RepositoryAddress,
  access: Access,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<PinnedAddress> {
  if (address.protocol !== 'https' && address.protocol !== 'http') return await pinAddress(address, access);
  const deadline = AbortSignal.timeout(deadlineMs);
  const ends = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  let current = address;
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const pinned = await pinAddress(current, access);
    const answer = await headersOf(pinned, ends).catch((cause: unknown) => {
      throwIfInterrupted(signal);
      const code = deadline.aborted ? 'DEADLINE_EXCEEDED' : 'REPOSITORY_UNREACHABLE';
      throw new VcsError(code, `repository ${quoted(current.url)} gave no answer`, { url: current.url }, { cause });
    });
    if (answer.location === undefined) {
      assertGitAnswered(pinned, answer);
      return pinned;
    }
    current = redirected(address, current, answer.location, access);
  }
  throw new VcsError(
    'REPOSITORY_UNREACHABLE',
    `repository ${quoted(address.url)} redirects more than ${maxRedirects} times`,
  );
}

type Headers = { status: number; type: string; location?: string };

async function headersOf(address: PinnedAddress, signal: AbortSignal): Promise<Headers> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    headers: { 'user-agent': 'git/2', 'git-protocol': 'version=2', accept: '*/*' },
    agent: false,
    signal,
    lookup: pinnedLookup(address.addresses),
  };
  const get = address.protocol === 'https' ? httpsGet : httpGet;
  const request = get(`${address.url}${suffix}?service=git-upload-pack`, options, resolve);
  request.on('error', reject);
  const response = await promise;
  const { location } = response.headers;
  const status = response.statusCode ?? 0;
  request.destroy();
  const isRedirect = [301, 302, 303, 307, 308].includes(status) && location !== undefined;
  return { status, type: response.headers['content-type'] ?? '', ...(isRedirect ? { location } : {}) };
}

/** Answers every name with the addresses that were checked. */
function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    if (options.all === true) callback(null, all);
    else callback(null, all[0]?.address ?? '', all[0]?.family);
  };
}

function redirected(
  first: RepositoryAddress,
  from: RepositoryAddress,
  location: string,
  access: Access,
): RepositoryAddress {
  const target = URL.canParse(location, `${from.url}${suffix}`) ? new URL(location, `${from.url}${suffix}`) : undefined;
  target?.searchParams.delete('service');
  if (target === undefined || !target.pathname.endsWith(suffix)) {
    const facts = { url: from.url, location: quoted(location) };
    throw new VcsError(
      'REPOSITORY_INVALID',
      `repository ${quoted(from.url)} redirects to what is no repository`,
      facts,
    );
  }
  target.pathname = target.pathname.slice(0, -suffix.length);
  const next = parseAddress(target.href, access);
  if (access.allowedHosts === undefined && next.host !== first.host) {
    const facts = { url: from.url, host: next.host };
    throw new VcsError(
      'ADDRESS_REFUSED',
      `repository ${quoted(from.url)} redirects to another host, ${quoted(next.host)}`,
      facts,
    );
  }
  if (from.protocol === 'https' && next.protocol !== 'https') {
    throw new VcsError('PROTOCOL_REFUSED', `repository ${quoted(from.url)} redirects from https to ${next.protocol}`);
  }
  return next;
}

function assertGitAnswered({ url }: PinnedAddress, { status, type }: Headers): void {
  if ([401, 403, 404, 410, 451].includes(status)) {
    throw new VcsError('REPOSITORY_NOT_FOUND', `repository ${quoted(url)}: the host answers ${status}`, {
      url,
      status,
    });
  }
  if (status !== 200) {
    throw new VcsError('REPOSITORY_UNREACHABLE', `repository ${quoted(url)}: the host answers ${status}`, {
      url,
      status,
    });
  }
  if (type.split(';')[0] !== advertisement) {
    const facts = { url, type: quoted(type) };
    throw new VcsError('REPOSITORY_INVALID', `repository ${quoted(url)}: something else than Git answers`, facts);
  }
}
