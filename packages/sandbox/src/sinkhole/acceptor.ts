import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { HttpDesk } from './http.ts';
import { isLoopback, plainAddress } from './names.ts';
import { OriginalPorts } from './original-port.ts';
import type { Door } from './ports.ts';
import { RawRecord, serveRaw } from './raw.ts';
import { now } from './recorder.ts';
import { type Connection, mirrorFor, type Runtime } from './runtime.ts';
import { TlsDesk } from './secure.ts';
import { settledWithin } from './settled.ts';
import { parseClientHello, protocolOf, sniffBytes } from './sniff.ts';
import { talkOf } from './talkers.ts';

/**
 * Takes TCP connections, finds out what they speak by their first bytes, and hands them on.
 *
 * *States of a connection:* accepted → sniffing → HTTP | TLS (→ sniffing again, inside) | raw → closed. Each ends with one
 * `close` record; what was received in between is recorded by whoever it was handed to.
 */
export class Acceptor {
  readonly #runtime: Runtime;
  readonly #http: HttpDesk;
  readonly #tls: TlsDesk;
  readonly #ports = new OriginalPorts();
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #finishing = new Set<Promise<void>>();
  readonly #refuseLoopback: boolean;

  /** `refuseLoopback`: connections to closed loopback ports of the package's own machine are reset, not answered. */
  constructor(runtime: Runtime, options: { refuseLoopback: boolean }) {
    this.#runtime = runtime;
    this.#refuseLoopback = options.refuseLoopback;
    this.#http = new HttpDesk(runtime, (stream, connection) => this.#sniff(stream, connection));
    this.#tls = new TlsDesk(runtime, (stream, connection) => this.#sniff(stream, connection));
  }

  /** Opens doors at one address. Resolves to those that could be opened, with the port that the system chose for 0. */
  async listen(doors: readonly Door[], host: string): Promise<Door[]> {
    const opened = await Promise.all(doors.map((door) => this.#open(door, host)));
    return opened.filter((door) => door !== undefined);
  }

  #open(door: Door, host: string): Promise<Door | undefined> {
    return new Promise((resolve) => {
      const own = { ...door };
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket, own));
      server.once('error', () => resolve(undefined));
      server.listen({ port: door.listen, host }, () => {
        const address = server.address();
        if (address !== null && typeof address === 'object') own.listen = address.port;
        this.#servers.push(server);
        resolve(own);
      });
    });
  }

  /** Ends everything and waits for the last records, at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    await this.#http.close(graceMs);
    await settledWithin(this.#finishing, graceMs);
  }

  #accept(socket: Socket, door: Door): void {
    const ip = plainAddress(socket.localAddress);
    const sourcePort = socket.remotePort ?? 0;
    const { config, names, recorder } = this.#runtime;
    if (this.#sockets.size >= config.limits.connections) {
      recorder.limit(
        'connections',
        `more than ${config.limits.connections} connections at one time; further ones were reset`,
      );
      socket.resetAndDestroy();
      return;
    }
    const port = door.port !== 0 ? door.port : (this.#ports.find('tcp', sourcePort, door.listen) ?? 0);
    const host = names.nameOf(ip);
    const mirror = mirrorFor(config.mirrors, { host, ip, port });
    if (this.#refuseLoopback && isLoopback(ip) && mirror === undefined) {
      socket.resetAndDestroy();
      return;
    }
    const connection: Connection = {
      id: recorder.nextConnection(),
      ip,
      port,
      sourcePort,
      host,
      secure: false,
      sni: undefined,
    };
    recorder.emit({
      kind: 'connection',
      at: now(),
      connection: connection.id,
      protocol: 'tcp',
      ip,
      port,
      sourcePort,
      ...(host === undefined ? {} : { host }),
      egress: mirror === undefined ? 'sinkhole' : 'mirror',
    });
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const { bytesRead, bytesWritten } = socket;
      recorder.emit({
        kind: 'close',
        at: now(),
        connection: connection.id,
        bytesIn: bytesRead,
        bytesOut: bytesWritten,
      });
    });
    const greeting = talkOf(port)?.talker.greeting;
    if (greeting !== undefined) socket.write(greeting);
    this.#sniff(socket, connection);
  }

  /** Reads until the protocol is known, puts the bytes back, and hands the stream on. */
  #sniff(stream: Duplex, connection: Connection): void {
    let head: Buffer = Buffer.alloc(0);
    const stop = () => stream.off('data', onData).off('end', onEnd).off('close', onEnd);
    const onEnd = () => {
      stop();
      this.#raw(stream, connection, head);
    };
    const onData = (chunk: Buffer) => {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const protocol = head.length >= sniffBytes ? (protocolOf(head) ?? 'raw') : protocolOf(head);
      const hello = protocol === 'tls' ? parseClientHello(head) : undefined;
      if (protocol === undefined || hello === 'incomplete') return;
      stop();
      stream.pause();
      if (protocol === 'raw') {
        this.#raw(stream, connection, head);
        return;
      }
      stream.unshift(head);
      if (hello === undefined) this.#http.take(stream, connection);
      else this.#track(this.#tls.take(stream, connection, hello.serverName));
      if (hello === undefined) process.nextTick(() => stream.resume());
    };
    stream.on('data', onData).once('end', onEnd).once('close', onEnd);
  }

  #raw(stream: Duplex, connection: Connection, head: Buffer): void {
    const record = new RawRecord(this.#runtime, connection.id);
    if (head.length > 0 && !stream.readableEnded && !stream.destroyed) {
      stream.unshift(head);
      this.#track(serveRaw(stream, connection, record, talkOf(connection.port, head)));
      return;
    }
    stream.end();
    this.#track(Promise.resolve(record.push(head)).then(() => record.finish()));
  }

  #track(work: Promise<void>): void {
    const settled = work
      .catch((error: unknown) =>
        this.#runtime.recorder.limit('connection', `a connection was not recorded: ${String(error)}`),
      )
      .finally(() => this.#finishing.delete(settled));
    this.#finishing.add(settled);
  }
}
