import { CanarySearch } from '../decoys/canary-search.ts';
import { ChunkJoiner } from '../decoys/chunk-joiner.ts';
import { Acceptor } from './acceptor.ts';
import type { SinkholeConfig } from './config.ts';
import { DnsAnswerer } from './dns.ts';
import { answerMarker } from './marker.ts';
import { createNameServer } from './name-server.ts';
import { isLoopback, NameTable } from './names.ts';
import { type Door, listedDoors, listedUdpPorts, redirectedDoors } from './ports.ts';
import { Recorder } from './recorder.ts';
import { installRules, redirectRules } from './redirect.ts';
import type { Runtime } from './runtime.ts';
import { UdpDesk } from './udp.ts';

const graceMs = 1500;

/** Where to listen. In a namespace of its own: everywhere (`namespace`); in tests: at given doors of one address. */
export type Placement =
  | 'namespace'
  | { host: string; doors: readonly Door[]; udp?: readonly Door[]; namesPort: number };

export type Sinkhole = {
  /** Opened doors with their actual ports. */
  doors: Door[];
  udpDoors: Door[];
  /** Port of the name server. */
  namesPort: number;
  /** Stops listening, records what is left, resolves when all is written; the same promise each time. */
  close(): Promise<void>;
};

/**
 * Starts the sinkhole; the `ready` record has been written when this resolves.
 *
 * *Errors:* throws when the name server's port cannot be had: a sandbox without names would look like one without a network.
 */
export async function startSinkhole(
  config: SinkholeConfig,
  write: (line: string) => void,
  placement: Placement,
): Promise<Sinkhole> {
  const runtime = runtimeOf(config, write);
  const udp = new UdpDesk(runtime);
  const everywhere = placement === 'namespace';
  const host = everywhere ? wildcardOf(config) : placement.host;
  const namesPort = everywhere ? 53 : placement.namesPort;
  const redirected = everywhere && config.egress === 'sinkhole' ? await redirect(config) : undefined;
  const acceptor = new Acceptor(runtime, { refuseLoopback: everywhere });
  const names = createNameServer(runtime.dns);
  const udpNames = udp.listenForNames(namesPort, host);
  const tcpNames = new Promise<number | undefined>((resolve) => {
    names.once('error', () => resolve(undefined));
    names.listen({ port: everywhere ? namesPort : 0, host }, () => resolve((names.address() as { port: number }).port));
  });
  const doors = await openDoors(acceptor, runtime, placement, redirected);
  const udpDoors = await udp.listen(udpDoorsOf(config, placement, redirected), host);
  const boundNames = await udpNames;
  if (boundNames === undefined || (await tcpNames) === undefined)
    throw new Error(`no name server: port ${namesPort} is not to be had`);
  const close = async () => {
    names.close();
    await Promise.all([acceptor.close(graceMs), udp.close()]);
    runtime.recorder.end();
  };
  let closing: Promise<void> | undefined;
  runtime.recorder.emit({ kind: 'ready', ports: doors.length, anyPort: redirected !== undefined });
  return {
    doors,
    udpDoors,
    namesPort: boundNames,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function runtimeOf(config: SinkholeConfig, write: (line: string) => void): Runtime {
  const recorder = new Recorder(write, config.limits.records);
  const names = new NameTable();
  const search = new CanarySearch(config.canaries);
  const joiner = new ChunkJoiner(search);
  const dns = new DnsAnswerer({
    names,
    search,
    joiner,
    recorder,
    ipv6: config.ipv6,
    planted: config.planted[0],
    trusted: new Set(config.mirrors.map(({ host }) => host)),
  });
  const world = {
    marker: `${answerMarker} ${config.run.replace(/[^A-Za-z0-9._-]/g, '')}`,
    planted: config.planted,
    identity: config.identity,
    geo: config.geo,
    metadata: config.canaries.filter(({ kind }) => kind === 'cloud_metadata').map(({ value }) => value),
    responses: config.responses,
  };
  return { config, recorder, names, search, joiner, dns, world };
}

/** Doors behind packet rules; `undefined` when the kernel or the program does not let us. */
async function redirect(config: SinkholeConfig): Promise<{ doors: Door[]; catchAll: Door } | undefined> {
  if (config.nft === null) return undefined;
  const plan = redirectedDoors([...config.ports, ...config.mirrors.map(({ port }) => port)]);
  return (await installRules(config.nft, redirectRules(plan.doors, plan.catchAll, config.ipv6))) ? plan : undefined;
}

async function openDoors(
  acceptor: Acceptor,
  { config, names }: Runtime,
  placement: Placement,
  redirected: { doors: Door[]; catchAll: Door } | undefined,
): Promise<Door[]> {
  if (placement !== 'namespace') return acceptor.listen(placement.doors, placement.host);
  // A registry on the machine itself is reached over loopback, which is not redirected.
  const local = config.mirrors.filter(({ host }) => host === 'localhost' || isLoopback(host));
  const localDoors = local.flatMap(({ host, port }) =>
    (host === 'localhost' ? ['127.0.0.1', ...(config.ipv6 ? ['::1'] : [])] : [host]).map((address) =>
      acceptor.listen([{ port, listen: port }], address),
    ),
  );
  const remote = config.mirrors.filter((mirror) => !local.includes(mirror));
  let others: Promise<Door[]>[];
  if (config.egress === 'blocked') {
    // Only the mirrors' own addresses have an open port: every other connection is refused by the kernel, as by a firewall.
    others = remote.map(({ host, port }) => acceptor.listen([{ port, listen: port }], names.addressesOf(host).v4));
  } else if (redirected !== undefined) {
    others = [acceptor.listen([...redirected.doors, redirected.catchAll], wildcardOf(config))];
  } else {
    const taken = new Set(local.map(({ port }) => port));
    const doors = listedDoors([...config.ports, ...remote.map(({ port }) => port)]).filter(
      ({ port }) => !taken.has(port),
    );
    others = [acceptor.listen(doors, wildcardOf(config))];
  }
  return (await Promise.all([...localDoors, ...others])).flat();
}

/** `::` takes IPv4, too. */
function wildcardOf({ ipv6 }: SinkholeConfig): string {
  return ipv6 ? '::' : '0.0.0.0';
}

function udpDoorsOf(
  config: SinkholeConfig,
  placement: Placement,
  redirected: { catchAll: Door } | undefined,
): readonly Door[] {
  if (placement !== 'namespace') return placement.udp ?? [];
  if (config.egress === 'blocked') return [];
  return redirected === undefined ? listedUdpPorts.map((port) => ({ port, listen: port })) : [redirected.catchAll];
}
