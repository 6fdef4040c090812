import type { CanaryHit } from '../channels.ts';
import type { CanarySearch } from '../decoys/canary-search.ts';
import { type ChunkJoiner, piecesOfName } from '../decoys/chunk-joiner.ts';
import {
  type DnsAnswer,
  type DnsQuery,
  encodeFormatError,
  encodeName,
  encodeResponse,
  parseQuery,
  type Rcode,
} from './dns-wire.ts';
import type { NameTable } from './names.ts';
import { now, type Recorder } from './recorder.ts';

const ttlSeconds = 60;

export type DnsOptions = {
  names: NameTable;
  search: CanarySearch;
  joiner: ChunkJoiner;
  recorder: Recorder;
  ipv6: boolean;
  /** Address that a TXT record hands out. */
  planted: string | undefined;
  /** Names of mirrors: not searched, since every install asks for them, and reached over IPv4 alone. */
  trusted: ReadonlySet<string>;
};

/** Answers every question that has an answer somewhere in the world, and records it. */
export class DnsAnswerer {
  readonly #options: DnsOptions;

  constructor(options: DnsOptions) {
    this.#options = options;
  }

  /** The answer message; `undefined` when the bytes deserve none. Never throws. */
  answer(message: Uint8Array, from: { sourcePort: number; transport: 'udp' | 'tcp' | 'https' }): Buffer | undefined {
    const at = now();
    const query = parseQuery(message);
    if (query === undefined) {
      this.#options.recorder.limit(
        'dns',
        'bytes that are no DNS query were sent to the name server; they were answered FORMERR',
      );
      return encodeFormatError(message);
    }
    const { rcode, answers, address } = this.#resolve(query);
    this.#options.recorder.emit({
      kind: 'dns',
      at,
      name: query.name,
      type: query.type,
      rcode,
      ...(address === undefined ? {} : { address }),
      ...from,
      canaryHits: this.#hits(query),
    });
    return encodeResponse(query, rcode, answers);
  }

  #resolve({ name, type }: DnsQuery): { rcode: Rcode; answers: DnsAnswer[]; address?: string } {
    const { names, planted, trusted } = this.#options;
    const key = name.toLowerCase();
    // One address of a mirror can be listened on when nothing else may be; the kernel lets us bind only IPv4 ones.
    const ipv6 = this.#options.ipv6 && !trusted.has(key);
    const reverse = addressOfReverseName(key);
    if (reverse !== undefined) {
      const known = names.nameOf(reverse) ?? (reverse.startsWith('127.') ? 'localhost' : undefined);
      if (known === undefined) return { rcode: 'NXDOMAIN', answers: [] };
      const answers = type === 'PTR' || type === 'ANY' ? [record('PTR', encodeName(known))] : [];
      return { rcode: 'NOERROR', answers };
    }
    // One label, or a name that only a local network knows, exists nowhere: a real resolver says so, too.
    const isLocal =
      !key.includes('.') && key !== 'localhost' && !key.startsWith('metadata') && !key.startsWith('instance-data');
    if (key === '' || isLocal || key.endsWith('.local') || key.endsWith('.lan'))
      return { rcode: 'NXDOMAIN', answers: [] };
    const { v4, v6 } = names.addressesOf(name);
    const a = record('A', Uint8Array.from(v4.split('.'), Number));
    const aaaa = record('AAAA', v6Bytes(v6));
    const mail = record('MX', Buffer.concat([Buffer.from([0, 10]), encodeName(`mail.${key}`)]));
    const texts = ['v=spf1 -all', ...(planted === undefined ? [] : [`url=${planted}`])].map((text) =>
      record(
        'TXT',
        Buffer.concat([Buffer.from([Math.min(255, text.length)]), Buffer.from(text, 'latin1').subarray(0, 255)]),
      ),
    );
    switch (type) {
      case 'A':
        return { rcode: 'NOERROR', answers: [a], address: v4 };
      case 'AAAA':
        return ipv6 ? { rcode: 'NOERROR', answers: [aaaa], address: v6 } : { rcode: 'NOERROR', answers: [] };
      case 'TXT':
        return { rcode: 'NOERROR', answers: texts };
      case 'MX':
        return { rcode: 'NOERROR', answers: [mail] };
      case 'NS':
        return { rcode: 'NOERROR', answers: [record('NS', encodeName(`ns1.${key}`))] };
      case 'SRV': {
        const service = key.replace(/^(_[^.]+\.)+/, '');
        return {
          rcode: 'NOERROR',
          answers: [record('SRV', Buffer.concat([Buffer.from([0, 0, 0, 0, 1, 187]), encodeName(service)]))],
        };
      }
      case 'SOA':
        return { rcode: 'NOERROR', answers: [record('SOA', startOfAuthority(key))] };
      case 'ANY':
        return { rcode: 'NOERROR', answers: [a, ...(ipv6 ? [aaaa] : []), ...texts, mail], address: v4 };
      default:
        return { rcode: 'NOERROR', answers: [] };
    }
  }

  #hits({ name, labels }: DnsQuery): CanaryHit[] {
    if (this.#options.trusted.has(name.toLowerCase())) return [];
    const { search, joiner } = this.#options;
    const raw = labels.map((label) => Buffer.from(label).toString('latin1')).join('.');
    const hits = search.findName(raw, 'dns');
    return hits.length > 0 ? hits : piecesOfName(raw).flatMap((piece) => joiner.add(piece, 'dns'));
  }
}

function record(type: DnsAnswer['type'], data: Uint8Array): DnsAnswer {
  return { type, data, ttl: ttlSeconds };
}

function startOfAuthority(zone: string): Buffer {
  const numbers = Buffer.alloc(20);
  for (const [index, value] of [2026030101, 7200, 3600, 1209600, 300].entries())
    numbers.writeUInt32BE(value, index * 4);
  return Buffer.concat([encodeName(`ns1.${zone}`), encodeName(`hostmaster.${zone}`), numbers]);
}

/** `7.113.0.203.in-addr.arpa` → `203.0.113.7`; the same for `ip6.arpa`. */
function addressOfReverseName(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa')) return name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.');
  if (!name.endsWith('.ip6.arpa')) return undefined;
  const digits = name.slice(0, -'.ip6.arpa'.length).split('.').reverse().join('');
  const groups = (digits.match(/.{1,4}/g) ?? []).map((group) => group.replace(/^0+(?=.)/, ''));
  return groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::');
}

/** Bytes of an address written with one `::` or in full. */
function v6Bytes(address: string): Uint8Array {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [groups(head), groups(tail)];
  const all = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
