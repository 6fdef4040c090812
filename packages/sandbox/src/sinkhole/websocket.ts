import { crypto } from './builtins.ts';

/** Value of `Sec-WebSocket-Accept` (RFC 6455 §4.2.2). */
export function acceptKey(key: string): string {
  return crypto().createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

const opcodes = { close: 8, ping: 9 };

/**
 * Reads the frames of a client: unmasks their payload, which is what is searched and recorded, and says what to answer
 * (pong, close). *Source:* RFC 6455 §5.2.
 */
export class FrameReader {
  #held = Buffer.alloc(0);
  #mask: Uint8Array | undefined;
  #left = 0;
  #position = 0;
  #opcode = 0;
  #closed = false;

  /** Payload bytes of the chunk, bytes to send back, and whether the client said goodbye. A long frame is passed on as it comes. */
  read(chunk: Uint8Array): { payload: Buffer; reply: Buffer; closed: boolean } {
    const payload: Buffer[] = [];
    const reply: Buffer[] = [];
    this.#held = Buffer.concat([this.#held, chunk]);
    while (this.#left > 0 ? this.#held.length > 0 : this.#readHeader(reply)) {
      if (this.#left === 0) continue;
      const part = this.#held.subarray(0, Math.min(this.#left, this.#held.length));
      this.#held = this.#held.subarray(part.length);
      this.#left -= part.length;
      const plain = this.#unmask(part);
      payload.push(plain);
      if (this.#opcode === opcodes.ping) reply.push(frame(10, plain.subarray(0, 125)));
    }
    return { payload: Buffer.concat(payload), reply: Buffer.concat(reply), closed: this.#closed };
  }

  /** False until a whole header is there. */
  #readHeader(reply: Buffer[]): boolean {
    const held = this.#held;
    const [first = 0, second = 0] = held;
    const short = second & 0x7f;
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    const masked = (second & 0x80) !== 0;
    const headerBytes = 2 + lengthBytes + (masked ? 4 : 0);
    if (held.length < Math.max(2, headerBytes)) return false;
    this.#left = lengthBytes === 0 ? short : lengthBytes === 2 ? held.readUInt16BE(2) : Number(held.readBigUInt64BE(2));
    this.#mask = masked ? Uint8Array.from(held.subarray(2 + lengthBytes, headerBytes)) : undefined;
    this.#position = 0;
    this.#opcode = first & 0x0f;
    this.#held = held.subarray(headerBytes);
    if (this.#opcode === opcodes.close) {
      this.#closed = true;
      reply.push(frame(8, Buffer.alloc(0)));
    }
    return true;
  }

  #unmask(part: Uint8Array): Buffer {
    const mask = this.#mask;
    const start = this.#position;
    this.#position += part.length;
    return Buffer.from(mask === undefined ? part : part.map((byte, index) => byte ^ mask[(start + index) & 3]!));
  }
}

function frame(opcode: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);
}
