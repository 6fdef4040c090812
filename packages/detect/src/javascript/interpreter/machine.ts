import type { File, Function as FunctionNode, Node } from '@babel/types';
import type { EffectKind } from '../abstract/effect.ts';
import type { Certainty, Scope } from '../abstract/scope.ts';
import type { Label, Source, Taint } from '../abstract/taint.ts';
import type { Thing, Value } from '../abstract/value.ts';
import type { Hoisting } from './hoist.ts';

/** How a statement ended. `maybe…` jumps are `normal`: what follows them may run, too. */
export type Completion = 'normal' | 'return' | 'break' | 'continue' | 'throw';

/** The file that the running code stands in. Decoded code stands where it is evaluated. */
export interface Unit {
  path: string;
  /** Set for code that was made at run time: the place that runs it. */
  madeAt: Node | undefined;
  /** How often code was made by made code. */
  layer: number;
}

/** One activation of a function or module. */
export interface Frame {
  self: Value;
  returns: Value;
  hasReturned: boolean;
  /** Returned only where nothing should lead. */
  unlikely: Value;
  yields: Value;
  weak: number;
  /** The function's own thing: its `home` gives `super`. */
  callee: Thing | undefined;
  arguments: readonly Value[];
}

/** What stands behind a function's thing. */
export interface Code {
  node: FunctionNode;
  scope: Scope;
  unit: Unit;
  /** `this` of arrow functions. */
  self: Value;
  isArrow: boolean;
  /** Object or class prototype that a method belongs to. */
  home: Thing | undefined;
  memo: Map<string, Value>;
  result: Value;
  runs: number;
}

/** Work done by the runtime or by the interpreter itself when a function is called. */
export interface Host {
  run(call: NativeCall): Value;
}

export interface NativeCall {
  machine: Machine;
  /** Name of what is called, e.g. `require:fs.readFileSync`. */
  path: string;
  self: Value;
  args: readonly Value[];
  node: Node;
  isNew: boolean;
}

export interface EffectDraft {
  kind: EffectKind;
  node: Node;
  what: string;
  /** Values that reach it, with all they hold. */
  inputs: readonly Value[];
  destination?: Value;
  texts?: readonly string[];
}

/** What interpreting code needs of each other: statements, expressions, calls and the models of the runtime. */
export interface Machine extends Certainty {
  readonly hoisting: Hoisting;
  readonly globals: Thing;
  /** Values of literals that took some looking at. */
  readonly literals: Map<Node, Value>;
  /** What the runtime's names stand for. */
  readonly nativeKinds: Map<string, string>;
  unit: Unit;
  frame: Frame;
  /** Sources of the tests of open branches. */
  control: Taint;
  /** What a jump was aimed at, while it is under way. */
  jumpLabel: string | undefined;
  /** A break or return stood in a branch that may not be taken. */
  mayJump: boolean;
  /** Where we are, for what happens without a node of its own. */
  readonly hereNode: Node;

  evaluate(node: Node | null | undefined, scope: Scope): Value;
  execute(node: Node, scope: Scope): Completion;
  block(owner: Node, statements: readonly Node[], scope: Scope): Completion;
  bind(pattern: Node, value: Value, scope: Scope, declares: boolean): void;

  get(object: Value, key: Value, node: Node): Value;
  set(object: Value, key: Value, value: Value, node: Node | undefined): void;
  call(callee: Value, self: Value, args: readonly Value[], node: Node): Value;
  callMethod(object: Value, key: Value, args: readonly Value[], node: Node): Value;
  construct(callee: Value, args: readonly Value[], node: Node): Value;
  /** Calls every function among `callbacks` with these arguments, in a branch that may not happen. */
  callBack(callbacks: readonly Value[], args: readonly Value[], node: Node): Value;

  newThing(kind: Thing['kind']): Thing;
  newObject(fields: Readonly<Record<string, Value>>): Thing;
  newArray(items: readonly Value[]): Thing;
  newBytes(bytes: Uint8Array | undefined, taint: Taint): Thing;
  newNative(path: string, taint?: Taint): Thing;
  newHost(host: Host): Thing;
  newFunction(node: FunctionNode, scope: Scope, home?: Thing): Thing;

  /** Everything a value holds, members included. */
  holds(value: Value): Taint;
  source(label: Label, node: Node, what: string, name?: string, size?: number): Source;
  effect(draft: EffectDraft): void;

  /** Runs `work` as something that may not happen; `test` decided. */
  perhaps<T>(test: Taint, unlikely: boolean, work: () => T): T;
  isVisited(node: Node): boolean;
  visit(node: Node): void;
  /** Counts one step; throws {@link OutOfSteps} when none is left. */
  step(): void;
  readonly stepsLeft: number;
  /** How deep in calls we are, and how often this function is being run. */
  readonly depth: number;
  active(code: Code): number;
  idOf(thing: Thing): number;
  /** Text of a function, as its `toString` gives it. */
  sourceOf(thing: Thing): string | undefined;
  /** `require` of everything that `request` may be. */
  requireAny(request: Value, node: Node): Value;
  resolveAny(request: Value, node: Node): Value;
  importMeta(): Value;
  inFrame(code: Code, frame: Frame, work: () => Value): Value;
  withSelf(self: Value, work: () => Value): Value;

  /** Something that runs text as code: records it, and interprets the text where it is known. */
  evaluateText(code: Value, node: Node, scope: Scope | undefined, what?: string, parameters?: readonly string[]): Value;

  /** Bytes of a file of the package, by its path inside it. */
  packaged(path: string): Uint8Array | undefined;
  hasPackaged(path: string): boolean;
  listPackaged(folder: string): string[];
  /** What was written to paths outside the package, or sent between threads, by name. */
  readonly stores: Map<string, Value>;
}

export class OutOfSteps extends Error {}

export type ParsedFile = { ast: File } | { failure: string };

/** The frame of a call that has not begun. `weak` is the depth of branches at which it is made. */
export function newFrame(self: Value, weak: number): Frame {
  return {
    self,
    returns: undefined,
    hasReturned: false,
    unlikely: undefined,
    yields: undefined,
    weak,
    callee: undefined,
    arguments: [],
  };
}
