import { crypto } from './builtins.ts';

/** Addresses that a name has. */
export type Addresses = { v4: string; v6: string };

/** First address and size of the benchmarking range (RFC 2544 §C.2.2): no service in the world has one of them. */
const pool = { first: 0xc6120000, size: 0x20000 };

/** A unique local prefix (RFC 4193); the last 32 bits repeat the IPv4 address. */
const v6Prefix = 'fd5a:51c0:7e1:1::';

/** Names that have an address of their own everywhere. */
const fixed: Readonly<Record<string, Addresses>> = {
  localhost: { v4: '127.0.0.1', v6: '::1' },
  'metadata.google.internal': { v4: '169.254.169.254', v6: 'fd00:ec2::254' },
  metadata: { v4: '169.254.169.254', v6: 'fd00:ec2::254' },
  'instance-data': { v4: '169.254.169.254', v6: 'fd00:ec2::254' },
  'instance-data.ec2.internal': { v4: '169.254.169.254', v6: 'fd00:ec2::254' },
};

/**
 * Gives every name its own address, the same in each run (unless two names collide), and knows the name of an address: so a
 * connection says which name it was meant for.
 *
 * *Units:* at most `maxNames` names; later ones share the last address.
 */
export class NameTable {
  readonly #byName = new Map<string, Addresses>();
  readonly #byAddress = new Map<string, string>();
  readonly #maxNames: number;

  constructor(maxNames = 60_000) {
    this.#maxNames = maxNames;
  }

  addressesOf(name: string): Addresses {
    const key = name.toLowerCase().replace(/\.$/, '');
    const known = fixed[key] ?? this.#byName.get(key);
    if (known !== undefined) return known;
    if (key.endsWith('.localhost')) return fixed.localhost!;
    if (this.#byName.size >= this.#maxNames) return toAddresses(pool.first + pool.size - 2);
    const addresses = this.#free(key);
    this.#byName.set(key, addresses);
    this.#byAddress.set(addresses.v4, key);
    this.#byAddress.set(addresses.v6, key);
    return addresses;
  }

  nameOf(address: string): string | undefined {
    return this.#byAddress.get(address);
  }

  /** The address that the name's digest points at, or the next free one. */
  #free(name: string): Addresses {
    const digest = crypto().createHash('sha256').update(name).digest();
    for (let step = 0; ; step++) {
      const offset = (digest.readUInt32BE(0) + step) % (pool.size - 2);
      // .0 and .255 look like network and broadcast addresses, and some clients refuse them.
      if ((offset & 0xff) === 0 || (offset & 0xff) === 0xff) continue;
      const addresses = toAddresses(pool.first + offset);
      if (!this.#byAddress.has(addresses.v4)) return addresses;
    }
  }
}

function toAddresses(number: number): Addresses {
  const v4 = [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
  return { v4, v6: `${v6Prefix}${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}` };
}

/** `::ffff:192.0.2.1` → `192.0.2.1`; a zone is dropped. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
