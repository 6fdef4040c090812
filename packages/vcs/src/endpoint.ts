import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPublicAddress } from './address.ts';
import { quoted, VcsError } from './errors.ts';

export type GitProtocol = 'https' | 'http' | 'file' | 'git';

/** What may be reached. The default of the product is `{ protocols: ['https'], allowPrivateAddresses: false }`. */
export type Access = {
  protocols: readonly GitProtocol[];
  /** For tests and for forges inside the house: loopback, private and link-local addresses too. */
  allowPrivateAddresses: boolean;
  /** Only these hosts, when given; a redirect may lead from one to another of them. Without it, to the same host only. */
  allowedHosts?: readonly string[];
  /** Other ports than the scheme's own. */
  allowPorts?: boolean;
  /** All addresses of a host name; the system's resolver by default. */
  lookup?: (host: string) => Promise<readonly string[]>;
};

/** A checked address of a repository. Equal repositories have equal `url`s: it names the mirror. */
export type RepositoryAddress = { protocol: GitProtocol; url: string; host: string; port: number };

/** The same, with the IP addresses that were checked: connections go to these and to no others. */
export type PinnedAddress = RepositoryAddress & { addresses: readonly string[] };

const ports: Readonly<Record<GitProtocol, number>> = { https: 443, http: 80, git: 9418, file: 0 };

/**
 * Checks the address of a repository without asking anybody.
 *
 * *Shape:* an absolute URL: no user, no password, no query, no fragment. A `file:` URL names a folder of this machine.
 * *Errors:* `PROTOCOL_REFUSED`; `ADDRESS_REFUSED` when the host is not among `allowedHosts`.
 */
export function parseAddress(text: string, access: Access): RepositoryAddress {
  const refuse = (why: string): VcsError =>
    new VcsError('PROTOCOL_REFUSED', `repository address ${quoted(text)}: ${why}; nothing was contacted`, { why });
  // `ext::sh -c …`, `host:path` and `-oProxyCommand=` are addresses to git, and none to the URL parser.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw refuse('it is not a URL');
  const protocol = url.protocol.slice(0, -1) as GitProtocol;
  if (!access.protocols.includes(protocol)) throw refuse(`the scheme ${quoted(protocol)} is not allowed`);
  if (url.username !== '' || url.password !== '') throw refuse('it carries credentials');
  if (url.search !== '' || url.hash !== '') throw refuse('it has a query or a fragment');
  if (protocol === 'file') {
    if (url.hostname !== '') throw refuse('a file address has no host');
    const path = fileURLToPath(url);
    if (!isAbsolute(path) || path.includes('\0')) throw refuse('it names no absolute path');
    return { protocol, url: url.href, host: '', port: 0 };
  }
  if (url.port !== '' && access.allowPorts !== true) throw refuse('it names a port');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') throw refuse('it has no host');
  assertAllowedHost(host, access);
  const path = url.pathname.replace(/\/+$/, '');
  if (path === '') throw refuse('it has no path');
  return {
    protocol,
    url: `${url.origin === 'null' ? `${protocol}://${url.host}` : url.origin}${path}`,
    host,
    port: url.port === '' ? ports[protocol] : Number(url.port),
  };
}

/** *Errors:* `ADDRESS_REFUSED`. */
export function assertAllowedHost(host: string, access: Access): void {
  if (access.allowedHosts === undefined || access.allowedHosts.includes(host)) return;
  throw new VcsError('ADDRESS_REFUSED', `host ${quoted(host)} is not an allowed Git host; it was not contacted`, {
    host,
  });
}

/**
 * Resolves the host and refuses it unless every one of its addresses is public: a name with one private address among
 * public ones is an attack (rebinding), not a mistake.
 *
 * *Errors:* `ADDRESS_REFUSED`; `REPOSITORY_UNREACHABLE` when the name does not resolve.
 */
export async function pinAddress(address: RepositoryAddress, access: Access): Promise<PinnedAddress> {
  if (address.protocol === 'file') return { ...address, addresses: [] };
  const { host } = address;
  const addresses = isIP(host) !== 0 ? [host] : await resolveHost(host, access);
  const refused = access.allowPrivateAddresses ? undefined : addresses.find((ip) => !isPublicAddress(ip));
  if (refused !== undefined) {
    throw new VcsError(
      'ADDRESS_REFUSED',
      `host ${quoted(host)} has the address ${quoted(refused)}, which is not public; it was not contacted`,
      { host, address: refused },
    );
  }
  // The git protocol cannot be pinned: git resolves the name again. Only who trusts the whole network may use it.
  if (address.protocol === 'git' && !access.allowPrivateAddresses) {
    throw new VcsError(
      'PROTOCOL_REFUSED',
      `repository address ${quoted(address.url)}: git:// cannot be held to a checked address`,
    );
  }
  return { ...address, addresses };
}

async function resolveHost(host: string, access: Access): Promise<readonly string[]> {
  const lookup =
    access.lookup ?? (async (name) => (await systemLookup(name, { all: true })).map((found) => found.address));
  const unreachable = (cause?: unknown): VcsError =>
    new VcsError('REPOSITORY_UNREACHABLE', `host ${quoted(host)} does not resolve`, { host }, { cause });
  const addresses = await lookup(host).catch((cause: unknown) => {
    throw unreachable(cause);
  });
  if (addresses.length === 0) throw unreachable();
  return addresses;
}
