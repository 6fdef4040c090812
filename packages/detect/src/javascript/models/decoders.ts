import { type Taint, union, unionAll } from '../abstract/taint.ts';
import { isPrimitive, make, plainOf, Thing, taintOf, textOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';
import { asText, maxText, taintAsText } from '../interpreter/operators.ts';
import { bytesFrom } from './bytes.ts';
import { decodedFrom } from './decoded.ts';
import type { Model, Models } from './model.ts';

const decodingEncodings = /^(?:base64|base64url|hex)$/i;

/** Functions of the language and of `Buffer` between text and its encodings. */
export const decoderModels: Models = {
  atob: textDecoder((text) => Buffer.from(text, 'base64').toString('latin1')),
  btoa: textEncoder((text) => Buffer.from(text, 'latin1').toString('base64')),
  unescape: textDecoder((text) => unescaped(text)),
  decodeURIComponent: textDecoder((text) => percentDecoded(text)),
  decodeURI: textDecoder((text) => percentDecoded(text)),
  'querystring.unescape': textDecoder((text) => percentDecoded(text)),
  encodeURIComponent: textEncoder((text) => encodeURIComponent(text.toWellFormed())),
  encodeURI: textEncoder((text) => encodeURI(text.toWellFormed())),
  'querystring.escape': textEncoder((text) => encodeURIComponent(text.toWellFormed())),
  escape: textEncoder((text) => encodeURIComponent(text.toWellFormed())),
  'String.fromCharCode': fromCodes,
  'String.fromCodePoint': fromCodes,
  'Buffer.from': bufferFrom,
  Buffer: bufferFrom,
  'Buffer.alloc': ({ machine: m, args }) => bytesFrom(m, args[0]),
  'Buffer.allocUnsafe': ({ machine: m, args }) => bytesFrom(m, args[0]),
  'Buffer.concat': concatenated,
  'Buffer.isBuffer': () => unknown,
  'Buffer.byteLength': () => unknown,
  Uint8Array: ({ machine: m, args }) => bytesFrom(m, args[0]),
  Uint8ClampedArray: ({ machine: m, args }) => bytesFrom(m, args[0]),
  Int8Array: ({ machine: m, args }) => bytesFrom(m, args[0]),
  ArrayBuffer: ({ machine: m, args }) => bytesFrom(m, args[0]),
  DataView: ({ args }) => args[0],
  'Uint8Array.from': (call) => fromMapped(call),
  'Uint8Array.of': ({ machine: m, args }) => bytesFrom(m, m.newArray(args)),
  'Uint8Array.fromBase64': textDecoder((text) => Buffer.from(text, 'base64').toString('latin1')),
  'Uint8Array.fromHex': textDecoder((text) => Buffer.from(text, 'hex').toString('latin1')),
  'TextDecoder().decode': ({ machine: m, args, node }) => m.callMethod(bytesFrom(m, args[0]), 'toString', [], node),
  'string_decoder.StringDecoder().write': ({ machine: m, args, node }) =>
    m.callMethod(bytesFrom(m, args[0]), 'toString', [], node),
  'TextEncoder().encode': (call) => bufferFrom({ ...call, args: [call.args[0], 'utf8'] }),
};

function textDecoder(decode: (text: string) => string | undefined): Model {
  return ({ machine: m, args, node, path }) => {
    const [input] = args;
    const taint = decodedFrom(m, node, path, input, taintAsText(m, input));
    const text = textOf(input);
    return make((text === undefined ? undefined : decode(text)) ?? unknown, taint);
  };
}

function textEncoder(encode: (text: string) => string): Model {
  return ({ machine: m, args }) => {
    const [input] = args;
    const text = textOf(input);
    return make(text === undefined || text.length > maxText ? unknown : encode(text), taintAsText(m, input));
  };
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // Malformed text throws in the program, too: nothing comes of it.
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Matches `%u0041` and `%41`. */
function unescaped(text: string): string {
  return text.replace(
    /%(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))/g,
    (_, wide: string | undefined, narrow: string | undefined) =>
      String.fromCharCode(Number.parseInt(wide ?? narrow ?? '0', 16)),
  );
}

function fromCodes({ machine: m, args, node, path }: NativeCall): Value {
  const taint = unionAll(args.map((arg) => taintOf(arg)));
  const numbers = args.map((arg) => plainOf(arg));
  const isKnown = numbers.every((one) => isPrimitive(one) && typeof one !== 'bigint');
  const text = isKnown ? fromNumbers(path, numbers.map(Number)) : undefined;
  const carried = decodedFrom(m, node, path, text ?? unknown, taint);
  return make(text ?? unknown, carried);
}

function fromNumbers(path: string, numbers: readonly number[]): string | undefined {
  if (path === 'String.fromCharCode') return numbers.map((code) => String.fromCharCode(code)).join('');
  return numbers.every((code) => Number.isInteger(code) && code >= 0 && code <= 0x10ffff)
    ? numbers.map((code) => String.fromCodePoint(code)).join('')
    : undefined;
}

function bufferFrom(call: NativeCall): Value {
  const { machine: m, args, node } = call;
  const [input, encodingValue] = args;
  const plain = plainOf(input);
  const text = typeof plain === 'string' ? plain : undefined;
  if (text === undefined && (plain instanceof Thing || typeof plain === 'number') && encodingValue === undefined)
    return bytesFrom(m, input);
  const encoding = encodingValue === undefined ? 'utf8' : textOf(encodingValue);
  const carried = taintAsText(m, input);
  const isDecoding = encoding !== undefined && decodingEncodings.test(encoding);
  const taint: Taint = isDecoding
    ? decodedFrom(m, node, `Buffer.from ${encoding}`, input, carried)
    : union(carried, taintOf(encodingValue));
  const known = text ?? (plain instanceof Thing && plain.fields?.has('@text') ? asText(m, input) : undefined);
  if (known === undefined || encoding === undefined || !Buffer.isEncoding(encoding))
    return m.newBytes(undefined, taint);
  return m.newBytes(new Uint8Array(Buffer.from(known, encoding)), taint);
}

function concatenated({ machine: m, args }: NativeCall): Value {
  const list = plainOf(args[0]);
  const taint = m.holds(args[0]);
  if (!(list instanceof Thing) || !list.exact || list.items === undefined) return m.newBytes(undefined, taint);
  const parts = list.items.map((item) => plainOf(item));
  const known = parts.map((part) => (part instanceof Thing ? part.bytes : undefined));
  if (known.some((part) => part === undefined)) return m.newBytes(undefined, taint);
  return m.newBytes(new Uint8Array(Buffer.concat(known as Uint8Array[])), taint);
}

function fromMapped({ machine: m, args, node }: NativeCall): Value {
  const list = m.call(m.newNative('Array.from'), undefined, args, node);
  return bytesFrom(m, list);
}

/** Names by which packages that are not at hand decode, decompress and decrypt. */
const decodingName =
  /(?:^|\.)(?:decode\w*|decompress\w*|inflate\w*|ungzip|gunzip\w*|brotliDecompress\w*|unzip\w*|decrypt\w*|fromBase64\w*|base64ToString|toUtf8String|unpack)$/i;

export function isForeignDecoder(path: string): boolean {
  return path.startsWith('require:') && decodingName.test(path.replace(/\(\)/g, ''));
}

/** A decoder of which only the name is known: what comes out carries what went in. */
export function foreignDecoder(call: NativeCall, machine: Machine): Value {
  const { args, node, path } = call;
  const taint = unionAll(args.map((arg) => machine.holds(arg)));
  const callback = args.at(-1);
  const decoded = make(unknown, decodedFrom(machine, node, path, args[0], taint));
  machine.callBack([callback], [null, decoded], node);
  return decoded;
}
