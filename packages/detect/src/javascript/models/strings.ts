import { digested, unionAll } from '../abstract/taint.ts';
import {
  isPrimitive,
  make,
  type Primitive,
  plainOf,
  Sketch,
  type Thing,
  taintOf,
  textOf,
  thingsOf,
  type Unknown,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { asText, maxText, taintAsText } from '../interpreter/operators.ts';
import type { BuiltinCall, BuiltinResult } from './builtins.ts';
import { decodedFrom } from './decoded.ts';
import { safeRegExp } from './regexps.ts';

/** Methods that depend on text and plain arguments only. */
const pure = new Set([
  'at',
  'charAt',
  'charCodeAt',
  'codePointAt',
  'concat',
  'endsWith',
  'includes',
  'indexOf',
  'lastIndexOf',
  'localeCompare',
  'normalize',
  'padEnd',
  'padStart',
  'repeat',
  'replace',
  'replaceAll',
  'slice',
  'split',
  'startsWith',
  'substr',
  'substring',
  'toLowerCase',
  'toUpperCase',
  'toLocaleLowerCase',
  'toLocaleUpperCase',
  'toString',
  'trim',
  'trimEnd',
  'trimStart',
  'trimLeft',
  'trimRight',
  'valueOf',
  'isWellFormed',
  'toWellFormed',
  'anchor',
  'search',
  'match',
  'matchAll',
]);
const questions = /^(?:endsWith|includes|indexOf|lastIndexOf|localeCompare|search|startsWith)$/;
/** What leaves the shape of a path or an address as it was. */
const keeping = /^(?:toString|valueOf|trim\w*|to\w*Case|normalize|replace|replaceAll|concat|slice)$/;
const maxReplacements = 20_000;
const minScattered = 12;

/** Methods of strings: computed where everything is known; else what the string carries goes on. */
export function stringMethod(call: BuiltinCall, plain: string | Sketch): BuiltinResult {
  const { name, args, self } = call;
  if (!pure.has(name)) return undefined;
  const taint = unionAll([taintOf(self), ...args.map((arg) => taintOf(arg))]);
  if (questions.test(name)) return { value: make(computed(call, plain) as Primitive | Unknown, digested(taint)) };
  const [pattern] = thingsOf(args[0]).filter((thing) => thing.kind === 'regexp');
  if (typeof plain === 'string' && pattern !== undefined) return withPattern(call, plain, pattern, taint);
  if (typeof plain === 'string' && name.startsWith('replace') && thingsOf(args[1]).length > 0) {
    return { value: replaced(call, plain, plainOf(args[0]), taint) };
  }
  const result = computed(call, plain);
  if (Array.isArray(result)) {
    const list = call.m.newArray(result);
    list.taint = isScattered(plain, result, textOf(args[0]))
      ? decodedFrom(call.m, call.node, 'String.split', plain as string, taint)
      : taint;
    return { value: list };
  }
  if (result !== unknown) return { value: make(result, taint) };
  if (name === 'concat') {
    const text = [self, ...args].map((arg) => asText(call.m, arg)).join('');
    return {
      value: make(new Sketch(text.slice(0, 2048)), unionAll([taint, ...args.map((arg) => taintAsText(call.m, arg))])),
    };
  }
  if (plain instanceof Sketch && keeping.test(name)) return { value: make(plain, taint) };
  return { value: name === 'split' || name.startsWith('match') ? listOf(call, taint) : make(unknown, taint) };
}

/** Text with something between every few characters, as in `e~v~a~l`. Words in a list are longer, and spaces are no disguise. */
function isScattered(plain: string | Sketch, parts: readonly unknown[], separator: string | undefined): boolean {
  if (typeof plain !== 'string' || parts.length < minScattered || plain.length === parts.length) return false;
  return plain.length / parts.length < 3.5 && !/^[\s,|]*$/.test(separator ?? '');
}

/** A list of which only what it carries is known. */
function listOf({ m }: BuiltinCall, taint: ReturnType<typeof taintOf>): Value {
  const list = m.newArray([]);
  list.rest = unknown;
  list.exact = false;
  list.taint = taint;
  return list;
}

function computed({ name, args }: BuiltinCall, plain: string | Sketch): Primitive | Primitive[] | Unknown {
  if (typeof plain !== 'string') return unknown;
  const known: Primitive[] = [];
  for (const arg of args) {
    const value = plainOf(arg);
    if (!isPrimitive(value) || typeof value === 'bigint') return unknown;
    known.push(value);
  }
  if (/^(?:repeat|padStart|padEnd)$/.test(name)) {
    const count = Number(known[0]);
    if (!(count >= 0) || (name === 'repeat' ? plain.length * count : count) > maxText) return unknown;
  }
  if (/^(?:search|match|matchAll|anchor)$/.test(name)) return unknown;
  const method = String.prototype[name as 'slice'] as unknown as (
    this: string,
    ...given: Primitive[]
  ) => Primitive | Primitive[];
  return method.apply(plain, known);
}

function withPattern(
  call: BuiltinCall,
  text: string,
  pattern: Thing,
  taint: ReturnType<typeof taintOf>,
): BuiltinResult {
  const { name, args, m } = call;
  const expression = safeRegExp(pattern, text);
  if (expression === undefined)
    return { value: name === 'replace' || name === 'replaceAll' ? make(unknown, taint) : listOf(call, taint) };
  if (name.startsWith('replace')) {
    const replacement = plainOf(args[1]);
    if (typeof replacement === 'string') return { value: make(text.replace(expression, replacement), taint) };
    return { value: replaced(call, text, expression, taint) };
  }
  const found =
    name === 'split'
      ? text.split(expression)
      : name === 'matchAll'
        ? [...text.matchAll(globally(expression))].map((match) => match[0])
        : text.match(expression);
  if (found === null) return { value: make(null, taint) };
  const list = m.newArray([...found]);
  list.taint = taint;
  return { value: list };
}

function globally(expression: RegExp): RegExp {
  return expression.global ? expression : new RegExp(expression.source, `${expression.flags}g`);
}

/** Replacement by a function: called for each match that is there. */
function replaced(call: BuiltinCall, text: string, pattern: unknown, taint: ReturnType<typeof taintOf>): Value {
  const { m, args, node } = call;
  if (!(pattern instanceof RegExp) && typeof pattern !== 'string') {
    return make(unknown, unionAll([taint, taintOf(m.callBack([args[1] ?? undefined], [make(unknown, taint)], node))]));
  }
  let all = taint;
  let isKnown = true;
  let count = 0;
  const result = text.replace(pattern as string, (...match: unknown[]) => {
    if (++count > maxReplacements) {
      isKnown = false;
      return '';
    }
    const groups = match.slice(0, -2).filter((group) => group === undefined || typeof group === 'string');
    const value = m.call(
      args[1],
      undefined,
      groups.map((group) => make(group, taint)),
      node,
    );
    all = unionAll([all, taintAsText(m, value)]);
    const plain = plainOf(value);
    if (!isPrimitive(plain)) isKnown = false;
    return isPrimitive(plain) ? String(plain) : '';
  });
  return make(isKnown && result.length <= maxText ? result : unknown, all);
}
