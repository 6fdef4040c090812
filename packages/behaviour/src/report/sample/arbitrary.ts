import fc from 'fast-check';
import { reportJsonSchema } from '../json-schema.ts';
import type { DynamicAnalysisReport } from '../schema.ts';
import { hostileText } from './hostile.ts';

/** The part of JSON Schema that the report's schema is written in. */
type Schema = {
  $ref?: string;
  $defs?: Record<string, Schema>;
  oneOf?: Schema[];
  anyOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  items?: Schema;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  maxLength?: number;
};

/** Values that a JSON Schema accepts, with hostile text wherever text is free. */
function arbitraryOf(schema: Schema, root: Schema): fc.Arbitrary<unknown> {
  const inner = (part: Schema) => arbitraryOf(part, root);
  if (schema.$ref !== undefined) return inner(root.$defs?.[schema.$ref.replace('#/$defs/', '')] ?? {});
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  switch (schema.type) {
    case 'object':
      return schema.properties === undefined ? recordOf(schema, inner) : objectOf(schema, inner);
    case 'array':
      return fc.array(inner(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 5 });
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return integerOf(schema);
    case 'number':
      return fc
        .double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e9, noNaN: true })
        .map((n) => (n === 0 ? 0 : n));
    case 'string':
      return stringOf(schema);
    default:
      throw new TypeError(`no values are made for ${JSON.stringify(schema)}`);
  }
}

function objectOf({ properties = {}, required = [] }: Schema, inner: (part: Schema) => fc.Arbitrary<unknown>) {
  const members = Object.fromEntries(Object.entries(properties).map(([key, member]) => [key, inner(member)]));
  return fc.record(members, { requiredKeys: required, noNullPrototype: true });
}

function recordOf({ propertyNames, additionalProperties }: Schema, inner: (part: Schema) => fc.Arbitrary<unknown>) {
  const values = typeof additionalProperties === 'object' ? inner(additionalProperties) : fc.constant(0);
  const names = (propertyNames === undefined ? hostileText : inner(propertyNames)) as fc.Arbitrary<string>;
  // `__proto__` as a member is lost by every parser on the way.
  const members = fc.array(fc.tuple(names, values), { maxLength: 5 });
  return members.map((pairs) => Object.fromEntries(pairs.filter(([name]) => name !== '__proto__')));
}

function integerOf({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema) {
  const min = Math.max(minimum, -1000);
  return fc.oneof(fc.integer({ min, max: Math.min(maximum, min + 5000) }), fc.constantFrom(min, maximum));
}

function stringOf({ pattern, maxLength }: Schema) {
  if (pattern === undefined) {
    return maxLength === undefined ? hostileText : hostileText.map((text) => text.slice(0, maxLength));
  }
  if (maxLength !== undefined) return hostileText.map((text) => Buffer.from(text).toString('base64'));
  return fc.stringMatching(new RegExp(pattern));
}

/** Reports that the schema accepts and that obey no law: ids point nowhere, trees are rings, verdicts are unfounded. */
export function lawlessReport(): fc.Arbitrary<DynamicAnalysisReport> {
  const schema = reportJsonSchema('refused') as Schema;
  return arbitraryOf(schema, schema) as fc.Arbitrary<DynamicAnalysisReport>;
}
