import type { TraceEvent } from '@assay/kernel';
import type { TracedProcess } from './process.ts';

/** Who is behind a connection of the sinkhole, as far as the tracer can tell. */
export interface Party {
  process: TracedProcess;
  /** `net.connect` event of the connection. */
  connect: TraceEvent;
  host: string | undefined;
  ip: string;
  port: number;
  egress: NonNullable<TraceEvent['egress']>;
  /** No call of any process explains it; `process` is a guess. */
  inferred: boolean;
}

const maxEntries = 8192;

/** Connections of the sinkhole by number and by source port, and the name that each address was handed out for. */
export class PartyBook {
  readonly #byConnection = new Map<number, Party>();
  readonly #bySourcePort = new Map<number, Party>();
  readonly #hosts = new Map<string, string>();

  add(connection: number, sourcePort: number, party: Party): void {
    put(this.#byConnection, connection, party);
    put(this.#bySourcePort, sourcePort, party);
  }

  byConnection(connection: number): Party | undefined {
    return this.#byConnection.get(connection);
  }

  bySourcePort(port: number): Party | undefined {
    return this.#bySourcePort.get(port);
  }

  named(ip: string, host: string): void {
    put(this.#hosts, ip, host);
  }

  /** The phase is over. */
  release(): void {
    for (const entries of [this.#byConnection, this.#bySourcePort, this.#hosts]) entries.clear();
  }

  hostOf(ip: string): string | undefined {
    return this.#hosts.get(ip);
  }
}

/** Puts an entry into a map of bounded size, forgetting the oldest one of a full map. */
function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  const oldest = map.keys().next().value;
  if (map.size >= maxEntries && oldest !== undefined && !map.has(key)) map.delete(oldest);
  map.set(key, value);
}
