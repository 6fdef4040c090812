import type { TraceEvent } from '@assay/kernel';
import type { CanaryHit } from '../channels.ts';

type Seen = Pick<TraceEvent, 'run' | 'phase' | 'process'> & { event: string };
type Protocol = NonNullable<TraceEvent['protocol']>;
type Egress = NonNullable<TraceEvent['egress']>;

/** One request as the sinkhole saw it; members of `network.requests` of the report, and what rules want to know besides. */
export interface NetworkRequest extends Seen {
  t_ms: number;
  scheme: string;
  host: string;
  sni?: string;
  ip: string;
  port: number;
  method?: string;
  path?: string;
  body_bytes?: number;
  body_sha256?: string;
  canary_hits: CanaryHit[];
  response?: { profile: string; status: number; bytes: number };
  decrypted: boolean;
  egress: Egress;
  /** Not part of the report. */
  response_sha256?: string;
  /** Not part of the report: first bytes of the answer, base64. */
  response_head?: string;
  /** Not part of the report; decoy values masked. */
  headers?: Record<string, string>;
}

/** Folded per (process, name); `event` is the first one. */
export interface DnsLookup extends Seen {
  host: string;
  types: string[];
  count: number;
}

/** Folded per (process, protocol, address, port); `event` is the first one. */
export interface Connection extends Seen {
  protocol: Protocol;
  host?: string;
  ip: string;
  port: number;
  egress?: Egress;
  count: number;
}

export type Listener = Omit<Connection, 'host' | 'egress'>;

export interface Network {
  requests: NetworkRequest[];
  dns: DnsLookup[];
  connections: Connection[];
  listeners: Listener[];
}

const maxRows = 1000;

/** The lists of `network` of the report, bounded; requests that carried a decoy are kept before all others. */
export class NetworkLedger {
  readonly #requests: NetworkRequest[] = [];
  readonly #dns = new Map<string, DnsLookup>();
  readonly #connections = new Map<string, Connection>();
  readonly #listeners = new Map<string, Listener>();
  readonly #missed = { requests: 0, dns: 0, connections: 0, listeners: 0 };

  request(request: NetworkRequest): void {
    if (this.#requests.length < maxRows) {
      this.#requests.push(request);
      return;
    }
    this.#missed.requests += 1;
    if (request.canary_hits.length === 0) return;
    const worthless = this.#requests.findLastIndex((kept) => kept.canary_hits.length === 0);
    if (worthless >= 0) this.#requests.splice(worthless, 1, request);
  }

  lookup(event: TraceEvent, host: string, type: string): void {
    const row = fold(this.#dns, `${event.process} ${host}`, () => ({ ...seen(event), host, types: [], count: 0 }));
    if (row === undefined) this.#missed.dns += 1;
    else {
      row.count += 1;
      if (!row.types.includes(type) && row.types.length < 20) row.types.push(type);
    }
  }

  connection(event: TraceEvent): void {
    const { protocol = 'tcp', ip, port, host, egress } = event;
    if (ip === undefined || port === undefined) return;
    const row = fold(this.#connections, `${event.process} ${protocol} ${ip} ${port}`, () => ({
      ...seen(event),
      protocol,
      ip,
      port,
      ...(host === undefined ? {} : { host }),
      ...(egress === undefined ? {} : { egress }),
      count: 0,
    }));
    if (row === undefined) this.#missed.connections += 1;
    else row.count += 1;
  }

  listener(event: TraceEvent): void {
    const { protocol = 'tcp', ip, port } = event;
    if (ip === undefined || port === undefined) return;
    const row = fold(this.#listeners, `${event.process} ${protocol} ${ip} ${port}`, () => ({
      ...seen(event),
      protocol,
      ip,
      port,
      count: 0,
    }));
    if (row === undefined) this.#missed.listeners += 1;
    else row.count += 1;
  }

  network(): Network {
    return {
      requests: [...this.#requests].sort((a, b) => a.t_ms - b.t_ms),
      dns: [...this.#dns.values()],
      connections: [...this.#connections.values()],
      listeners: [...this.#listeners.values()],
    };
  }

  truncation(): { field: keyof Network; kept: number; total: number }[] {
    const network = this.network();
    return (['requests', 'dns', 'connections', 'listeners'] as const)
      .filter((field) => this.#missed[field] > 0)
      .map((field) => ({ field, kept: network[field].length, total: network[field].length + this.#missed[field] }));
  }
}

function seen({ id, run, phase, process }: TraceEvent): Seen {
  return { event: id, run, phase, process };
}

function fold<Row>(rows: Map<string, Row>, key: string, make: () => Row): Row | undefined {
  const known = rows.get(key);
  if (known !== undefined) return known;
  if (rows.size >= maxRows) return undefined;
  const row = make();
  rows.set(key, row);
  return row;
}
