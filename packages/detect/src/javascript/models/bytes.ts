import { digested, hasLabel, type Taint, union } from '../abstract/taint.ts';
import {
  isPrimitive,
  make,
  plainOf,
  Thing,
  taintOf,
  textOf,
  type Unknown,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { elementsOf } from '../interpreter/elements.ts';
import type { Machine } from '../interpreter/machine.ts';
import { arrayMethod } from './arrays.ts';
import type { BuiltinCall, BuiltinResult } from './builtins.ts';
import { decodedFrom } from './decoded.ts';

/** Origin of bytes that are a file's own: its text is there to be read. */
export const fileOrigin = '@file';
const maxKnownBytes = 4 * 1024 * 1024;
const encodings = /^(?:utf-?8|ucs-?2|utf-?16le|latin1|binary|ascii|base64|base64url|hex)$/i;
const reading =
  /^(?:read(?:U?Int(?:8|16[BL]E|32[BL]E|[BL]E)|Uint(?:8|16[BL]E|32[BL]E|[BL]E)|Double[BL]E|Float[BL]E)|indexOf|lastIndexOf)$/;

/** Methods of buffers and typed arrays of bytes. */
export function bytesMethod(call: BuiltinCall, thing: Thing): BuiltinResult {
  const { m, name, args, self } = call;
  const taint = union(taintOf(self), thing.taint);
  const { bytes } = thing;
  const numbers = args.map((arg) => plainOf(arg));
  switch (name) {
    case 'toString':
    case 'latin1Slice':
    case 'utf8Slice':
      return { value: textOfBytes(call, thing, taint) };
    case 'slice':
    case 'subarray': {
      const [from, to] = numbers;
      const isKnown = bytes !== undefined && [from, to].every((one) => one === undefined || typeof one === 'number');
      const part = isKnown ? bytes.slice(from as number | undefined, to as number | undefined) : undefined;
      const cut = m.newBytes(part, taint);
      cut.origin = thing.origin;
      return { value: cut };
    }
    case 'map':
      return { value: mapped(call, thing, taint) };
    case 'reverse':
      if (m.weak <= thing.weak) bytes?.reverse();
      else if (!m.unlikely) thing.bytes = undefined;
      return { value: self };
    case 'toJSON':
      return { value: m.newObject({ type: 'Buffer', data: fromBytes(m, thing, taint) }) };
    case 'copy':
    case 'set':
    case 'fill':
    case 'write':
      return { value: written(call, thing) };
    case 'values':
    case 'entries':
    case 'forEach':
    case 'reduce':
    case 'filter':
    case 'join':
    case 'at':
    case 'some':
    case 'every':
    case 'find':
      return arrayMethod({ ...call, self: fromBytes(m, thing, taint) }, undefined);
    default:
      if (!reading.test(name)) return undefined;
      return { value: make(numberAt(name, bytes, numbers), name.startsWith('read') ? taint : digested(taint)) };
  }
}

function numberAt(name: string, bytes: Uint8Array | undefined, args: readonly unknown[]): number | Unknown {
  if (bytes === undefined || !args.every((arg) => typeof arg === 'number' || typeof arg === 'string')) return unknown;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const method = buffer[name as 'readUInt8'] as unknown as ((this: Buffer, ...given: unknown[]) => number) | undefined;
  try {
    return method === undefined ? unknown : method.apply(buffer, [...args]);
  } catch (error) {
    // Reading past the end throws in the program, too.
    if (error instanceof RangeError || error instanceof TypeError) return unknown;
    throw error;
  }
}

/** Bytes as text. Text from numbers that mean nothing to a reader is decoded text. */
function textOfBytes(call: BuiltinCall, thing: Thing, taint: Taint): Value {
  const { args, m, node } = call;
  const encoding = args[0] === undefined ? 'utf8' : textOf(args[0]);
  const [from, to] = [plainOf(args[1]), plainOf(args[2])];
  const isNumbered = hasLabel(taint, 'blob') && !hasLabel(taint, 'decoded') && thing.origin !== fileOrigin;
  const carried = isNumbered ? union(taint, decodedFrom(m, node, 'Buffer.toString', thing, taint)) : taint;
  if (thing.bytes === undefined || encoding === undefined || !encodings.test(encoding)) return make(unknown, carried);
  if ([from, to].some((one) => one !== undefined && typeof one !== 'number')) return make(unknown, carried);
  const part = Buffer.from(thing.bytes).subarray(from as number | undefined, to as number | undefined);
  return make(part.toString(encoding as BufferEncoding), carried);
}

function mapped(call: BuiltinCall, thing: Thing, taint: Taint): Value {
  const { m, args, self, node } = call;
  if (thing.bytes === undefined) {
    const value = m.callBack([args[0]], [make(unknown, taint), unknown, self], node);
    return m.newBytes(undefined, union(taint, taintOf(value)));
  }
  let all = taint;
  const out = new Uint8Array(thing.bytes.length);
  let isKnown = true;
  for (const [index, byte] of thing.bytes.entries()) {
    const value = m.call(args[0], undefined, [make(byte, taint), index, self], node);
    all = union(all, taintOf(value));
    const plain = plainOf(value);
    if (isPrimitive(plain)) out[index] = Number(plain);
    else isKnown = false;
    if (!isKnown && index > 4) break;
  }
  return m.newBytes(isKnown ? out : undefined, all);
}

/** `copy`, `set`, `fill`, `write`: afterwards the bytes are known no longer, but carry what came. */
function written({ m, name, args, self }: BuiltinCall, thing: Thing): Value {
  const target = name === 'copy' ? plainOf(args[0]) : thing;
  const source = name === 'copy' ? self : args[0];
  if (!(target instanceof Thing)) return unknown;
  target.taint = union(target.taint, m.holds(source));
  const from = plainOf(source);
  const offset = plainOf(args[1]) ?? 0;
  const plainBytes = from instanceof Thing ? from.bytes : undefined;
  const isSimple = name === 'set' && plainBytes !== undefined && typeof offset === 'number' && m.weak <= target.weak;
  if (isSimple && target.bytes !== undefined && offset + plainBytes.length <= target.bytes.length)
    target.bytes.set(plainBytes, offset);
  else if (name === 'fill' && from === 0) return self;
  else if (!m.unlikely) target.bytes = undefined;
  return self;
}

export function fromBytes(m: Machine, thing: Thing, taint: Taint): Thing {
  const list = m.newArray(Array.from(thing.bytes ?? []));
  list.taint = taint;
  if (thing.bytes === undefined) {
    list.rest = unknown;
    list.exact = false;
  }
  return list;
}

/** Bytes from an array of numbers, other bytes, or a length. */
export function bytesFrom(m: Machine, value: Value): Thing {
  const plain = plainOf(value);
  if (typeof plain === 'number') {
    return m.newBytes(plain >= 0 && plain <= maxKnownBytes ? new Uint8Array(plain) : undefined, taintOf(value));
  }
  const taint = m.holds(value);
  if (plain instanceof Thing && plain.bytes !== undefined) return m.newBytes(plain.bytes.slice(), taint);
  const { items, any } = elementsOf(m, value);
  if (items === undefined || any !== undefined) return m.newBytes(undefined, taint);
  const numbers = items.map((item) => plainOf(item));
  return m.newBytes(
    numbers.every((one) => isPrimitive(one) && typeof one !== 'bigint') ? Uint8Array.from(numbers, Number) : undefined,
    taint,
  );
}
