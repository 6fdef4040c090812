// SPDX-License-Identifier: Apache-2.0
import { isIP, isIPv6 } from 'node:net';

/** Ends of bare names that are taken for hosts; those that are also file suffixes (`sh`, `py`, `rs` …) count only in addresses. */
const publicEnds =
  'com net org io dev app co ai xyz top info biz online site cloud gg ru cn su de uk fr nl pw tk ml ws click live store tech us eu tv edu gov local internal onion invalid test example';
/** Begins a name; `part + '.x.end'` and `$part.x.end` leave a dot before what is constant of it. */
const begin = String.raw`(?:(?<![\w@/.$%-])|(?<=(?:^|["'\s}])\.|\$\{?\w+\}?\.))`;
const bareHost = new RegExp(
  String.raw`${begin}((?:[a-z0-9_-]+\.)+(?:${publicEnds.split(' ').join('|')}))(?![\w(.-])`,
  'gi',
);
const address = /\b[a-z][a-z0-9+.-]*:\/\/([^\s'"`<>\\/|;&,(){}]+)/gi;
const mail = /(?<![\w/])[\w.+-]+@((?:[a-z0-9-]+\.)+[a-z]{2,})/gi;
const dottedQuad = /(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])/g;
const sixLike = /(?<![\w:.])((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?![\w:])/gi;
/** Where a program or a command line says that what follows is a host, whatever its end: `host: 'x.y'`, `connect(80, 'x.y')`. */
const stated =
  /\b(?:host(?:name)?['"]?\s*[:=]\s*|(?:connect|createConnection)\(\s*\d+\s*,\s*|(?:lookup|resolve\w*|WebSocket)\(\s*)['"]([\w.-]+\.[a-z][\w-]+)['"]/gi;
const argument =
  /\b(?:curl|wget|nc|ncat|telnet|ssh|ping|getent hosts|nslookup|dig)\s(?:[^\n|;&]*?\s)?["']?(?:[\w-]+@)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?=[\s"'/:]|$)/gim;
const device = /\/dev\/(?:tcp|udp)\/([^/\s]+)/g;

/** Hosts that a text names, in any of the spellings a program would accept. */
export function hostsIn(text: string): string[] {
  const found: string[] = [];
  for (const [, authority = ''] of text.matchAll(address)) {
    const host = authority.replace(/^.*@/, '').replace(/[\])]*$/, (end) => (end.startsWith(']') ? ']' : ''));
    const canonical = canonicalHost(host);
    if (canonical !== undefined) found.push(canonical);
  }
  for (const pattern of [bareHost, mail, dottedQuad, stated, argument, device]) {
    for (const [, host = ''] of text.matchAll(pattern)) found.push(host.toLowerCase());
  }
  for (const [, host = ''] of text.matchAll(sixLike)) if (isIPv6(host)) found.push(host.toLowerCase());
  return [...new Set(found)];
}

/**
 * A host as the URL parser of every client reads it: `2852039166` and `0xa9fea9fe` are addresses. `undefined` for what holds
 * no host: a shell variable (what it holds is read where it is set) or a piece that the next string completes.
 */
function canonicalHost(host: string): string | undefined {
  const name = host.replace(/:\d*$/, '');
  if (name === '' || /[$*%{]/.test(name)) return undefined;
  if (!/[.[]/.test(name) && !/^(?:\d+|0x[0-9a-f]+)$/i.test(name) && name.length < 3) return undefined;
  try {
    return new URL(`http://${name}/`).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return name;
  }
}

/** Hosts that cannot exist (RFC 6761, RFC 2606), documentation addresses (RFC 5737, RFC 3849), and this machine. */
export function isHarmless(host: string): boolean {
  if (isIP(host) === 4) return /^(?:127\.|0\.0\.0\.0$|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)/.test(host);
  if (isIPv6(host)) return /^(?:::1?$|2001:0?db8:)/i.test(host);
  return host === 'localhost' || /(?:^|\.)(?:invalid|test|example)$/.test(host);
}

/** What a row is about and cannot be shown without: named for these rows only. */
const rowHosts: Record<string, readonly string[]> = {
  B19: ['169.254.169.254', 'kubernetes.default.svc'],
  G19: ['169.254.169.254'],
};

export function isAllowedHost(host: string, row: string): boolean {
  return isHarmless(host) || (rowHosts[row] ?? []).includes(host);
}
