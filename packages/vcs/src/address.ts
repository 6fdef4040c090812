import { BlockList, isIP } from 'node:net';

/** Ranges that are not the public internet (IANA special-purpose registries; cloud metadata services lie in these). */
const refusedRanges: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  // A provider's metadata service on a public address.
  ['168.63.129.16', 32, 'ipv4'],
  // Everything outside global unicast: loopback, mapped and translated IPv4, unique local, link-local, multicast.
  ['::', 3, 'ipv6'],
  ['4000::', 2, 'ipv6'],
  ['8000::', 1, 'ipv6'],
  // Tunnels that carry an IPv4 address of the sender's choice, and documentation.
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['3fff::', 20, 'ipv6'],
];

/**
 * Whether an IP address is one of the public internet.
 *
 * *Shape:* an address as `node:dns` gives it, without brackets or zone. Anything else is not public.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  // One family only: a list of both takes an IPv4 address for the IPv6 one it can be mapped to.
  const refused = new BlockList();
  for (const [net, prefix, of] of refusedRanges) if (of === kind) refused.addSubnet(net, prefix, of);
  return !refused.check(address, kind);
}
