import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { plainAddress } from './names.ts';
import { OriginalPorts } from './original-port.ts';
import type { Door } from './ports.ts';
import { RawRecord } from './raw.ts';
import { now } from './recorder.ts';
import type { Runtime } from './runtime.ts';

type Flow = { id: number; record: RawRecord; bytes: number };

/**
 * UDP: names on port 53, everything else recorded as one flow per client port.
 *
 * *Source:* in a namespace where all addresses are local, the kernel gives a datagram to X the source address X, unless the
 * client bound another one: so the sender's address is the destination.
 */
export class UdpDesk {
  readonly #runtime: Runtime;
  readonly #sockets: Socket[] = [];
  readonly #flows = new Map<string, Flow>();
  readonly #ports = new OriginalPorts();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Answers DNS at one address; resolves to the port, or `undefined` when it could not be had. */
  listenForNames(port: number, host: string): Promise<number | undefined> {
    return this.#bind({ port, listen: port }, host, (socket, message, from) => {
      const answer = this.#runtime.dns.answer(message, { sourcePort: from.port, transport: 'udp' });
      if (answer !== undefined) socket.send(answer, from.port, from.address);
    });
  }

  /** Opens doors at one address; resolves to those that could be had, with the port that the system chose for 0. */
  async listen(doors: readonly Door[], host: string): Promise<Door[]> {
    const opened = await Promise.all(
      doors.map(async (door) => {
        const listen = await this.#bind(door, host, (_socket, message, from) => this.#receive(door, message, from));
        return listen === undefined ? undefined : { port: door.port, listen };
      }),
    );
    return opened.filter((door) => door !== undefined);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await Promise.all([...this.#flows.keys()].map((key) => this.#end(key)));
  }

  #bind(
    door: Door,
    host: string,
    onMessage: (socket: Socket, message: Buffer, from: RemoteInfo) => void,
  ): Promise<number | undefined> {
    return new Promise((resolve) => {
      const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
      // An answer to a client that is gone comes back as an error; later ones are none of ours either.
      socket.on('error', () => resolve(undefined));
      socket.on('message', (message, from) => onMessage(socket, message, from));
      socket.bind({ port: door.listen, address: host }, () => {
        this.#sockets.push(socket);
        resolve(socket.address().port);
      });
    });
  }

  #receive(door: Door, message: Buffer, from: RemoteInfo): void {
    const key = `${door.listen} ${from.address} ${from.port}`;
    const flow = this.#flows.get(key) ?? this.#open(key, door, from);
    flow.bytes += message.length;
    flow.record.push(message)?.catch((error: unknown) => this.#runtime.recorder.limit('udp', String(error)));
  }

  #open(key: string, door: Door, from: RemoteInfo): Flow {
    const { recorder, names, config } = this.#runtime;
    if (this.#flows.size >= config.limits.udpFlows) {
      for (const oldest of this.#flows.keys()) {
        this.#end(oldest).catch((error: unknown) => recorder.limit('udp', String(error)));
        break;
      }
    }
    const ip = plainAddress(from.address);
    const port = door.port !== 0 ? door.port : (this.#ports.find('udp', from.port, door.listen) ?? 0);
    const host = names.nameOf(ip);
    const id = recorder.nextConnection();
    recorder.emit({
      kind: 'connection',
      at: now(),
      connection: id,
      protocol: 'udp',
      ip,
      port,
      sourcePort: from.port,
      ...(host === undefined ? {} : { host }),
      egress: 'sinkhole',
    });
    const flow = { id, record: new RawRecord(this.#runtime, id), bytes: 0 };
    this.#flows.set(key, flow);
    return flow;
  }

  async #end(key: string): Promise<void> {
    const flow = this.#flows.get(key);
    if (flow === undefined) return;
    this.#flows.delete(key);
    await flow.record.finish();
    this.#runtime.recorder.emit({ kind: 'close', at: now(), connection: flow.id, bytesIn: flow.bytes, bytesOut: 0 });
  }
}
