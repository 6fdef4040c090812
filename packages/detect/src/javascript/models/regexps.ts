import { digested, union } from '../abstract/taint.ts';
import { make, plainOf, type Thing, taintOf, unknown } from '../abstract/value.ts';
import type { BuiltinCall, BuiltinResult } from './builtins.ts';

const maxPatternChars = 200;
const maxSubjectChars = 512 * 1024;
/** A quantified group that holds a quantifier or a choice, a counted repeat, or a back reference: may take for ever. */
const dangerous = /\([^()]*(?:[*+}|][^()]*)\)[*+{]|\)[*+{].*\)[*+{]|\{\d*,?\d{4,}|\\[1-9]|\\k</;

/**
 * The package's own expression, to be run on known text; undefined when running it could take for ever.
 * Matches `/[^a-z]/g` and `/.{8}/g`; refuses `/(a+)+$/` and `/(.*)\1/`.
 */
export function safeRegExp(thing: Thing, subject: string): RegExp | undefined {
  const source = plainOf(thing.fields?.get('source'));
  const flags = plainOf(thing.fields?.get('flags'));
  if (typeof source !== 'string' || typeof flags !== 'string') return undefined;
  if (source.length > maxPatternChars || subject.length > maxSubjectChars || dangerous.test(source)) return undefined;
  // Two unbounded repeats side by side are quadratic: only on short text.
  if ((source.match(/[*+]|,\}/g)?.length ?? 0) > 1 && subject.length > 20_000) return undefined;
  try {
    return new RegExp(source, flags);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function regexpMethod({ m, name, args, self }: BuiltinCall, thing: Thing): BuiltinResult {
  const [subject] = args;
  const taint = union(taintOf(subject), taintOf(self));
  const text = plainOf(subject);
  if (name === 'test') {
    const flags = plainOf(thing.fields?.get('flags'));
    const expression = typeof text === 'string' && !/[gy]/.test(String(flags)) ? safeRegExp(thing, text) : undefined;
    return { value: make(expression === undefined ? unknown : expression.test(text as string), digested(taint)) };
  }
  if (name === 'exec') {
    const flags = plainOf(thing.fields?.get('flags'));
    const expression = typeof text === 'string' && !/[gy]/.test(String(flags)) ? safeRegExp(thing, text) : undefined;
    if (expression === undefined) return { value: make(unknown, taint) };
    const found = expression.exec(text as string);
    if (found === null) return { value: make(null, taint) };
    const list = m.newArray([...found]);
    list.taint = taint;
    return { value: list };
  }
  if (name === 'toString') return { value: `/${String(plainOf(thing.fields?.get('source')))}/` };
  return undefined;
}
