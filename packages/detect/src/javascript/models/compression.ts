import { createDecipheriv, createHash, createHmac, getCiphers, getHashes } from 'node:crypto';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, unzipSync } from 'node:zlib';
import { clean, digested, type Taint, union, unionAll } from '../abstract/taint.ts';
import { make, plainOf, Thing, taintOf, textOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';
import { bytesFrom } from './bytes.ts';
import { decodedFrom } from './decoded.ts';
import type { Model, Models } from './model.ts';

const maxOutputLength = 4 * 1024 * 1024;
type Unpack = (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;

/** Decompression: done for real where the bytes are known, within a limit. */
function unpacker(unpack: Unpack): Model {
  return ({ machine: m, args, node, path }) => {
    const input = bytesOf(m, args[0]);
    const taint = decodedFrom(m, node, path, input, m.holds(args[0]));
    const output = m.newBytes(
      input.bytes === undefined ? undefined : attempt(() => unpack(input.bytes as Uint8Array, { maxOutputLength })),
      taint,
    );
    if (args.length > 1) m.callBack([args.at(-1)], [null, output], node);
    return output;
  };
}

/** Hostile input fails in the library with all sorts of errors; whichever it is, nothing comes out. */
function attempt(work: () => Uint8Array): Uint8Array | undefined {
  try {
    return new Uint8Array(work());
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function bytesOf(m: Machine, value: Value): Thing {
  const text = typeof plainOf(value) === 'string' ? textOf(value) : undefined;
  return text === undefined ? bytesFrom(m, value) : m.newBytes(new Uint8Array(Buffer.from(text)), taintOf(value));
}

const unpackers: Readonly<Record<string, Unpack>> = {
  inflate: inflateSync,
  inflateRaw: inflateRawSync,
  gunzip: gunzipSync,
  unzip: unzipSync,
  brotliDecompress: brotliDecompressSync,
};

export const compressionModels: Models = Object.fromEntries(
  Object.entries(unpackers).flatMap(([name, unpack]) => [
    [`zlib.${name}`, unpacker(unpack)],
    [`zlib.${name}Sync`, unpacker(unpack)],
  ]),
);

/** Digests, keys and ciphers: computed where everything is known. A digest tells nothing of what went in. */
export const cryptoModels: Models = {
  'crypto.createHash': ({ machine: m, args }) => withOrigin(m, 'crypto.createHash()', args),
  'crypto.createHmac': ({ machine: m, args }) => withOrigin(m, 'crypto.createHmac()', args),
  'crypto.createHash().update': update,
  'crypto.createHmac().update': update,
  'crypto.createHash().digest': digest,
  'crypto.createHmac().digest': digest,
  'crypto.hash': ({ machine: m, args }) => make(unknown, digested(m.holds(args[1]))),
  'crypto.createDecipheriv': ({ machine: m, args }) => withOrigin(m, 'crypto.createDecipheriv()', args),
  'crypto.createDecipher': ({ machine: m, args }) => withOrigin(m, 'crypto.createDecipher()', args),
  'crypto.createDecipheriv().update': decrypt,
  'crypto.createDecipheriv().final': finish,
  'crypto.createDecipher().update': decrypt,
  'crypto.createDecipher().final': finish,
  'crypto.subtle.decrypt': (call) =>
    decryptWith(call, call.args[2], unionAll([call.machine.holds(call.args[0]), call.machine.holds(call.args[1])])),
  'crypto.privateDecrypt': (call) => decryptWith(call, call.args[1], call.machine.holds(call.args[0])),
  'crypto.publicDecrypt': (call) => decryptWith(call, call.args[1], call.machine.holds(call.args[0])),
  'crypto.scryptSync': derive,
  'crypto.pbkdf2Sync': derive,
  'crypto.hkdfSync': derive,
  'crypto.sign': derive,
  'crypto.createSign().sign': derive,
  'crypto.subtle.digest': derive,
  'crypto.subtle.sign': derive,
};

function withOrigin(m: Machine, native: string, args: readonly Value[]): Thing {
  const thing = m.newNative(native);
  thing.origin = m.newArray(args);
  thing.items = [];
  return thing;
}

function argumentsOf(thing: Thing): readonly Value[] {
  const list = plainOf(thing.origin);
  return list instanceof Thing ? (list.items ?? []) : [];
}

function update({ machine: m, args, self }: NativeCall): Value {
  const thing = plainOf(self);
  if (thing instanceof Thing)
    thing.items?.push(args[1] === undefined ? args[0] : m.newBytes(undefined, m.holds(args[0])));
  return self;
}

function digest({ machine: m, args, self }: NativeCall): Value {
  const thing = plainOf(self);
  if (!(thing instanceof Thing)) return make(unknown, digested(m.holds(self)));
  const taint = digested(
    unionAll([...(thing.items ?? []).map((item) => m.holds(item)), ...argumentsOf(thing).map((arg) => m.holds(arg))]),
  );
  const known = knownDigest(m, thing);
  const encoding = args[0] === undefined ? undefined : textOf(args[0]);
  if (args[0] === undefined) return m.newBytes(known, taint);
  if (known === undefined || encoding === undefined || !Buffer.isEncoding(encoding)) return make(unknown, taint);
  return make(Buffer.from(known).toString(encoding), taint);
}

function knownDigest(m: Machine, thing: Thing): Uint8Array | undefined {
  const [algorithm, key] = argumentsOf(thing);
  const name = textOf(algorithm);
  if (name === undefined || !getHashes().includes(name)) return undefined;
  const parts = (thing.items ?? []).map((item) => bytesOf(m, item).bytes);
  if (parts.some((part) => part === undefined)) return undefined;
  const isKeyed = thing.native === 'crypto.createHmac()';
  const secret = isKeyed ? bytesOf(m, key).bytes : undefined;
  if (isKeyed && secret === undefined) return undefined;
  return attempt(() => {
    const hash = secret === undefined ? createHash(name) : createHmac(name, secret);
    for (const part of parts) hash.update(part as Uint8Array);
    return hash.digest();
  });
}

/** What a key or a digest gives away is which input it was made of, not the input. */
function derive({ machine: m, args, node }: NativeCall): Value {
  const taint = digested(unionAll(args.map((arg) => m.holds(arg))));
  m.callBack([args.at(-1)], [null, make(unknown, taint)], node);
  return m.newBytes(undefined, taint);
}

function decrypt(call: NativeCall): Value {
  const { machine: m, args, self } = call;
  const thing = plainOf(self);
  const [algorithm, key, iv] = thing instanceof Thing ? argumentsOf(thing) : [];
  const keyTaint = unionAll([m.holds(key), m.holds(iv), m.holds(self)]);
  const encoding = textOf(args[1]);
  const input = encoding === undefined ? bytesOf(m, args[0]) : encoded(m, args[0], encoding);
  const output = decryptWith(
    { ...call, path: `crypto.createDecipheriv ${textOf(algorithm) ?? ''}`.trim() },
    input,
    keyTaint,
  );
  const known = decryptKnown(m, textOf(algorithm), key, iv, input);
  if (known === undefined) return output;
  const text = args[2] === undefined ? undefined : textOf(args[2]);
  if (text === undefined || !Buffer.isEncoding(text)) return m.newBytes(known, taintOf(output));
  return make(Buffer.from(known).toString(text), taintOf(output));
}

function encoded(m: Machine, value: Value, encoding: string): Thing {
  const text = textOf(value);
  const bytes =
    text === undefined || !Buffer.isEncoding(encoding) ? undefined : new Uint8Array(Buffer.from(text, encoding));
  return m.newBytes(bytes, m.holds(value));
}

function decryptKnown(
  m: Machine,
  algorithm: string | undefined,
  key: Value,
  iv: Value,
  input: Thing,
): Uint8Array | undefined {
  const [keyBytes, ivBytes] = [bytesOf(m, key).bytes, iv === null ? new Uint8Array(0) : bytesOf(m, iv).bytes];
  if (algorithm === undefined || keyBytes === undefined || ivBytes === undefined || input.bytes === undefined)
    return undefined;
  if (!getCiphers().includes(algorithm)) return undefined;
  const data = input.bytes;
  // All of it at once: `final` adds nothing to what is given back here.
  return attempt(() => {
    const decipher = createDecipheriv(algorithm, keyBytes, ivBytes);
    const isAuthenticated = /gcm|ccm|ocb|poly1305/i.test(algorithm);
    return isAuthenticated ? decipher.update(data) : Buffer.concat([decipher.update(data), decipher.final()]);
  });
}

function decryptWith(call: NativeCall, input: Value, keyTaint: Taint): Value {
  const { machine: m, node, path } = call;
  const taint = union(decodedFrom(m, node, path, input, m.holds(input)), keyTaint);
  return make(unknown, taint);
}

/** Everything came out of `update` already. */
function finish({ machine: m, args }: NativeCall): Value {
  return args[0] === undefined ? m.newBytes(new Uint8Array(0), clean) : '';
}
