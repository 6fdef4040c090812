/** One end of a socket, as a system call names it. */
export type Address =
  | { family: 'inet'; ip: string; port: number }
  /** `@name` for the abstract namespace, empty for an unnamed socket. */
  | { family: 'unix'; path: string }
  | { family: 'other'; name: string };

const inet = /^\{sa_family=AF_INET, sin_port=htons\((\d+)\), sin_addr=inet_addr\("([0-9.]+)"\)/;
const inet6 = /^\{sa_family=AF_INET6, sin6_port=htons\((\d+)\), .*?inet_pton\(AF_INET6, "([0-9a-fA-F:.]+)"/;
const unix = /^\{sa_family=AF_UNIX, sun_path=(@?)"((?:[^"\\]|\\.)*)"/;
const family = /^\{sa_family=(AF_[A-Z0-9_]+)/;

/**
 * Reads `{sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("203.0.113.7")}`; undefined for `NULL` and addresses
 * that strace could not read. All patterns are anchored at the start: what a hostile path contains comes after it.
 */
export function parseAddress(text: string): Address | undefined {
  const v4 = inet.exec(text);
  if (v4 !== null) return { family: 'inet', ip: v4[2] ?? '', port: Number(v4[1]) };
  const v6 = inet6.exec(text);
  if (v6 !== null) return { family: 'inet', ip: plainIp(v6[2] ?? ''), port: Number(v6[1]) };
  const local = unix.exec(text);
  if (local !== null) return { family: 'unix', path: `${local[1]}${(local[2] ?? '').replace(/\\(.)/g, '$1')}` };
  const other = family.exec(text);
  return other === null ? undefined : { family: 'other', name: other[1] ?? '' };
}

/** An IPv4 address in IPv6 clothing is the IPv4 address; both channels then name it alike. */
export function plainIp(ip: string): string {
  return ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
}

export function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1';
}
