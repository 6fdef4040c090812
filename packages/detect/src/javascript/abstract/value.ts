import type { Node } from '@babel/types';
import { clean, type Taint, union } from './taint.ts';

/**
 * Values of the abstract interpreter. A primitive stands for itself; {@link unknown} for any; {@link Sketch} for a string
 * known in part; {@link Thing} for an object, function or something of the runtime's; {@link Mix} adds what a value may be
 * besides, and what it carries.
 */
export type Primitive = string | number | bigint | boolean | null | undefined;
export type Plain = Primitive | Unknown | Sketch | Thing;
export type Value = Plain | Mix;

/** Any value at all. There is one, {@link unknown}. */
export class Unknown {
  readonly isUnknown = true;
}

export const unknown: Unknown = new Unknown();
/** Stands for what is not known inside a {@link Sketch}. A noncharacter: no text should hold it. */
export const hole = '\uffff';

const maxSketchChars = 2048;
const maxAlternatives = 8;

export class Sketch {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class Mix {
  /** What it is, when that is certain; else {@link unknown}. */
  readonly plain: Plain;
  /** What it may be otherwise: objects, and a few strings. */
  readonly also: readonly Plain[];
  readonly taint: Taint;
  constructor(plain: Plain, also: readonly Plain[], taint: Taint) {
    this.plain = plain;
    this.also = also;
    this.taint = taint;
  }
}

export type ThingKind =
  | 'object'
  | 'array'
  | 'bytes'
  | 'function'
  | 'class'
  | 'map'
  | 'regexp'
  | 'promise'
  | 'native'
  | 'module';

/** An object. Things of the runtime (modules, globals, what their calls return) have a `native` path instead of code. */
export class Thing {
  readonly kind: ThingKind;
  /** How many uncertain branches were open when it was made: only there may it be changed for certain. */
  readonly weak: number;
  fields: Map<string, Value> | undefined;
  /** Elements of an array, entries' values of a map without known keys. */
  items: Value[] | undefined;
  /** False once an element was added or moved in an uncertain branch. */
  exact = true;
  /** Join of everything stored under keys that are not known. */
  rest: Value;
  bytes: Uint8Array | undefined;
  /** What the thing carries itself, whichever part is read. */
  taint: Taint = clean;
  /** What it carries as a whole: copied, enumerated or serialised, but not one member of it. */
  content: Taint = clean;
  /** Name of something of the runtime's: `process.env`, `require:https.request()`. */
  native: string | undefined;
  code: object | undefined;
  proto: Thing | undefined;
  /** What made it, for things that need to find their way back (a request its options). */
  origin: Value;
  node: Node | undefined;

  constructor(kind: ThingKind, weak = 0) {
    this.kind = kind;
    this.weak = weak;
  }
}

export function plainOf(value: Value): Plain {
  return value instanceof Mix ? value.plain : value;
}

export function taintOf(value: Value): Taint {
  if (value instanceof Mix) return value.plain instanceof Thing ? union(value.taint, value.plain.taint) : value.taint;
  return value instanceof Thing ? value.taint : clean;
}

/** Everything a value may be, best first; {@link unknown} is left out. */
export function alternatives(value: Value): readonly Plain[] {
  if (!(value instanceof Mix)) return value === unknown ? [] : [value];
  return value.plain === unknown ? value.also : [value.plain, ...value.also];
}

/** All objects a value may be. */
export function thingsOf(value: Value): Thing[] {
  if (value instanceof Thing) return [value];
  return value instanceof Mix ? alternatives(value).filter((plain) => plain instanceof Thing) : [];
}

export function make(plain: Plain, taint: Taint, also: readonly Plain[] = []): Value {
  return taint.length === 0 && also.length === 0 ? plain : new Mix(plain, also, taint);
}

export function tainted(value: Value, taint: Taint): Value {
  if (taint.length === 0) return value;
  if (!(value instanceof Mix)) return new Mix(value, [], taint);
  const all = union(value.taint, taint);
  return all === value.taint ? value : new Mix(value.plain, value.also, all);
}

export function isPrimitive(plain: Plain): plain is Primitive {
  return plain !== unknown && !(plain instanceof Thing) && !(plain instanceof Sketch);
}

function isEmpty(plain: Plain): boolean {
  return plain === undefined || plain === null || plain === unknown;
}

/** Either of two: nobody knows which. */
export function join(a: Value, b: Value): Value {
  if (a === b || b === undefined) return a;
  if (a === undefined) return b;
  const left = plainOf(a);
  const right = plainOf(b);
  const taint = union(a instanceof Mix ? a.taint : clean, b instanceof Mix ? b.taint : clean);
  const also = [...(a instanceof Mix ? a.also : []), ...(b instanceof Mix ? b.also : [])];
  if (left === right) return make(left, taint, distinct(also, left));
  if (isEmpty(left) && left !== unknown) return make(right, taint, distinct(also, right));
  if (isEmpty(right) && right !== unknown) return make(left, taint, distinct(also, left));
  return make(unknown, taint, distinct([left, right, ...also], unknown));
}

/** `a`, and in the unlikely case `b`: what is known of `a` stays known. */
export function hint(a: Value, b: Value): Value {
  if (a === b || b === undefined || b === unknown) return a;
  if (isEmpty(plainOf(a)) && plainOf(a) !== unknown) return join(a, b);
  const also = [...(a instanceof Mix ? a.also : []), ...alternatives(b)];
  const taint = union(a instanceof Mix ? a.taint : clean, b instanceof Mix ? b.taint : clean);
  return make(plainOf(a), taint, distinct(also, plainOf(a)));
}

/** Objects and telling strings only: other numbers and flags help nobody. */
function distinct(also: readonly Plain[], main: Plain): Plain[] {
  const kept: Plain[] = [];
  for (const one of also) {
    if (kept.length >= maxAlternatives) break;
    if (one === main || kept.includes(one)) continue;
    if (one instanceof Thing || one instanceof Sketch || (typeof one === 'string' && one.length > 2)) kept.push(one);
  }
  return kept;
}

/** The string a value is, exactly; numbers and the like converted as JavaScript does. */
export function textOf(value: Value): string | undefined {
  const plain = plainOf(value);
  if (typeof plain === 'string') return plain;
  return isPrimitive(plain) && plain !== undefined && plain !== null ? String(plain) : undefined;
}

/** A string with holes where nothing is known. */
export function sketchText(plain: Plain): string {
  if (typeof plain === 'string') return plain;
  if (plain instanceof Sketch) return plain.text;
  return isPrimitive(plain) ? String(plain) : hole;
}

/** A string put together from parts, known as far as they are. */
export function sketchOf(text: string): string | Sketch | Unknown {
  if (!text.includes(hole)) return text;
  const short = (text.length > maxSketchChars ? text.slice(0, maxSketchChars) + hole : text).replace(
    /\uffff{2,}/g,
    hole,
  );
  return short === hole ? unknown : new Sketch(short);
}
