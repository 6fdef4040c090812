import type * as t from '@babel/types';
import type { Scope } from '../abstract/scope.ts';
import { clean, digested, union } from '../abstract/taint.ts';
import {
  hint,
  isPrimitive,
  join,
  make,
  type Plain,
  plainOf,
  Sketch,
  sketchOf,
  Thing,
  taintOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { awaited } from '../models/promises.ts';
import { evaluateCall, evaluateNew } from './calls.ts';
import { evaluateClass, setMethod } from './classes.ts';
import { anyOf, elementsOf } from './elements.ts';
import { numberList, regexpOf, stringOf } from './literals.ts';
import type { Machine } from './machine.ts';
import { asText, binary, evaluateBinary, taintAsText } from './operators.ts';
import { propertyKey } from './property-key.ts';
import { spread } from './spread.ts';
import { taintOfTest, truthOf } from './truth.ts';

type Evaluator = (m: Machine, node: never, scope: Scope) => Value;

const inner = (m: Machine, node: t.Node & { expression: t.Expression }, scope: Scope): Value =>
  m.evaluate(node.expression, scope);
const nothing = (): Value => unknown;

/** Expressions. Both sides of an unknown choice are read; of a known one the other side is read once, as unlikely. */
export const evaluators: Readonly<Record<string, Evaluator>> = {
  Identifier: identifier,
  StringLiteral: stringOf,
  NumericLiteral: (_: Machine, node: t.NumericLiteral) => node.value,
  BooleanLiteral: (_: Machine, node: t.BooleanLiteral) => node.value,
  BigIntLiteral: nothing,
  NullLiteral: () => null,
  RegExpLiteral: regexpOf,
  TemplateLiteral: template,
  ThisExpression: (m: Machine) => m.frame.self,
  ArrayExpression: array,
  ObjectExpression: object,
  FunctionExpression: (m: Machine, node: t.FunctionExpression, scope: Scope) => m.newFunction(node, scope),
  ArrowFunctionExpression: (m: Machine, node: t.ArrowFunctionExpression, scope: Scope) => m.newFunction(node, scope),
  FunctionDeclaration: (m: Machine, node: t.FunctionDeclaration, scope: Scope) => m.newFunction(node, scope),
  ClassExpression: (m: Machine, node: t.ClassExpression, scope: Scope) => evaluateClass(m, node, scope),
  ClassDeclaration: (m: Machine, node: t.ClassDeclaration, scope: Scope) => evaluateClass(m, node, scope),
  UnaryExpression: unary,
  UpdateExpression: update,
  BinaryExpression: evaluateBinary,
  LogicalExpression: logical,
  ConditionalExpression: conditional,
  AssignmentExpression: assignment,
  MemberExpression: member,
  OptionalMemberExpression: member,
  CallExpression: evaluateCall,
  OptionalCallExpression: evaluateCall,
  NewExpression: evaluateNew,
  SequenceExpression: (m: Machine, node: t.SequenceExpression, scope: Scope) => {
    let last: Value;
    for (const one of node.expressions) last = m.evaluate(one, scope);
    return last;
  },
  AwaitExpression: (m: Machine, node: t.AwaitExpression, scope: Scope) => awaited(m.evaluate(node.argument, scope)),
  YieldExpression: yields,
  TaggedTemplateExpression: tagged,
  MetaProperty: (m: Machine, node: t.MetaProperty) => (node.meta.name === 'import' ? m.importMeta() : unknown),
  ParenthesizedExpression: inner,
  TSAsExpression: inner,
  TSSatisfiesExpression: inner,
  TSNonNullExpression: inner,
  TSTypeAssertion: inner,
  TSInstantiationExpression: inner,
  JSXExpressionContainer: inner,
  JSXElement: (m: Machine, node: t.JSXElement, scope: Scope) => {
    for (const child of node.children) m.evaluate(child, scope);
    return unknown;
  },
};

function identifier(m: Machine, node: t.Identifier, scope: Scope): Value {
  const binding = scope.find(node.name);
  if (binding !== undefined) {
    return binding.link === undefined ? binding.value : m.get(binding.link.thing, binding.link.key, node);
  }
  switch (node.name) {
    case 'undefined':
      return undefined;
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
      return Number.POSITIVE_INFINITY;
    case 'arguments':
      return m.newArray(m.frame.arguments);
    default:
      return m.get(m.globals, node.name, node);
  }
}

function template(m: Machine, node: t.TemplateLiteral, scope: Scope): Value {
  let text = '';
  let taint = clean;
  node.quasis.forEach((quasi, index) => {
    text += quasi.value.cooked ?? '';
    const part = node.expressions[index];
    if (part === undefined) return;
    const value = m.evaluate(part, scope);
    text += asText(m, value);
    taint = union(taint, taintAsText(m, value));
  });
  if (node.expressions.length === 0) return stringOf(m, { ...node, value: text } as unknown as t.StringLiteral);
  return make(sketchOf(text), taint);
}

function array(m: Machine, node: t.ArrayExpression, scope: Scope): Value {
  const numbers = numberList(m, node);
  if (numbers !== undefined) return numbers;
  const result = m.newArray([]);
  const items: Value[] = [];
  for (const element of node.elements) {
    if (element === null) items.push(undefined);
    else if (element.type !== 'SpreadElement') items.push(m.evaluate(element, scope));
    else {
      const spread = elementsOf(m, m.evaluate(element.argument, scope));
      if (spread.items === undefined || spread.any !== undefined) {
        result.rest = join(result.rest, anyOf(spread));
        result.exact = false;
      }
      for (const item of spread.items ?? []) items.push(item);
    }
  }
  result.items = items;
  return result;
}

function object(m: Machine, node: t.ObjectExpression, scope: Scope): Value {
  const result = m.newThing('object');
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') {
      spread(m, result, m.evaluate(property.argument, scope));
      continue;
    }
    const key = propertyKey(m, property, scope);
    if (property.type === 'ObjectMethod')
      setMethod(m, result, key, property.kind, m.newFunction(property, scope, result));
    else m.set(result, key, m.evaluate(property.value, scope), property);
  }
  return result;
}

