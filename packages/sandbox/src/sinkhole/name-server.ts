import { createServer, type Server, type Socket } from 'node:net';
import type { DnsAnswerer } from './dns.ts';

/** DNS over TCP (RFC 1035 §4.2.2): messages behind two bytes of length, several on one connection. */
export function createNameServer(dns: DnsAnswerer): Server {
  return createServer((socket) => {
    let held = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.setTimeout(30_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const end = 2 + held.readUInt16BE(0);
        answer(socket, dns, held.subarray(2, end));
        held = held.subarray(end);
      }
    });
  });
}

function answer(socket: Socket, dns: DnsAnswerer, message: Buffer): void {
  const bytes = dns.answer(message, { sourcePort: socket.remotePort ?? 0, transport: 'tcp' });
  if (bytes === undefined) {
    socket.destroy();
    return;
  }
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  socket.write(Buffer.concat([length, bytes]));
}
