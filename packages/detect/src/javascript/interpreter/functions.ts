import type { Function as FunctionNode, Node } from '@babel/types';
import { Scope } from '../abstract/scope.ts';
import { clean, type Taint } from '../abstract/taint.ts';
import {
  hint,
  isPrimitive,
  join,
  make,
  plainOf,
  Thing,
  tainted,
  taintOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { boundNames } from './hoist.ts';
import { taintAtFirstSight, taintHanded } from './holds.ts';
import type { Code, Frame, Machine } from './machine.ts';
import { declareFunctions, executeAll } from './statements.ts';

/** Deeper calls of one function into itself are summarised: exact arguments (a decoder) may go deeper. */
const maxRecursion = 3;
const maxExactRecursion = 120;
/** A function of this many characters may run about once per visit of a page of code before its results are remembered. */
const runAllowance = 30_000;
const maxRuns = 60;
const maxExactRuns = 100_000;
const maxUncertainExactRuns = 400;
const maxMemo = 150;

export interface CallLimits {
  maxDepth: number;
}

/** Calls a function of the program. */
export function callCode(m: Machine, callee: Thing, self: Value, args: readonly Value[], limits: CallLimits): Value {
  const code = callee.code as Code;
  const exact = args.length > 0 && args.every(isExact);
  const active = m.active(code);
  if (m.depth >= limits.maxDepth || active >= (exact ? maxExactRecursion : maxRecursion)) return summary(code, args);
  // What is unlikely to run has been read once already; nothing new is in it unless its arguments are.
  if (m.unlikely && code.runs > 0 && !args.some((arg) => taintOf(arg).length > 0)) return code.result ?? unknown;
  const size = (code.node.end ?? 0) - (code.node.start ?? 0);
  const isHot =
    code.runs >=
    (exact ? (m.weak > 0 ? maxUncertainExactRuns : maxExactRuns) : Math.min(maxRuns, 3 + runAllowance / (size + 1)));
  let key: string | undefined;
  if (isHot) {
    key = signature(m, self, args);
    const known = code.memo.get(key);
    if (known !== undefined || code.memo.has(key)) return known;
    if (code.memo.size >= maxMemo) return summary(code, args);
    // Promised before it is known: a cycle gets what was there.
    code.memo.set(key, code.result ?? unknown);
  }
  const result = activate(m, callee, code, self, args);
  code.result = code.result === undefined ? result : join(code.result, result);
  if (key !== undefined) code.memo.set(key, result);
  return result;
}

function isExact(value: Value): boolean {
  const plain = plainOf(value);
  return isPrimitive(plain) && plain !== undefined;
}

/** What a function gave so far, with what it is given now. */
function summary(code: Code, args: readonly Value[]): Value {
  return tainted(
    code.result ?? unknown,
    args.reduce<Taint>((all, arg) => (all.length === 0 ? taintHanded(arg) : all), clean),
  );
}

/** Arguments that a function cannot tell apart have one signature. */
function signature(m: Machine, self: Value, args: readonly Value[]): string {
  let key = signatureOf(m, self);
  for (const arg of args) key += `|${signatureOf(m, arg)}`;
  return key;
}

function signatureOf(m: Machine, value: Value): string {
  const plain = plainOf(value);
  const taint = taintAtFirstSight(value);
  const carried = taint.length === 0 ? '' : taint.map(({ id }) => id).join(',');
  if (plain instanceof Thing) {
    return `${plain.code === undefined ? plain.kind : nameOfCode(m, plain)}:${carried}`;
  }
  if (typeof plain === 'string') return `s${plain.length}${plain.slice(0, 40)}:${carried}`;
  return `${isPrimitive(plain) ? typeof plain : 'u'}${typeof plain === 'number' ? plain : ''}:${carried}`;
}

/** Closures of one function are alike. */
function nameOfCode(m: Machine, thing: Thing): string {
  const node = 'node' in (thing.code as object) ? (thing.code as Code).node : undefined;
  return node === undefined ? `h${m.idOf(thing)}` : `f${node.start}`;
}

function activate(m: Machine, callee: Thing, code: Code, self: Value, args: readonly Value[]): Value {
  const { node } = code;
  const scope = new Scope(code.scope);
  if (node.type === 'FunctionExpression' && node.id != null) scope.declare(node.id.name, callee, m.weak);
  const frame: Frame = {
    self: code.isArrow ? code.self : self,
    returns: undefined,
    hasReturned: false,
    unlikely: undefined,
    yields: undefined,
    weak: m.weak,
    callee: code.isArrow ? m.frame.callee : callee,
    arguments: args,
  };
  code.runs++;
  return m.inFrame(code, frame, () => {
    bindParameters(m, node, args, scope);
    runBody(m, node, scope, frame);
    return resultOf(m, node, frame);
  });
}

function bindParameters(m: Machine, node: FunctionNode, args: readonly Value[], scope: Scope): void {
  node.params.forEach((parameter, index) => {
    for (const name of boundNames(parameter)) scope.declare(name, undefined, m.weak);
    if (parameter.type === 'RestElement') m.bind(parameter.argument, m.newArray(args.slice(index)), scope, true);
    else m.bind(parameter, args[index], scope, true);
  });
}

function runBody(m: Machine, node: FunctionNode, scope: Scope, frame: Frame): void {
  const { body } = node;
  if (body.type !== 'BlockStatement') {
    frame.returns = m.evaluate(body, scope);
    frame.hasReturned = true;
    return;
  }
  for (const name of m.hoisting.ofFunction(node, body.body)) {
    if (!scope.names.has(name)) scope.declare(name, undefined, m.weak);
  }
  for (const name of m.hoisting.ofBlock(body, body.body).names) scope.declare(name, undefined, m.weak);
  declareFunctions(m, body, body.body, scope);
  executeAll(m, body.body, scope);
}

function resultOf(m: Machine, node: FunctionNode, frame: Frame): Value {
  const result = frame.hasReturned ? hint(frame.returns, frame.unlikely) : frame.unlikely;
  if (node.generator !== true) return result;
  const produced = m.newArray([]);
  produced.rest = frame.yields ?? unknown;
  produced.exact = false;
  return produced;
}

/** A function's thing, with what it needs when it is called. */
export function newCode(m: Machine, node: FunctionNode, scope: Scope, home: Thing | undefined): Code {
  const isArrow = node.type === 'ArrowFunctionExpression';
  return {
    node,
    scope,
    unit: m.unit,
    self: isArrow ? m.frame.self : undefined,
    isArrow,
    home,
    memo: new Map(),
    result: undefined,
    runs: 0,
  };
}

/** Calls a function that nobody was seen calling: with arguments of which nothing is known. */
export function callUncalled(m: Machine, thing: Thing, self: Value): void {
  const { node } = thing.code as Code;
  m.perhaps(clean, false, () =>
    m.call(
      thing,
      self,
      node.params.map(() => make(unknown, clean)),
      node as Node,
    ),
  );
}
