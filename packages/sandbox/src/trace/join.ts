import type { TraceEvent } from '@assay/kernel';
import type { CanaryHit, SinkholeRecord } from '../channels.ts';
import { isLoopback, plainIp } from './address.ts';
import type { Contact } from './contacts.ts';
import type { EventDraft, Worth } from './keeper.ts';
import type { NetworkLedger } from './ledger.ts';
import type { NetworkWatch } from './network.ts';
import { type Party, PartyBook } from './parties.ts';
import type { TracedProcess } from './process.ts';
import { record, type Scene } from './scene.ts';

type Of<Kind extends SinkholeRecord['kind']> = Extract<SinkholeRecord, { kind: Kind }>;

const maxDetail = 160;
/** What a miner says first, e.g. `{"id":1,"method":"mining.subscribe","params":[]}`. Does not match `"method":"ping"`. */
const stratum = /"method"\s*:\s*"(mining\.(subscribe|authorize|extranonce\.subscribe)|login|eth_submitLogin)"/;

export interface JoinOptions {
  scene: Scene;
  ledger: NetworkLedger;
  /** Milliseconds since the epoch of a sinkhole time. */
  epochOf: (monotonicMs: number) => number;
  /** Whom to take for the author of traffic that no call explains. */
  suspect: () => TracedProcess | undefined;
}

/**
 * The sinkhole's half of the network, brought together with the tracer's: names, requests, TLS and decoy values get the
 * process whose call opened the connection.
 *
 * *Limits:* see {@link ContactQueue}; a DNS question is matched by its text, so that two processes asking the same thing at
 * the same moment may be exchanged. What no call explains goes to the last active process of package code and is marked
 * `attribution: inferred`.
 */
export class SinkholeJoin {
  readonly #options: JoinOptions;
  #watch: NetworkWatch | undefined;
  readonly #parties = new PartyBook();
  #unexplained = 0;

  constructor(options: JoinOptions) {
    this.#options = options;
  }

  /** The watch whose contacts are claimed; the two need each other. */
  attach(watch: NetworkWatch): void {
    this.#watch = watch;
  }

  /** Records that no process could be found for, not even by guess: the tracer had seen nothing at all. */
  get unexplained(): number {
    return this.#unexplained;
  }

  record(entry: SinkholeRecord): void {
    switch (entry.kind) {
      case 'dns':
        this.#dns(entry);
        break;
      case 'connection':
        this.#connection(entry);
        break;
      case 'tls':
        this.#tls(entry);
        break;
      case 'http':
        this.#http(entry);
        break;
      case 'raw':
        this.#raw(entry);
        break;
      case 'limit':
        this.#limit(entry);
        break;
      case 'ready':
      case 'close':
        break;
      default:
        entry satisfies never;
    }
  }

  /** Reports a contact that waits for no record any longer. */
  report(contact: Contact): void {
    const { process, at, ip, port, protocol, errno } = contact;
    const unanswered = errno === '' && !isLoopback(ip) && protocol === 'tcp';
    const outcome =
      errno === 'EACCES' || errno === 'EPERM'
        ? 'denied'
        : errno !== ''
          ? `error:${errno}`
          : unanswered
            ? 'error:UNANSWERED'
            : 'ok';
    contact.event = this.#connect(
      process,
      at,
      { ip, port, protocol, outcome, host: this.#parties.hostOf(ip) },
      'evidence',
    );
  }

