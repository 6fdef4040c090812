import { parseQuery } from '../sinkhole/dns-wire.ts';
import { isLoopback, parseAddress } from './address.ts';
import type { Call } from './call.ts';
import { type Contact, ContactQueue } from './contacts.ts';
import type { Worth } from './keeper.ts';
import type { NetworkLedger } from './ledger.ts';
import type { TracedProcess } from './process.ts';
import { outcomeOf, record, type Scene } from './scene.ts';
import { type SocketInfo, SocketTable } from './sockets.ts';
import { bytesOfVectors, memberOf, membersOf } from './structure.ts';

const maxWaiting = 2000;
const dnsPort = 53;
/** Not failures: the connection is being made, or the call goes on after a signal. */
const underWay = new Set(['', 'EINPROGRESS', 'EALREADY', 'EINTR', 'EISCONN']);

/** A DNS question on its way to the name server. */
export interface Question {
  process: TracedProcess;
  at: number;
  /** As {@link parseQuery} writes it, lower case; undefined when only the connection was seen. */
  name: string | undefined;
  type: string;
}

/**
 * The tracer's half of the network: sockets, connects, listens, datagrams. What a connection was for comes from the sinkhole
 * ({@link SinkholeJoin}).
 */
export class NetworkWatch {
  readonly sockets = new SocketTable();
  readonly contacts = new ContactQueue(maxWaiting);
  /** Questions that no record of the sinkhole has answered yet, oldest first. */
  readonly questions: Question[] = [];
  readonly #scene: Scene;
  readonly #ledger: NetworkLedger;
  readonly #report: (contact: Contact) => void;
  /** Datagram targets already queued, per process. */
  readonly #datagrams = new Set<string>();

  /** `report` is called for contacts that wait no longer. */
  constructor(scene: Scene, ledger: NetworkLedger, report: (contact: Contact) => void) {
    this.#scene = scene;
    this.#ledger = ledger;
    this.#report = report;
  }

  /** Handles the call if it is one about sockets. */
  call(call: Call, process: TracedProcess): boolean {
    switch (call.name) {
      case 'socket':
        this.#socket(call, process);
        return true;
      case 'connect':
        this.#connect(call, process);
        return true;
      case 'bind':
        this.#bind(call, process);
        return true;
      case 'listen':
        if (call.ok) this.#listen(call, process, this.sockets.at(call, 0));
        return true;
      case 'accept':
      case 'accept4':
        this.sockets.accepted(call);
        return true;
      case 'sendto':
        this.#send(call, process, call.raw(4), () => call.bytes(1));
        return true;
      case 'sendmsg':
        this.#message(call, process, call.raw(1));
        return true;
      case 'sendmmsg':
        for (const message of membersOf(call.raw(1))) this.#message(call, process, memberOf(message, 'msg_hdr') ?? '');
        return true;
      case 'dup':
      case 'dup2':
      case 'dup3':
        if (call.ok) this.sockets.duplicated(call, process);
        return true;
      default:
        return false;
    }
  }

  /** The oldest waiting question that fits, taken out of the list. */
  takeQuestion(name: string, type: string): Question | undefined {
    let index = this.questions.findIndex((one) => one.name === name && one.type === type);
    if (index < 0) index = this.questions.findIndex((one) => one.name === undefined);
    return index < 0 ? undefined : this.questions.splice(index, 1)[0];
  }

  #socket(call: Call, process: TracedProcess): void {
    const { family, kind } = this.sockets.made(call);
    if (kind !== 'raw' && family !== 'vsock' && family !== 'packet') return;
    const draft = {
      type: 'net.connect',
      outcome: outcomeOf(call.errno),
      protocol: 'raw',
      api: 'socket',
      detail: call.raw(0),
    } as const;
    record(this.#scene, process, call.at, draft, 'evidence');
  }

