import type { Bag, Part } from './kit.ts';

type Decoded = { api: string; bytes: number; head: string };

/**
 * Decoding of larger blobs (base64, hex, compression, ciphers). A decode alone says little, so it is recorded under a name
 * of its own (`Buffer.from`, `zlib`); when text that is evaluated later is, begins with, or is as long as something decoded
 * before, the evaluation part names the decoder again beside it, with the digest of the evaluated text.
 */
const installDecode: Part = (kit) => {
  const { p, runtime, shared } = kit;
  const { global } = runtime;
  const minChars = 256;
  const headBytes = 64;
  const kept = 16;
  const gate = { count: 0, last: 0 };
  const distinct = 8;
  /** Ring of what was decoded last. */
  const ring = p.map<number, Decoded>();
  let next = 0;

  function remember(api: string, output: unknown): Decoded | undefined {
    const head = p.bytesHead(output, headBytes);
    if (head === undefined) return undefined;
    const decoded = { api, bytes: (output as { length: number }).length, head };
    ring.set(next++ % kept, decoded);
    return decoded;
  }

  shared.decodedBy = (text) => {
    const bytes = p.byteLength(text);
    const head = p.slice(text, 0, headBytes);
    let found: Decoded | undefined;
    ring.each((decoded) => {
      // Same text; or a text of exactly that length, as character-wise unmasking (XOR, shifts) leaves it.
      if (
        decoded.head === head ||
        (decoded.bytes >= minChars / 2 && (decoded.bytes === bytes || decoded.bytes === text.length))
      ) {
        found = decoded;
      }
    });
    return found;
  };

  function kindOf(head: string): string {
    if (p.startsWith(head, '\0asm')) return 'wasm';
    if (p.startsWith(head, '\x1f\x8b') || p.startsWith(head, 'x\x9c')) return 'compressed';
    if (p.startsWith(head, '\x89PNG') || p.startsWith(head, 'GIF8') || p.startsWith(head, '\xff\xd8\xff'))
      return 'image';
    return p.exec(/^[\t\n\r -~]*$/, head) === null ? 'binary' : 'text';
  }

  function decoder(target: object, name: string, apply: (args: unknown[], output: unknown) => void): void {
    kit.replace(target, name, (original, self, args) => {
      const output = p.apply(original, self, args);
      kit.guard(() => apply(args, output));
      return output;
    });
  }

  decoder(global.Buffer, 'from', (args, output) => {
    const text = args[0];
    const encoding = args[1];
    if (typeof text !== 'string' || text.length < minChars || typeof encoding !== 'string') return;
    const name = p.toLowerCase(encoding);
    if ((name !== 'base64' && name !== 'hex' && name !== 'base64url') || !kit.sampled(gate) || kit.calledByRuntime())
      return;
    const decoded = remember(name === 'hex' ? 'Buffer.from:hex' : 'Buffer.from:base64', output);
    if (decoded !== undefined)
      kit.call('Buffer.from', `${name} ${kindOf(decoded.head)}`, { bytes: decoded.bytes, distinct });
  });
  decoder(global, 'atob', (args, output) => {
    const text = args[0];
    if (typeof text !== 'string' || text.length < minChars || !kit.sampled(gate) || kit.calledByRuntime()) return;
    const decoded = remember('atob', output);
    if (decoded !== undefined)
      kit.call('Buffer.from', `atob ${kindOf(decoded.head)}`, { bytes: decoded.bytes, distinct });
  });

  kit.whenLoaded('zlib', (zlib: Bag) => {
    const names = [
      'inflateSync',
      'inflateRawSync',
      'gunzipSync',
      'unzipSync',
      'brotliDecompressSync',
      'zstdDecompressSync',
    ];
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      decoder(zlib, name, (_args, output) => {
        if (!kit.sampled(gate) || kit.calledByRuntime()) return;
        const decoded = remember(`zlib.${name}`, output);
        if (decoded !== undefined)
          kit.call('zlib', `${name} ${kindOf(decoded.head)}`, { bytes: decoded.bytes, distinct });
      });
    }
  });
  kit.whenLoaded('crypto', (crypto: Bag) => {
    kit.observe(crypto, 'createDecipheriv', (args) =>
      kit.call('crypto.createDecipheriv', p.string(args[0]), { distinct }),
    );
    kit.observe(crypto, 'privateDecrypt', () => kit.call('crypto.privateDecrypt', '', { distinct }));
  });
};

module.exports = installDecode;
