import type { Duplex } from 'node:stream';
import type { SecureContext, TLSSocket } from 'node:tls';
import { tls } from './builtins.ts';
import { now } from './recorder.ts';
import { type Connection, mirrorFor, type Runtime } from './runtime.ts';

const maxContexts = 256;
const handshakeTimeoutMs = 15_000;

/** Ends TLS with a certificate of the run's authority for whatever name was asked. */
export class TlsDesk {
  readonly #runtime: Runtime;
  readonly #contexts = new Map<string, SecureContext>();
  readonly #onPlain: (stream: Duplex, connection: Connection) => void;

  constructor(runtime: Runtime, onPlain: (stream: Duplex, connection: Connection) => void) {
    this.#runtime = runtime;
    this.#onPlain = onPlain;
  }

  /** Takes over a stream whose ClientHello was put back. `serverName` is what it asked for. */
  async take(stream: Duplex, connection: Connection, serverName: string | undefined): Promise<void> {
    const secureContext = await this.#contextFor(serverName ?? connection.host ?? connection.ip, connection);
    const socket: TLSSocket = new (tls().TLSSocket)(stream as never, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['http/1.1'],
    });
    const timer = setTimeout(() => socket.destroy(new Error('handshake timed out')), handshakeTimeoutMs).unref();
    const failed = (reason: string) => {
      socket.off('_tlsError', onError).off('close', onClose).off('end', onClose);
      clearTimeout(timer);
      this.#record(connection, serverName, reason);
    };
    const onError = (error: Error & { code?: string }) => {
      failed(error.code ?? error.message);
      // A failed handshake reports itself twice; the second time there is nobody to tell.
      socket.off('error', onError).on('error', () => socket.destroy());
      socket.destroy();
    };
    const onClose = () => {
      failed('closed during the handshake');
      socket.destroy();
    };
    socket.once('_tlsError', onError);
    socket.once('error', onError);
    socket.once('close', onClose).once('end', onClose);
    socket.once('secure', () => {
      clearTimeout(timer);
      socket.off('_tlsError', onError).off('error', onError).off('close', onClose).off('end', onClose);
      socket.on('error', () => socket.destroy());
      this.#record(connection, serverName, undefined);
      this.#onPlain(socket, { ...connection, secure: true, sni: serverName });
    });
  }

  #record({ id }: Connection, sni: string | undefined, reason: string | undefined): void {
    const name = sni === undefined ? {} : { sni: sni.slice(0, 255) };
    const why = reason === undefined ? {} : { reason: reason.slice(0, 200) };
    this.#runtime.recorder.emit({
      kind: 'tls',
      at: now(),
      connection: id,
      ...name,
      decrypted: reason === undefined,
      ...why,
    });
  }

  async #contextFor(host: string, connection: Connection): Promise<SecureContext> {
    const known = this.#contexts.get(host);
    if (known !== undefined) return known;
    const { ca, mirrors } = this.#runtime.config;
    const mirror = mirrorFor(mirrors, connection);
    const leaf = mirror?.host === host ? mirror.leaf : undefined;
    // Signing is loaded when the first unknown host appears: most runs talk to the mirror alone.
    const { certPem, keyPem } = leaf ?? (await import('./certificates.ts')).issueLeaf(ca, host);
    const context = tls().createSecureContext({ cert: certPem, key: keyPem });
    if (this.#contexts.size < maxContexts) this.#contexts.set(host, context);
    return context;
  }
}