  #connect(call: Call, process: TracedProcess): void {
    const address = parseAddress(call.raw(1));
    const socket = this.sockets.at(call, 0);
    if (address?.family === 'unix') {
      // Every look-up of a name or user tries the name service cache first.
      if (!address.path.endsWith('/nscd/socket')) this.#local(call, process, 'net.connect', address.path);
      return;
    }
    if (address?.family !== 'inet') return;
    const { ip, port } = address;
    if (socket !== undefined) socket.remote = address;
    if (socket?.kind === 'udp' || socket?.kind === 'icmp') {
      if (port === dnsPort) this.#ask({ process, at: call.at, name: undefined, type: '' });
      else this.#wait({ process, at: call.at, ip, port, protocol: 'udp', errno: call.errno, silent: true });
      return;
    }
    if (port === dnsPort && this.#scene.resolvers.has(ip)) return;
    const contact: Contact = { process, at: call.at, ip, port, protocol: 'tcp', errno: call.errno, silent: false };
    if (underWay.has(call.errno)) contact.errno = '';
    // Nothing of the sinkhole will add to a refusal, or to a talk of the package with itself.
    if (contact.errno !== '' || isLoopback(ip)) this.#report(contact);
    if (contact.errno === '') this.#wait(contact);
  }

  #bind(call: Call, process: TracedProcess): void {
    const socket = this.sockets.at(call, 0);
    const local = parseAddress(call.raw(1));
    if (socket === undefined || local === undefined || !call.ok) return;
    socket.local = local;
    if (socket.kind === 'udp' && local.family === 'inet' && local.port !== 0) this.#listen(call, process, socket);
  }

  #listen(call: Call, process: TracedProcess, socket: SocketInfo | undefined): void {
    const { local } = socket ?? {};
    if (local?.family === 'unix') {
      this.#local(call, process, 'net.listen', local.path);
      return;
    }
    if (local?.family !== 'inet') return;
    const protocol = socket?.kind === 'udp' ? 'udp' : 'tcp';
    const worth: Worth = process.toolchain ? 'noise' : 'evidence';
    // Port 0: the kernel picked one, and nobody told us which.
    const port = local.port === 0 ? {} : { port: local.port };
    this.#ledger.listener(
      record(
        this.#scene,
        process,
        call.at,
        { type: 'net.listen', outcome: 'ok', protocol, ip: local.ip, ...port },
        worth,
      ),
    );
  }

  #local(call: Call, process: TracedProcess, type: 'net.connect' | 'net.listen', name: string): void {
    const path = name === '' ? '' : this.#scene.names.report(name);
    const worth: Worth = process.toolchain ? 'noise' : 'evidence';
    record(this.#scene, process, call.at, { type, outcome: outcomeOf(call.errno), protocol: 'unix', path }, worth);
  }

  #message(call: Call, process: TracedProcess, header: string): void {
    this.#send(call, process, memberOf(header, 'msg_name') ?? '', () =>
      bytesOfVectors(memberOf(header, 'msg_iov') ?? ''),
    );
  }

  #send(call: Call, process: TracedProcess, to: string, payload: () => Buffer | undefined): void {
    const socket = this.sockets.at(call, 0);
    if (socket !== undefined && socket.kind !== 'udp' && socket.kind !== 'icmp') return;
    const target = parseAddress(to) ?? socket?.remote;
    if (target?.family !== 'inet' || !call.ok) return;
    const { ip, port } = target;
    if (port === dnsPort) {
      const query = parseQuery(payload() ?? Buffer.alloc(0));
      if (query === undefined) return;
      this.#forgetConnection(process);
      this.#ask({ process, at: call.at, name: query.name.toLowerCase(), type: query.type });
      return;
    }
    const key = `${process.tracerPid} ${process.startedAt} ${ip} ${port}`;
    if (this.#datagrams.has(key)) return;
    if (this.#datagrams.size >= maxWaiting) this.#datagrams.clear();
    this.#datagrams.add(key);
    this.contacts.dropSilent(process, ip, port);
    const protocol = socket?.kind === 'icmp' ? 'icmp' : 'udp';
    this.#wait({ process, at: call.at, ip, port, protocol, errno: '', silent: false });
  }

  /** The question itself was seen: the connection it went over stands for it no longer. */
  #forgetConnection(process: TracedProcess): void {
    const index = this.questions.findIndex((one) => one.process === process && one.name === undefined);
    if (index >= 0) this.questions.splice(index, 1);
  }

  #ask(question: Question): void {
    this.questions.push(question);
    if (this.questions.length > maxWaiting) this.questions.shift();
  }

  #wait(contact: Contact): void {
    const oldest = this.contacts.add(contact);
    if (oldest !== undefined && oldest.event === undefined && !oldest.silent) this.#report(oldest);
  }
}
