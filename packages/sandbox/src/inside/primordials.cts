import type { Primordials, SafeMap } from './kit.ts';

/**
 * Captures, before any package code runs, the built-in functions that the hook lives on. Methods become functions of their
 * receiver through one bound `call`, which later changes of prototypes cannot reach.
 */
function capture(): Primordials {
  const uncurry = Function.prototype.bind.bind(Function.prototype.call) as unknown as (method: unknown) => never;
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys, get, set, has, deleteProperty } =
    Reflect;
  const { getPrototypeOf, setPrototypeOf } = Reflect;
  const [CapturedMap, CapturedWeakMap, CapturedProxy, captureString] = [Map, WeakMap, Proxy, String];
  const mapMethods = {
    get: uncurry(Map.prototype.get) as (map: unknown, key: unknown) => never,
    set: uncurry(Map.prototype.set) as (map: unknown, key: unknown, value: unknown) => void,
    has: uncurry(Map.prototype.has) as (map: unknown, key: unknown) => boolean,
    remove: uncurry(Map.prototype.delete) as (map: unknown, key: unknown) => void,
    each: uncurry(Map.prototype.forEach) as (map: unknown, visit: (value: never, key: never) => void) => void,
    size: uncurry(Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get) as (map: unknown) => number,
  };
  const weakMethods = {
    get: uncurry(WeakMap.prototype.get) as (map: unknown, key: unknown) => never,
    set: uncurry(WeakMap.prototype.set) as (map: unknown, key: unknown, value: unknown) => void,
    has: uncurry(WeakMap.prototype.has) as (map: unknown, key: unknown) => boolean,
    remove: uncurry(WeakMap.prototype.delete) as (map: unknown, key: unknown) => void,
  };
  const pauseCell = new Int32Array(new SharedArrayBuffer(4));
  const { wait } = Atomics;
  const { byteLength } = Buffer;
  const latin1Slice = uncurry((Buffer.prototype as unknown as { latin1Slice: unknown }).latin1Slice) as (
    bytes: unknown,
    from: number,
    to: number,
  ) => string;
  const CapturedBytes = Uint8Array;
  const { isUint8Array, isAnyArrayBuffer } = require('node:util/types') as typeof import('node:util/types');
  const bytesLength = uncurry(
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')?.get,
  ) as (bytes: unknown) => number;
  const slice = uncurry(String.prototype.slice) as Primordials['slice'];
  const min = Math.min;
  return {
    apply: apply as Primordials['apply'],
    construct: construct as Primordials['construct'],
    define: defineProperty,
    descriptor: getOwnPropertyDescriptor,
    ownKeys,
    get,
    set,
    has,
    deleteProperty,
    prototypeOf: getPrototypeOf,
    setPrototypeOf,
    isArray: Array.isArray,
    push(array, value) {
      defineProperty(array, array.length, { value, writable: true, enumerable: true, configurable: true });
      return array;
    },
    stringify: JSON.stringify,
    parse: JSON.parse,
    string: (value) => captureString(value),
    functionText: uncurry(Function.prototype.toString),
    includes: uncurry(String.prototype.includes),
    indexOf: uncurry(String.prototype.indexOf),
    lastIndexOf: uncurry(String.prototype.lastIndexOf),
    startsWith: uncurry(String.prototype.startsWith),
    endsWith: uncurry(String.prototype.endsWith),
    slice,
    toLowerCase: uncurry(String.prototype.toLowerCase),
    exec: uncurry(RegExp.prototype.exec),
    floor: Math.floor,
    log2: Math.log2,
    max: Math.max,
    min,
    map<K, V>(): SafeMap<K, V> {
      const map = new CapturedMap();
      return {
        get: (key) => mapMethods.get(map, key),
        set: (key, value) => mapMethods.set(map, key, value),
        has: (key) => mapMethods.has(map, key),
        remove: (key) => mapMethods.remove(map, key),
        each: (visit) => mapMethods.each(map, visit as (value: never, key: never) => void),
        size: () => mapMethods.size(map),
      };
    },
    weakMap<K extends object, V>(): SafeMap<K, V> {
      const map = new CapturedWeakMap();
      return {
        get: (key) => weakMethods.get(map, key),
        set: (key, value) => weakMethods.set(map, key, value),
        has: (key) => weakMethods.has(map, key),
        remove: (key) => weakMethods.remove(map, key),
        each: () => undefined,
        size: () => 0,
      };
    },
    proxy: (target, handler) => new CapturedProxy(target, handler),
    pause(ms) {
      wait(pauseCell, 0, 0, ms);
    },
    byteLength: (text) => byteLength(text, 'utf8'),
    bytesOf(value) {
      if (isUint8Array(value)) return value;
      return isAnyArrayBuffer(value) ? new CapturedBytes(value) : undefined;
    },
    bytesHead(value, length) {
      if (typeof value === 'string') return slice(value, 0, length);
      if (!isUint8Array(value)) return undefined;
      return latin1Slice(value, 0, min(length, bytesLength(value)));
    },
  };
}

module.exports = capture;
