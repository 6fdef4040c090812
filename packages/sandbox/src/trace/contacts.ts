import type { TraceEvent } from '@assay/kernel';
import type { TracedProcess } from './process.ts';

/** A connect, or the first datagram to an address, until the sinkhole says who was meant. */
export interface Contact {
  process: TracedProcess;
  at: number;
  ip: string;
  port: number;
  protocol: 'tcp' | 'udp' | 'icmp';
  /** errno of the call, empty when it succeeded. */
  errno: string;
  /** A connected UDP socket that has sent nothing yet: libraries do this only to learn their own address. */
  silent: boolean;
  /** Set once it has been reported. */
  event?: TraceEvent;
}

/** How long after the sinkhole's record the tracer's line of the same connection may be dated. */
const slackMs = 20;

/**
 * Calls that opened connections, waiting for the sinkhole's record of them.
 *
 * The sinkhole knows the address and (mostly) the port but not the process, the tracer knows both but not the name. They are
 * brought together in order: the first call to that address and port which no record has claimed yet.
 *
 * *Limits:* two processes that connect to one address and port at the same time may be confused with each other.
 */
export class ContactQueue {
  readonly #waiting: Contact[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns the contact that had to make room, if any. */
  add(contact: Contact): Contact | undefined {
    this.#waiting.push(contact);
    return this.#waiting.length > this.#max ? this.#waiting.shift() : undefined;
  }

  /** The contact that a record belongs to; by address alone when the port it was sent to is not known. */
  claim(protocol: 'tcp' | 'udp', ip: string, port: number, at: number): Contact | undefined {
    const fits = (one: Contact) => one.protocol === protocol && one.ip === ip && one.at <= at + slackMs;
    let index = this.#waiting.findIndex((one) => fits(one) && one.port === port);
    if (index < 0) index = this.#waiting.findIndex(fits);
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  /** Drops the silent contact of a socket that has now sent something: what it sent is a contact of its own. */
  dropSilent(process: TracedProcess, ip: string, port: number): void {
    const index = this.#waiting.findIndex(
      (one) => one.silent && one.process === process && one.ip === ip && one.port === port,
    );
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** Contacts that nobody claimed; the queue is empty afterwards. */
  rest(): Contact[] {
    return this.#waiting.splice(0);
  }
}