  /** The phase is over: what still waits is reported without the sinkhole's word. */
  finish(): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    for (const contact of watch.contacts.rest()) {
      if (!contact.silent && contact.event === undefined) this.report(contact);
    }
    for (const { process, at, name, type } of watch.questions.splice(0)) {
      if (name === undefined) continue;
      const { scene, ledger } = this.#options;
      const host = scene.mask(name);
      scene.tables.name(host, type);
      const draft = { type: 'net.dns', outcome: 'error:UNANSWERED', host, query_type: type } as const;
      ledger.lookup(record(scene, process, at, draft, worthOf(process, undefined)), host, type);
    }
    this.#parties.release();
    watch.sockets.release();
  }

  #dns(entry: Of<'dns'>): void {
    const { scene, ledger } = this.#options;
    const plainName = entry.name.toLowerCase();
    if (entry.address !== undefined) this.#parties.named(plainIp(entry.address), plainName);
    const asked = this.#watch?.takeQuestion(plainName, entry.type)?.process;
    const process = asked ?? this.#parties.bySourcePort(entry.sourcePort)?.process ?? this.#guess();
    if (process === undefined) return;
    const host = scene.mask(plainName);
    scene.tables.name(host, entry.type);
    const event = this.#add(process, entry.at, asked === undefined, worthOf(process, undefined), {
      type: 'net.dns',
      outcome: entry.rcode === 'NOERROR' ? 'ok' : `error:${entry.rcode}`,
      host,
      query_type: entry.type,
      ...(entry.address === undefined ? {} : { ip: plainIp(entry.address) }),
    });
    ledger.lookup(event, host, entry.type);
    this.#egress(process, entry.at, event, entry.canaryHits, asked === undefined, { host });
  }

  #connection(entry: Of<'connection'>): void {
    const ip = plainIp(entry.ip);
    const contact = this.#watch?.contacts.claim(entry.protocol, ip, entry.port, this.#options.epochOf(entry.at));
    const process = contact?.process ?? this.#guess();
    if (process === undefined) return;
    const port = contact?.port ?? entry.port;
    const host = entry.host ?? this.#parties.hostOf(ip);
    const refused = entry.egress === 'blocked';
    const connect =
      contact?.event ??
      this.#connect(
        process,
        contact?.at ?? this.#options.epochOf(entry.at),
        {
          ip,
          port,
          protocol: entry.protocol,
          outcome: refused ? 'denied' : 'ok',
          host,
          egress: entry.egress,
          inferred: contact === undefined,
        },
        worthOf(process, entry.egress),
      );
    const party: Party = { process, connect, host, ip, port, egress: entry.egress, inferred: contact === undefined };
    this.#parties.add(entry.connection, entry.sourcePort, party);
  }

  #tls(entry: Of<'tls'>): void {
    const party = this.#party(entry.connection);
    if (party === undefined) return;
    const host = entry.sni ?? party.host;
    const event = this.#add(party.process, entry.at, party.inferred, worthOf(party.process, party.egress), {
      type: 'net.tls',
      outcome: entry.decrypted ? 'ok' : 'error:OPAQUE',
      ...(host === undefined ? {} : { host: this.#options.scene.mask(host) }),
      ip: party.ip,
      port: party.port,
      egress: party.egress,
      ...(entry.reason === undefined ? {} : { detail: entry.reason.slice(0, maxDetail) }),
    });
    if (entry.decrypted) return;
    const { id, run, phase, process, t_ms } = event;
    this.#options.ledger.request({
      event: id,
      run,
      phase,
      process,
      t_ms,
      scheme: 'https',
      host: this.#options.scene.mask(host ?? party.ip),
      ...(entry.sni === undefined ? {} : { sni: this.#options.scene.mask(entry.sni) }),
      ip: party.ip,
      port: party.port,
      canary_hits: [],
      decrypted: false,
      egress: party.egress,
    });
  }

  #http(entry: Of<'http'>): void {
    const { scene, ledger } = this.#options;
    const party = this.#party(entry.connection);
    const process = party?.process ?? this.#guess();
    if (process === undefined) return;
    const host = scene.mask(entry.host);
    const ip = plainIp(entry.ip);
    const port = party?.port ?? entry.port;
    const path = scene.mask(entry.path).slice(0, 512);
    const inferred = party?.inferred ?? true;
    const draft = {
      type: 'net.http',
      outcome: entry.egress === 'blocked' ? 'denied' : 'ok',
      host,
      ip,
      port,
      scheme: entry.scheme,
      method: entry.method.slice(0, 20),
      url_path: path,
      status: entry.response.status,
      bytes: entry.bodyBytes,
      egress: entry.egress,
    } as const;
    const event = this.#add(process, entry.at, inferred, worthOf(process, entry.egress), draft);
    if (entry.canaryHits.length > 0) scene.keeper.pin(event);
    const { profile, status, bytes, sha256, head } = entry.response;
    const { id, run, phase, t_ms } = event;
    ledger.request({
      event: id,
      run,
      phase,
      process: event.process,
      t_ms,
      scheme: entry.scheme,
      host,
      ...(entry.sni === undefined ? {} : { sni: scene.mask(entry.sni) }),
      ip,
      port,
      method: draft.method,
      path,
      body_bytes: entry.bodyBytes,
      body_sha256: entry.bodySha256,
      canary_hits: entry.canaryHits,
      response: { profile, status, bytes },
      decrypted: true,
      egress: entry.egress,
      response_sha256: sha256,
      ...(head === undefined ? {} : { response_head: head }),
      headers: Object.fromEntries(Object.entries(entry.headers).map(([name, value]) => [name, scene.mask(value)])),
    });
    this.#egress(process, entry.at, event, entry.canaryHits, inferred, { host, ip, port, egress: entry.egress });
  }

  /** Bytes outside HTTP: a second `net.connect` of the same connection says what was said first. */
  #raw(entry: Of<'raw'>): void {
    const party = this.#party(entry.connection);
    if (party === undefined || entry.bytes === 0) return;
    const { process, ip, port, egress, host, connect } = party;
    const head = Buffer.from(entry.head, 'base64').toString('latin1');
    const text = this.#options.scene
      .mask(head)
      .slice(0, maxDetail)
      .replace(/[^\x20-\x7e]/g, '.');
    const event = this.#add(process, entry.at, party.inferred, worthOf(process, egress), {
      type: 'net.connect',
      outcome: connect.outcome,
      ...(host === undefined ? {} : { host: this.#options.scene.mask(host) }),
      ip,
      port,
      ...(connect.protocol === undefined ? {} : { protocol: connect.protocol }),
      egress,
      bytes: entry.bytes,
      detail: stratum.test(head) ? 'stratum' : `sent: ${text}`,
    });
    this.#egress(process, entry.at, event, entry.canaryHits, party.inferred, {
      ip,
      port,
      egress,
      ...(host === undefined ? {} : { host }),
    });
  }

  #limit(entry: Of<'limit'>): void {
    const process = this.#options.scene.processes.root;
    if (process === undefined) return;
    const detail = `${entry.what}: ${entry.text}`.slice(0, 400);
    this.#add(process, entry.at, true, 'detail', { type: 'resource', outcome: 'ok', api: 'sinkhole', detail });
  }

  #egress(
    process: TracedProcess,
    at: number,
    request: TraceEvent,
    hits: readonly CanaryHit[],
    inferred: boolean,
    where: Pick<TraceEvent, 'host' | 'ip' | 'port' | 'egress'>,
  ): void {
    if (hits.length > 0) this.#options.scene.keeper.pin(request);
    for (const { canary, encoding, where: part } of hits) {
      const draft = {
        type: 'canary.egress',
        outcome: 'ok',
        canary,
        encoding,
        where: part,
        request: request.id,
        ...where,
      } as const;
      this.#add(process, at, inferred, 'evidence', draft);
    }
  }

  #connect(
    process: TracedProcess,
    at: number,
    what: {
      ip: string;
      port: number;
      protocol: Contact['protocol'];
      outcome: string;
      host: string | undefined;
      egress?: Party['egress'];
      inferred?: boolean;
    },
    worth: Worth,
  ): TraceEvent {
    const { scene, ledger } = this.#options;
    const host = what.host === undefined ? undefined : scene.mask(what.host);
    const event = record(
      scene,
      process,
      at,
      {
        type: 'net.connect',
        outcome: what.outcome,
        ...(host === undefined ? {} : { host }),
        ip: what.ip,
        port: what.port,
        protocol: what.protocol,
        ...(what.egress === undefined ? {} : { egress: what.egress }),
        ...(what.inferred === true ? { attribution: 'inferred' as const } : {}),
      },
      process.toolchain ? (worth === 'noise' ? 'noise' : 'detail') : isLoopback(what.ip) ? 'detail' : worth,
    );
    scene.tables.socket(what.ip, what.port, what.protocol, host);
    ledger.connection(event);
    return event;
  }

  #add(
    process: TracedProcess,
    at: number,
    inferred: boolean,
    worth: Worth,
    draft: Omit<EventDraft, 't_ms' | 'process'>,
  ): TraceEvent {
    const marked = inferred ? { ...draft, attribution: 'inferred' as const } : draft;
    return record(this.#options.scene, process, this.#options.epochOf(at), marked, worth);
  }

  #party(connection: number): Party | undefined {
    const party = this.#parties.byConnection(connection);
    if (party === undefined) this.#unexplained += 1;
    return party;
  }

  #guess(): TracedProcess | undefined {
    const process = this.#options.suspect();
    if (process === undefined) this.#unexplained += 1;
    return process;
  }
}

function worthOf(process: TracedProcess, egress: Party['egress'] | undefined): Worth {
  if (!process.toolchain) return 'evidence';
  return egress === 'mirror' || egress === undefined ? 'noise' : 'detail';
}
