import type { CanarySearch } from '../decoys/canary-search.ts';
import type { ChunkJoiner } from '../decoys/chunk-joiner.ts';
import type { World } from './answers.ts';
import type { Mirror, SinkholeConfig } from './config.ts';
import type { DnsAnswerer } from './dns.ts';
import { isLoopback, type NameTable } from './names.ts';
import type { Recorder } from './recorder.ts';

/** What every part of a running sinkhole shares. */
export type Runtime = {
  config: SinkholeConfig;
  recorder: Recorder;
  names: NameTable;
  search: CanarySearch;
  joiner: ChunkJoiner;
  dns: DnsAnswerer;
  world: World;
};

/** One accepted connection, or what runs inside it (TLS, a tunnel). */
export type Connection = {
  id: number;
  ip: string;
  /** As the package asked for it; 0 when only the tracer knows. */
  port: number;
  sourcePort: number;
  /** The name whose address was connected to, or that a tunnel was asked for. */
  host: string | undefined;
  secure: boolean;
  sni: string | undefined;
};

/** The mirror that stands for a destination. Ports 80 and 443 of a mirrored name count as its port. */
export function mirrorFor(
  mirrors: readonly Mirror[],
  { host, ip, port }: Pick<Connection, 'host' | 'ip' | 'port'>,
): Mirror | undefined {
  const own = mirrors.filter(
    (mirror) => mirror.host === host || mirror.host === ip || (mirror.host === 'localhost' && isLoopback(ip)),
  );
  const web = port === 80 || port === 443 ? own.find((mirror) => mirror.host === host && !isLoopback(ip)) : undefined;
  return own.find((mirror) => mirror.port === port) ?? web;
}
