import type {
  DoWhileStatement,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  Node,
  Statement,
  WhileStatement,
} from '@babel/types';
import { Scope } from '../abstract/scope.ts';
import { clean, type Taint } from '../abstract/taint.ts';
import { join, unknown, type Value } from '../abstract/value.ts';
import { elementsOf } from './elements.ts';
import { boundNames } from './hoist.ts';
import { keysOf } from './keys.ts';
import type { Completion, Machine } from './machine.ts';
import { taintOfTest, truthOf } from './truth.ts';

/** A decoder may turn this often; a loop that nothing is known of is read twice, so that a value can come round. */
const maxTurns = 400_000;
const maxSteps = 1_400_000;
/** In a branch that may not happen, less is worth knowing. */
const maxUncertainTurns = 2000;
const maxUncertainSteps = 15_000;
/** A loop that did not end within its bounds will not do so the next time. */
const maxEndlessTurns = 20;
const uncertainTurns = 2;

type Loop = ForStatement | WhileStatement | DoWhileStatement;

/**
 * Runs a loop as long as its test is known, as decoders need; as soon as it is not, reads the body as uncertain.
 *
 * *Shape:* `label` is the loop's own, for `continue label`.
 */
export function runLoop(m: Machine, node: Loop, outer: Scope, label: string | undefined): Completion {
  let scope = outer;
  if (node.type === 'ForStatement') {
    scope = new Scope(outer);
    if (node.init?.type === 'VariableDeclaration') m.execute(node.init, scope);
    else if (node.init != null) m.evaluate(node.init, scope);
  }
  const update = node.type === 'ForStatement' ? node.update : undefined;
  const before = m.mayJump;
  const stop = m.stepsLeft - (m.weak > 0 ? maxUncertainSteps : maxSteps);
  const turns = m.isVisited(node) ? maxEndlessTurns : m.weak > 0 ? maxUncertainTurns : maxTurns;
  for (let turn = 0; ; turn++) {
    if (turn > 0 || node.type !== 'DoWhileStatement') {
      const test = node.test == null ? true : m.evaluate(node.test, scope);
      const truth = truthOf(test);
      if (truth === false) {
        if (turn === 0 && !m.isVisited(node.body)) {
          m.visit(node.body);
          m.perhaps(clean, true, () => m.execute(node.body, scope));
        }
        m.mayJump = before;
        return 'normal';
      }
      const isEndless = turn > turns || m.stepsLeft < stop;
      if (isEndless) m.visit(node);
      if (truth === undefined || isEndless) {
        uncertain(m, node.body, scope, update, taintOfTest(m, test));
        m.mayJump ||= before;
        return 'normal';
      }
    }
    m.mayJump = false;
    const completion = m.execute(node.body, scope);
    const ending = afterTurn(m, completion, label);
    if (ending !== undefined) {
      m.mayJump = before;
      return ending;
    }
    if (m.mayJump) {
      uncertain(m, node.body, scope, update, clean);
      m.mayJump ||= before;
      return 'normal';
    }
    if (update != null) m.evaluate(update, scope);
    if (node.type === 'ForStatement') scope = freshTurn(scope, node, outer, m);
  }
}

/** Closures made in one turn keep that turn's names. */
function freshTurn(scope: Scope, node: ForStatement, outer: Scope, m: Machine): Scope {
  if (node.init?.type !== 'VariableDeclaration' || node.init.kind === 'var') return scope;
  const next = new Scope(outer);
  for (const [name, binding] of scope.names) next.declare(name, binding.value, m.weak);
  return next;
}

/** What a body's ending means for its loop: undefined goes on. */
function afterTurn(m: Machine, completion: Completion, label: string | undefined): Completion | undefined {
  if (completion === 'normal') return undefined;
  if (completion === 'break') return m.jumpLabel === undefined ? 'normal' : completion;
  if (completion === 'continue') {
    return m.jumpLabel === undefined || m.jumpLabel === label ? undefined : completion;
  }
  return completion;
}

function uncertain(m: Machine, body: Statement, scope: Scope, update: Node | null | undefined, test: Taint): void {
  m.perhaps(test, false, () => {
    for (let turn = 0; turn < uncertainTurns; turn++) {
      m.execute(body, scope);
      if (update != null) m.evaluate(update, scope);
    }
  });
}

export function forOf(m: Machine, node: ForOfStatement, outer: Scope, label: string | undefined): Completion {
  const { items, any } = elementsOf(m, m.evaluate(node.right, outer));
  return overElements(m, node, outer, label, items, any);
}

export function forIn(m: Machine, node: ForInStatement, outer: Scope, label: string | undefined): Completion {
  const value = m.evaluate(node.right, outer);
  const { keys, any } = keysOf(m, value, node);
  return overElements(m, node, outer, label, keys, any);
}

function overElements(
  m: Machine,
  node: ForOfStatement | ForInStatement,
  outer: Scope,
  label: string | undefined,
  items: readonly Value[] | undefined,
  any: Value,
): Completion {
  const before = m.mayJump;
  const turn = (value: Value): Completion => {
    const scope = new Scope(outer);
    if (node.left.type === 'VariableDeclaration') {
      const { kind, declarations } = node.left;
      for (const { id } of declarations) {
        if (kind !== 'var') for (const name of boundNames(id)) scope.declare(name, undefined, m.weak);
        m.bind(id, value, scope, kind !== 'var');
      }
    } else m.bind(node.left, value, scope, false);
    return m.execute(node.body, scope);
  };
  const stop = m.stepsLeft - (m.weak > 0 ? maxUncertainSteps : maxSteps);
  for (const item of items ?? []) {
    m.mayJump = false;
    const ending = afterTurn(m, turn(item), label);
    if (ending !== undefined) {
      m.mayJump = before;
      return ending;
    }
    if (m.mayJump) return restOf(m, turn, join(any, joinItems(items ?? [])), before);
    if (m.stepsLeft < stop) break;
  }
  if (items === undefined || any !== undefined) return restOf(m, turn, any === undefined ? unknown : any, before);
  m.mayJump = before;
  return 'normal';
}

function joinItems(items: readonly Value[]): Value {
  return items.slice(0, 64).reduce((all, one) => join(all, one), undefined as Value);
}

/** The turns that nobody can count, with any of the elements. */
function restOf(m: Machine, turn: (value: Value) => Completion, any: Value, before: boolean): Completion {
  m.perhaps(clean, false, () => {
    for (let count = 0; count < uncertainTurns; count++) turn(any);
  });
  m.mayJump ||= before;
  return 'normal';
}