function unary(m: Machine, node: t.UnaryExpression, scope: Scope): Value {
  const value = m.evaluate(node.argument, scope);
  const plain = plainOf(value);
  const taint = taintOf(value);
  switch (node.operator) {
    case '!': {
      const truth = truthOf(value);
      return make(truth === undefined ? unknown : !truth, digested(taintOfTest(m, value)));
    }
    case 'typeof':
      return typeName(plain);
    case 'void':
      return undefined;
    case '-':
      return make(isPrimitive(plain) && typeof plain !== 'bigint' ? -Number(plain) : unknown, taint);
    case '+':
      return make(isPrimitive(plain) && typeof plain !== 'bigint' ? Number(plain) : unknown, taint);
    case '~':
      return make(isPrimitive(plain) && typeof plain !== 'bigint' ? ~Number(plain) : unknown, taint);
    default:
      return unknown;
  }
}

function typeName(plain: Plain): Value {
  if (plain instanceof Sketch) return 'string';
  if (plain instanceof Thing) {
    if (plain.native !== undefined) return unknown;
    return plain.kind === 'function' || plain.kind === 'class' ? 'function' : 'object';
  }
  return plain === unknown ? unknown : typeof plain;
}

function update(m: Machine, node: t.UpdateExpression, scope: Scope): Value {
  const old = m.evaluate(node.argument, scope);
  const next = binary(m, '-', old, node.operator === '++' ? -1 : 1);
  m.bind(node.argument, next, scope, false);
  return node.prefix ? next : old;
}

function logical(m: Machine, node: t.LogicalExpression, scope: Scope): Value {
  const left = m.evaluate(node.left, scope);
  return either(m, node.operator, left, node.right, scope);
}

