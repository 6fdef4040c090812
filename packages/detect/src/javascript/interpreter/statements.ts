import type { BlockStatement, IfStatement, Node, ReturnStatement, SwitchStatement, TryStatement } from '@babel/types';
import { Scope } from '../abstract/scope.ts';
import { hint, join, type Value } from '../abstract/value.ts';
import { boundNames } from './hoist.ts';
import { forIn, forOf, runLoop } from './loops.ts';
import type { Completion, Machine } from './machine.ts';
import { exportNames, importNames } from './module-syntax.ts';
import { clean, sameAs, taintOfTest, truthOf } from './truth.ts';

type Executor = (m: Machine, node: never, scope: Scope) => Completion;

/**
 * Statements. Where a test is known the branch is taken; the other one is still read once, as unlikely, because what is
 * known of a long-running program may be out of date. Where nothing is known both branches are read as uncertain.
 */
export const executors: Readonly<Record<string, Executor>> = {
  ExpressionStatement: (m: Machine, node: Node & { type: 'ExpressionStatement' }, scope: Scope) => {
    m.evaluate(node.expression, scope);
    return 'normal';
  },
  VariableDeclaration: (m: Machine, node: Node & { type: 'VariableDeclaration' }, scope: Scope) => {
    for (const { id, init } of node.declarations) {
      if (init == null && node.kind === 'var') continue;
      m.bind(id, init == null ? undefined : m.evaluate(init, scope), scope, node.kind !== 'var');
    }
    return 'normal';
  },
  ClassDeclaration: (m: Machine, node: Node & { type: 'ClassDeclaration' }, scope: Scope) => {
    const value = m.evaluate(node, scope);
    if (node.id != null) m.bind(node.id, value, scope, true);
    return 'normal';
  },
  ReturnStatement: returns,
  IfStatement: branches,
  BlockStatement: (m: Machine, node: BlockStatement, scope: Scope) => m.block(node, node.body, scope),
  ForStatement: (m: Machine, node: Node & { type: 'ForStatement' }, scope: Scope) => runLoop(m, node, scope, undefined),
  WhileStatement: (m: Machine, node: Node & { type: 'WhileStatement' }, scope: Scope) =>
    runLoop(m, node, scope, undefined),
  DoWhileStatement: (m: Machine, node: Node & { type: 'DoWhileStatement' }, scope: Scope) =>
    runLoop(m, node, scope, undefined),
  ForInStatement: (m: Machine, node: Node & { type: 'ForInStatement' }, scope: Scope) =>
    forIn(m, node, scope, undefined),
  ForOfStatement: (m: Machine, node: Node & { type: 'ForOfStatement' }, scope: Scope) =>
    forOf(m, node, scope, undefined),
  SwitchStatement: switches,
  TryStatement: tries,
  ThrowStatement: (m: Machine, node: Node & { type: 'ThrowStatement' }, scope: Scope) => {
    m.evaluate(node.argument, scope);
    return 'throw';
  },
  BreakStatement: (m: Machine, node: Node & { type: 'BreakStatement' }) => jump(m, 'break', node.label?.name),
  ContinueStatement: (m: Machine, node: Node & { type: 'ContinueStatement' }) => jump(m, 'continue', node.label?.name),
  LabeledStatement: labelled,
  WithStatement: (m: Machine, node: Node & { type: 'WithStatement' }, scope: Scope) => {
    m.evaluate(node.object, scope);
    return m.execute(node.body, scope);
  },
  ImportDeclaration: importNames,
  ExportNamedDeclaration: exportNames,
  ExportDefaultDeclaration: exportNames,
  ExportAllDeclaration: exportNames,
};

function jump(m: Machine, kind: 'break' | 'continue', label: string | undefined): Completion {
  m.jumpLabel = label;
  return kind;
}

function returns(m: Machine, node: ReturnStatement, scope: Scope): Completion {
  const value: Value = node.argument == null ? undefined : m.evaluate(node.argument, scope);
  const { frame } = m;
  if (m.unlikely) frame.unlikely = join(frame.unlikely, value);
  else {
    frame.returns = frame.hasReturned ? join(frame.returns, value) : value;
    frame.hasReturned = true;
  }
  return 'return';
}

function branches(m: Machine, node: IfStatement, scope: Scope): Completion {
  const test = m.evaluate(node.test, scope);
  const truth = truthOf(test);
  if (truth !== undefined) {
    const [taken, other] = truth ? [node.consequent, node.alternate] : [node.alternate, node.consequent];
    const completion = taken == null ? 'normal' : m.execute(taken, scope);
    readOnce(m, other, scope);
    return completion;
  }
  const decides = taintOfTest(m, test);
  const first = m.perhaps(decides, false, () => m.execute(node.consequent, scope));
  const { alternate } = node;
  const second: Completion =
    alternate == null ? 'normal' : m.perhaps(decides, false, () => m.execute(alternate, scope));
  if (first !== 'normal' && second !== 'normal') return first === 'throw' ? second : first;
  if (first !== 'normal' || second !== 'normal') m.mayJump = true;
  return 'normal';
}

