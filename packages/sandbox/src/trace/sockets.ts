import { type Address, parseAddress } from './address.ts';
import type { Call } from './call.ts';
import type { TracedProcess } from './process.ts';

/** A socket by its inode, which is unique on the machine as long as it is open. */
export interface SocketInfo {
  family: 'inet' | 'unix' | 'packet' | 'vsock' | 'netlink' | 'other';
  kind: 'tcp' | 'udp' | 'icmp' | 'raw' | 'other';
  local?: Address;
  remote?: Address;
}

const maxSockets = 16_384;

/** Sockets of one phase by inode, so that a descriptor is known in whichever process it turns up. */
export class SocketTable {
  readonly #sockets = new Map<string, SocketInfo>();

  /** Socket behind a descriptor argument; undefined for anything that is no socket we saw being made. */
  at(call: Call, index: number): SocketInfo | undefined {
    const name = call.fdPath(index);
    return name === undefined ? undefined : this.#sockets.get(name);
  }

  /** `socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 16<socket:[12345]>`. */
  made(call: Call): SocketInfo {
    const info: SocketInfo = { family: familyOf(call.raw(0)), kind: kindOf(call.raw(0), call.raw(1), call.raw(2)) };
    if (call.ok) this.#add(call.retPath(), info);
    return info;
  }

  /** `accept4(3<socket:[1]>, {sa_family=AF_INET, …}, [16], 0) = 4<socket:[2]>`. */
  accepted(call: Call): void {
    const listener = this.at(call, 0);
    if (!call.ok || listener === undefined) return;
    const remote = parseAddress(call.raw(1));
    this.#add(call.retPath(), {
      family: listener.family,
      kind: listener.kind,
      ...(remote === undefined ? {} : { remote }),
    });
  }

  /** A descriptor was duplicated onto 0, 1 or 2: remembers whether it is a network connection. */
  duplicated(call: Call, process: TracedProcess): void {
    const target = call.ret;
    if (target !== 0 && target !== 1 && target !== 2) return;
    const name = call.fdPath(0);
    const info = this.at(call, 0);
    process.stdio[target] = info?.family === 'inet' && info.kind === 'tcp' ? name : undefined;
  }

  /** The phase is over. */
  release(): void {
    this.#sockets.clear();
  }

  #add(name: string | undefined, info: SocketInfo): void {
    if (name === undefined) return;
    this.#sockets.set(name, info);
    const oldest = this.#sockets.keys().next().value;
    if (this.#sockets.size > maxSockets && oldest !== undefined) this.#sockets.delete(oldest);
  }
}

function familyOf(domain: string): SocketInfo['family'] {
  if (domain === 'AF_INET' || domain === 'AF_INET6') return 'inet';
  if (domain === 'AF_UNIX') return 'unix';
  if (domain === 'AF_PACKET') return 'packet';
  if (domain === 'AF_VSOCK') return 'vsock';
  return domain === 'AF_NETLINK' ? 'netlink' : 'other';
}

function kindOf(domain: string, type: string, protocol: string): SocketInfo['kind'] {
  if (protocol.includes('ICMP')) return 'icmp';
  if (type.startsWith('SOCK_RAW') || domain === 'AF_PACKET') return 'raw';
  if (domain !== 'AF_INET' && domain !== 'AF_INET6') return 'other';
  return type.startsWith('SOCK_STREAM') ? 'tcp' : type.startsWith('SOCK_DGRAM') ? 'udp' : 'other';
}
