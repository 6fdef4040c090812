import type { EventType, Phase, RunId, TraceEvent } from '@assay/kernel';
import type { Connection, DnsLookup, NetworkRequest, ProcessNode } from '../schema/trace.ts';

type Details = Partial<Omit<TraceEvent, 'id' | 'run' | 'phase' | 't_ms' | 'process' | 'type'>>;

/**
 * Records one made-up run after another for sample reports: ids are given in order, time only goes forward within a run.
 */
export class Tape {
  readonly events: TraceEvent[] = [];
  readonly nodes: Record<string, ProcessNode> = {};
  readonly roots: string[] = [];
  readonly requests: NetworkRequest[] = [];
  readonly dns: DnsLookup[] = [];
  readonly connections: Connection[] = [];
  #run: RunId = 'r0';
  #phase: Phase = 'install';
  #now = 0;

  /** Starts a run or a phase; time goes on within a run and begins anew with the next. */
  at(run: RunId, phase: Phase): this {
    if (run !== this.#run) this.#now = 0;
    this.#run = run;
    this.#phase = phase;
    return this;
  }

  wait(ms: number): this {
    this.#now += ms;
    return this;
  }

  /** Adds an event and returns its id. */
  add(process: string, type: EventType, details: Details = {}): string {
    const id = `e${this.events.length + 1}`;
    const placed = { id, run: this.#run, phase: this.#phase, t_ms: this.#now, process, type };
    this.events.push({ ...placed, outcome: 'ok', ...details });
    this.#now += 3;
    return id;
  }

  /** Starts a process and returns its key. */
  start(parent: string | undefined, argv: string[], more: Partial<ProcessNode> = {}): string {
    const key = `p${Object.keys(this.nodes).length + 1}`;
    const name = argv[0]?.split('/').at(-1) ?? 'node';
    if (parent === undefined) this.roots.push(key);
    this.nodes[key] = {
      key,
      pid: 10 + Object.keys(this.nodes).length,
      ...(parent === undefined ? {} : { parent_key: parent }),
      process_name: name,
      executable_path: `/usr/bin/${name}`,
      argv,
      pwd: '{pkg}',
      run: this.#run,
      phase: this.#phase,
      toolchain: false,
      start_ms: this.#now,
      ...more,
    };
    return key;
  }

  /** Starts a process with its `process.exec` event; returns both ids. */
  exec(parent: string | undefined, argv: string[], more: Partial<ProcessNode> = {}): { key: string; event: string } {
    const key = this.start(parent, argv, more);
    return { key, event: this.add(key, 'process.exec', { argv }) };
  }

  end(key: string, exitCode = 0): void {
    this.add(key, 'process.exit', { exit_code: exitCode });
    const node = this.nodes[key];
    if (node !== undefined) this.nodes[key] = { ...node, exit_ms: this.#now, exit_code: exitCode };
  }

  /** A name looked up, a connection made and a request answered; returns the request's event. */
  request(process: string, host: string, more: Partial<NetworkRequest> = {}): string {
    const ip = `10.99.0.${(host.length % 250) + 1}`;
    const seen = { run: this.#run, phase: this.#phase, process };
    const egress = more.egress ?? 'sinkhole';
    const lookup = this.add(process, 'net.dns', { host, query_type: 'A' });
    this.dns.push({ event: lookup, ...seen, host, types: ['A', 'AAAA'], count: 1 });
    const outcome = egress === 'blocked' ? 'denied' : 'ok';
    const connect = this.add(process, 'net.connect', { host, ip, port: 443, protocol: 'tcp', egress, outcome });
    this.connections.push({ event: connect, ...seen, protocol: 'tcp', host, ip, port: 443, egress, count: 1 });
    const { method = 'GET', path = '/', body_bytes } = more;
    const event = this.add(process, 'net.http', {
      host,
      ip,
      port: 443,
      scheme: 'https',
      method,
      url_path: path,
      egress,
      outcome,
      ...(body_bytes === undefined ? {} : { bytes: body_bytes }),
    });
    this.requests.push({
      event,
      ...seen,
      t_ms: this.#now - 3,
      scheme: 'https',
      host,
      sni: host,
      ip,
      port: 443,
      method,
      path,
      canary_hits: [],
      ...(egress === 'blocked' ? {} : { response: { profile: 'generic-200', status: 200, bytes: 2 } }),
      decrypted: true,
      egress,
      ...more,
    });
    return event;
  }
}