/** A branch that is not taken as far as known is read once, so that nothing in it goes unseen. */
function readOnce(m: Machine, node: Node | null | undefined, scope: Scope): void {
  if (node == null || m.isVisited(node)) return;
  m.visit(node);
  m.perhaps(clean, true, () => m.execute(node, scope));
}

/** Statements of a block in order; what stands behind a jump is read once. */
export function executeAll(m: Machine, statements: readonly Node[], scope: Scope): Completion {
  for (let index = 0; index < statements.length; index++) {
    const completion = m.execute(statements[index] as Node, scope);
    if (completion === 'normal') continue;
    const next = statements[index + 1];
    if (next !== undefined && !m.isVisited(next)) {
      m.visit(next);
      const label = m.jumpLabel;
      m.perhaps(clean, true, () => {
        for (const statement of statements.slice(index + 1)) if (m.execute(statement, scope) !== 'normal') break;
      });
      m.jumpLabel = label;
    }
    return completion;
  }
  return 'normal';
}

function switches(m: Machine, node: SwitchStatement, outer: Scope): Completion {
  const value = m.evaluate(node.discriminant, outer);
  const scope = new Scope(outer);
  for (const { consequent } of node.cases) {
    for (const name of m.hoisting.ofBlock(consequent[0] ?? node, consequent).names)
      scope.declare(name, undefined, m.weak);
    declareFunctions(m, consequent[0] ?? node, consequent, scope);
  }
  let certain = true;
  let start = -1;
  node.cases.forEach((one, index) => {
    if (start >= 0 || !certain || one.test == null) return;
    const same = sameAs(value, m.evaluate(one.test, scope));
    if (same === undefined) certain = false;
    else if (same) start = index;
  });
  if (!certain) return uncertainSwitch(m, node, scope, value);
  if (start < 0) start = node.cases.findIndex((one) => one.test == null);
  for (const [index, one] of node.cases.entries()) if (index !== start) readCaseOnce(m, one.consequent, scope);
  if (start < 0) return 'normal';
  for (const one of node.cases.slice(start)) {
    const completion = executeAll(m, one.consequent, scope);
    if (completion === 'break' && m.jumpLabel === undefined) return 'normal';
    if (completion !== 'normal') return completion;
  }
  return 'normal';
}

function readCaseOnce(m: Machine, statements: readonly Node[], scope: Scope): void {
  const [first] = statements;
  if (first === undefined || m.isVisited(first)) return;
  m.visit(first);
  m.perhaps(clean, true, () => executeAll(m, statements, scope));
}

function uncertainSwitch(m: Machine, node: SwitchStatement, scope: Scope, value: Value): Completion {
  const decides = taintOfTest(m, value);
  const endings = node.cases.map((one) => m.perhaps(decides, false, () => executeAll(m, one.consequent, scope)));
  const jumps = endings.filter((ending) => ending !== 'normal' && ending !== 'break');
  if (jumps.length > 0) m.mayJump = true;
  const hasDefault = node.cases.some((one) => one.test == null);
  return hasDefault && jumps.length === endings.length ? (jumps[0] as Completion) : 'normal';
}

function tries(m: Machine, node: TryStatement, scope: Scope): Completion {
  let completion = m.execute(node.block, scope);
  const { handler } = node;
  if (handler != null) {
    const handle = (): Completion => {
      const inner = new Scope(scope);
      for (const name of boundNames(handler.param)) inner.declare(name, undefined, m.weak);
      if (handler.param != null) m.bind(handler.param, m.newThing('object'), inner, true);
      return m.execute(handler.body, inner);
    };
    if (completion === 'throw') completion = handle();
    else m.perhaps(clean, true, handle);
  }
  if (node.finalizer != null) {
    const label = m.jumpLabel;
    const last = m.execute(node.finalizer, scope);
    if (last !== 'normal') return last;
    m.jumpLabel = label;
  }
  return completion;
}

function labelled(m: Machine, node: Node & { type: 'LabeledStatement' }, scope: Scope): Completion {
  const { name } = node.label;
  const { body } = node;
  let completion: Completion;
  if (body.type === 'ForStatement' || body.type === 'WhileStatement' || body.type === 'DoWhileStatement') {
    completion = runLoop(m, body, scope, name);
  } else if (body.type === 'ForOfStatement') completion = forOf(m, body, scope, name);
  else if (body.type === 'ForInStatement') completion = forIn(m, body, scope, name);
  else completion = m.execute(body, scope);
  return completion === 'break' && m.jumpLabel === name ? 'normal' : completion;
}

/** Puts the functions of a block where their names are, before its first statement. */
export function declareFunctions(m: Machine, owner: Node, statements: readonly Node[], scope: Scope): void {
  for (const node of m.hoisting.ofBlock(owner, statements).functions) {
    if (node.id == null) continue;
    const old = scope.names.get(node.id.name)?.value;
    scope.declare(
      node.id.name,
      old === undefined ? m.newFunction(node, scope) : hint(m.newFunction(node, scope), old),
      m.weak,
    );
  }
}