/** `a && b`, `a || b`, `a ?? b`: what is not chosen is read once. */
function either(m: Machine, operator: string, left: Value, right: t.Expression, scope: Scope): Value {
  const goesOn = choosesRight(operator, left);
  if (goesOn === true) return operator === '&&' ? m.evaluate(right, scope) : hintEmpty(m.evaluate(right, scope), left);
  if (goesOn === false) {
    if (m.isVisited(right)) return left;
    m.visit(right);
    return hint(
      left,
      m.perhaps(clean, true, () => m.evaluate(right, scope)),
    );
  }
  const other = m.perhaps(taintOfTest(m, left), false, () => m.evaluate(right, scope));
  if (operator !== '&&') return join(left, other);
  return join(make(unknown, digested(taintOf(left))), other);
}

function hintEmpty(value: Value, left: Value): Value {
  const taint = taintOf(left);
  return taint.length === 0 ? value : join(value, left);
}

function choosesRight(operator: string, left: Value): boolean | undefined {
  if (operator === '??') {
    const plain = plainOf(left);
    if (plain === unknown) return undefined;
    if (plain instanceof Thing && plain.native !== undefined) return undefined;
    return plain === undefined || plain === null;
  }
  const truth = truthOf(left);
  return truth === undefined ? undefined : truth === (operator === '&&');
}

function conditional(m: Machine, node: t.ConditionalExpression, scope: Scope): Value {
  const test = m.evaluate(node.test, scope);
  const truth = truthOf(test);
  if (truth === undefined) {
    const decides = taintOfTest(m, test);
    const first = m.perhaps(decides, false, () => m.evaluate(node.consequent, scope));
    return join(
      first,
      m.perhaps(decides, false, () => m.evaluate(node.alternate, scope)),
    );
  }
  const [taken, other] = truth ? [node.consequent, node.alternate] : [node.alternate, node.consequent];
  const value = m.evaluate(taken, scope);
  if (m.isVisited(other)) return value;
  m.visit(other);
  return hint(
    value,
    m.perhaps(clean, true, () => m.evaluate(other, scope)),
  );
}

function assignment(m: Machine, node: t.AssignmentExpression, scope: Scope): Value {
  const { operator, left } = node;
  if (operator === '=') {
    const value = m.evaluate(node.right, scope);
    m.bind(left, value, scope, false);
    return value;
  }
  const old = m.evaluate(left, scope);
  const short = operator.slice(0, -1);
  const value =
    short === '&&' || short === '||' || short === '??'
      ? either(m, short, old, node.right, scope)
      : binary(m, short, old, m.evaluate(node.right, scope));
  m.bind(left, value, scope, false);
  return value;
}

function member(m: Machine, node: t.MemberExpression | t.OptionalMemberExpression, scope: Scope): Value {
  if (node.object.type === 'Super') return superMember(m, propertyKey(m, node, scope), node);
  const value = m.evaluate(node.object, scope);
  return m.get(value, propertyKey(m, node, scope), node);
}

function superMember(m: Machine, key: Value, node: t.Node): Value {
  const home = (m.frame.callee?.code as { home?: Thing } | undefined)?.home;
  return home?.proto === undefined ? unknown : m.get(home.proto, key, node);
}

function yields(m: Machine, node: t.YieldExpression, scope: Scope): Value {
  const value = node.argument == null ? undefined : m.evaluate(node.argument, scope);
  m.frame.yields = join(m.frame.yields, node.delegate ? anyOf(elementsOf(m, value)) : value);
  return unknown;
}

function tagged(m: Machine, node: t.TaggedTemplateExpression, scope: Scope): Value {
  const tag = m.evaluate(node.tag, scope);
  const plain = plainOf(tag);
  if (plain instanceof Thing && plain.native === 'String.raw') return template(m, node.quasi, scope);
  const strings = m.newArray(node.quasi.quasis.map((quasi) => quasi.value.cooked ?? ''));
  const values = node.quasi.expressions.map((one) => m.evaluate(one, scope));
  return m.call(tag, undefined, [strings, ...values], node);
}
