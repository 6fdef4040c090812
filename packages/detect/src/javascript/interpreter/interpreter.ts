import type { Function as FunctionNode, Node } from '@babel/types';
import type { Effect } from '../abstract/effect.ts';
import { Scope } from '../abstract/scope.ts';
import { clean, type Label, type Source, type Taint, union, unionAll } from '../abstract/taint.ts';
import { alternatives, join, Thing, thingsOf, unknown, type Value } from '../abstract/value.ts';
import { callMember, callValue, constructValue } from './calls.ts';
import { anyInstanceOf } from './classes.ts';
import { evaluators } from './expressions.ts';
import { type CallLimits, callUncalled, newCode } from './functions.ts';
import { Hoisting } from './hoist.ts';
import { taintHeld } from './holds.ts';
import {
  type Code,
  type Completion,
  type EffectDraft,
  type Frame,
  type Host,
  type Machine,
  newFrame,
  OutOfSteps,
  type Unit,
} from './machine.ts';
import { getMember, setMember } from './members.ts';
import type { ModuleLoader } from './modules.ts';
import { bindPattern } from './patterns.ts';
import { destinationText, placeOf } from './places.ts';
import { declareFunctions, executeAll, executors } from './statements.ts';

export interface InterpreterLimits extends CallLimits {
  /** Nodes visited in all. */
  maxSteps: number;
}

const maxKeptTexts = 4;
const maxDestinations = 8;
const maxFunctions = 100_000;
const maxStepsOfUncalled = 60_000;
const maxStepsOfModule = 1_500_000;

/** The abstract interpreter of one package: its state, and the parts it is put together from. */
export class Interpreter implements Machine {
  readonly hoisting = new Hoisting();
  readonly globals: Thing;
  readonly literals = new Map<Node, Value>();
  readonly nativeKinds = new Map<string, string>();
  readonly stores = new Map<string, Value>();
  readonly effects = new Map<string, Effect>();
  unit: Unit = { path: '', madeAt: undefined, layer: 0 };
  frame: Frame;
  weak = 0;
  unlikely = false;
  control: Taint = clean;
  jumpLabel: string | undefined;
  mayJump = false;
  depth = 0;
  hereNode: Node;
  /** Pieces of work that used up their share. */
  cutOff = 0;
  readonly #limits: InterpreterLimits;
  readonly #loader: ModuleLoader;
  readonly #natives = new Map<string, Thing>();
  readonly #sources = new Map<Node, Source[]>();
  readonly #visited = new Set<Node>();
  readonly #active = new Map<Code, number>();
  readonly #ids = new WeakMap<Thing, number>();
  readonly #run = new Set<Node>();
  #functions: Thing[] = [];
  #steps = 0;
  #stop: number;
  #sourceCount = 0;
  #thingCount = 0;

  constructor(limits: InterpreterLimits, loader: ModuleLoader, start: Node) {
    this.#limits = limits;
    this.#stop = limits.maxSteps;
    this.#loader = loader;
    this.hereNode = start;
    this.globals = this.newNative('');
    this.frame = newFrame(undefined, 0);
  }

  evaluate(node: Node | null | undefined, scope: Scope): Value {
    if (node == null) return undefined;
    this.step();
    const evaluator = evaluators[node.type];
    return evaluator === undefined ? this.#other(node, scope) : evaluator(this, node as never, scope);
  }

  /** Syntax without a meaning of its own here: only functions and calls inside it matter, and those are rare. */
  #other(node: Node, scope: Scope): Value {
    if (node.type === 'SpreadElement') return this.evaluate(node.argument, scope);
    return node.type === 'ImportExpression' ? this.requireAny(this.evaluate(node.source, scope), node) : unknown;
  }

  execute(node: Node, scope: Scope): Completion {
    this.step();
    const executor = executors[node.type];
    return executor === undefined ? 'normal' : executor(this, node as never, scope);
  }

  block(owner: Node, statements: readonly Node[], outer: Scope): Completion {
    const { names, functions } = this.hoisting.ofBlock(owner, statements);
    if (names.length === 0 && functions.length === 0) return executeAll(this, statements, outer);
    const scope = new Scope(outer);
    for (const name of names) scope.declare(name, undefined, this.weak);
    declareFunctions(this, owner, statements, scope);
    return executeAll(this, statements, scope);
  }

  bind(pattern: Node, value: Value, scope: Scope, declares: boolean): void {
    bindPattern(this, pattern, value, scope, declares);
  }

  get(object: Value, key: Value, node: Node): Value {
    return getMember(this, object, key, node);
  }

  set(object: Value, key: Value, value: Value, node: Node | undefined): void {
    setMember(this, object, key, value, node ?? this.hereNode);
  }

  call(callee: Value, self: Value, args: readonly Value[], node: Node): Value {
    return callValue(this, callee, self, args, node, this.#limits);
  }

  callMethod(object: Value, key: Value, args: readonly Value[], node: Node): Value {
    return callMember(this, object, key, args, node);
  }

  construct(callee: Value, args: readonly Value[], node: Node): Value {
    return constructValue(this, callee, args, node);
  }

  callBack(callbacks: readonly Value[], args: readonly Value[], node: Node): Value {
    let result: Value;
    for (const callback of callbacks) {
      for (const thing of thingsOf(callback)) {
        if (thing.kind !== 'function') continue;
        result = join(
          result,
          this.perhaps(clean, false, () => this.call(thing, undefined, args, node)),
        );
      }
    }
    return result;
  }

  newThing(kind: Thing['kind']): Thing {
    return new Thing(kind, this.weak);
  }

  newObject(fields: Readonly<Record<string, Value>>): Thing {
    const thing = this.newThing('object');
    thing.fields = new Map(Object.entries(fields));
    return thing;
  }

  newArray(items: readonly Value[]): Thing {
    const thing = this.newThing('array');
    thing.items = [...items];
    return thing;
  }

  newBytes(bytes: Uint8Array | undefined, taint: Taint): Thing {
    const thing = this.newThing('bytes');
    thing.bytes = bytes;
    thing.exact = bytes !== undefined;
    thing.taint = taint;
    return thing;
  }

  newNative(path: string, taint: Taint = clean): Thing {
    const isShared = taint.length === 0 && !path.includes('(') && path !== 'process.env';
    const known = isShared ? this.#natives.get(path) : undefined;
    if (known !== undefined) return known;
    const thing = new Thing('native', isShared ? 0 : this.weak);
    thing.native = path;
    thing.taint = taint;
    if (isShared) this.#natives.set(path, thing);
    return thing;
  }

  newHost(host: Host): Thing {
    const thing = this.newThing('function');
    thing.code = host;
    return thing;
  }

  newFunction(node: FunctionNode, scope: Scope, home?: Thing): Thing {
    const thing = this.newThing('function');
    thing.code = newCode(this, node, scope, home);
    if (this.#functions.length < maxFunctions && !this.#run.has(node)) this.#functions.push(thing);
    return thing;
  }

  holds(value: Value): Taint {
    return taintHeld(value);
  }

  source(label: Label, node: Node, what: string, name = '', size = 0): Source {
    const at = this.unit.madeAt ?? node;
    const known = this.#sources.get(at) ?? [];
    const same = known.find((source) => source.label === label && source.name === name);
    if (same !== undefined) return same;
    const place = placeOf(this.unit, at, what);
    const source: Source = { ...place, id: ++this.#sourceCount, label, name, size, isDigest: false };
    known.push(source);
    this.#sources.set(at, known);
    return source;
  }

  effect(draft: EffectDraft): void {
    const at = this.unit.madeAt ?? draft.node;
    const key = `${draft.kind}:${this.unit.path}:${at.start}:${this.unit.layer}`;
    let effect = this.effects.get(key);
    if (effect === undefined) {
      effect = {
        ...placeOf(this.unit, at, draft.what),
        kind: draft.kind,
        taint: clean,
        control: clean,
        destinations: new Set(),
        destinationTaint: clean,
        texts: new Set(),
      };
      this.effects.set(key, effect);
    }
    effect.taint = unionAll([effect.taint, ...draft.inputs.map((input) => this.holds(input))]);
    effect.control = union(effect.control, this.control);
    effect.destinationTaint = union(effect.destinationTaint, this.holds(draft.destination));
    for (const plain of draft.destination === undefined ? [] : alternatives(draft.destination)) {
      if (effect.destinations.size < maxDestinations) effect.destinations.add(destinationText(plain));
    }
    for (const text of draft.texts ?? []) if (effect.texts.size < maxKeptTexts) effect.texts.add(text);
  }

  perhaps<T>(test: Taint, unlikely: boolean, work: () => T): T {
    const { control, unlikely: before } = this;
    this.weak++;
    this.unlikely ||= unlikely;
    this.control = union(control, test);
    try {
      return work();
    } finally {
      this.weak--;
      this.unlikely = before;
      this.control = control;
    }
  }

  isVisited(node: Node): boolean {
    return this.#visited.has(node);
  }

  visit(node: Node): void {
    this.#visited.add(node);
  }

  step(): void {
    if (++this.#steps > this.#stop) throw new OutOfSteps();
  }

  get stepsLeft(): number {
    return this.#stop - this.#steps;
  }

  get stepsTaken(): number {
    return this.#steps;
  }

  /**
   * Does one piece of work with a share of the steps: one endless loop must not keep the rest from being read.
   *
   * *Errors:* `OutOfSteps` when nothing is left for any piece.
   */
  share(maxSteps: number, work: () => void): void {
    const before = this.#stop;
    this.#stop = Math.min(before, this.#steps + maxSteps);
    try {
      work();
    } catch (error) {
      if (!(error instanceof OutOfSteps)) throw error;
      this.cutOff++;
    } finally {
      this.#stop = before;
    }
    if (this.#steps >= before) throw new OutOfSteps();
  }

  active(code: Code): number {
    return this.#active.get(code) ?? 0;
  }

  idOf(thing: Thing): number {
    const known = this.#ids.get(thing) ?? ++this.#thingCount;
    this.#ids.set(thing, known);
    return known;
  }

  inFrame(code: Code, frame: Frame, work: () => Value): Value {
    const before = { unit: this.unit, frame: this.frame, mayJump: this.mayJump, jumpLabel: this.jumpLabel };
    this.#run.add(code.node);
    this.#active.set(code, this.active(code) + 1);
    this.unit = code.unit;
    this.frame = frame;
    this.depth++;
    try {
      return work();
    } finally {
      this.depth--;
      Object.assign(this, before);
      this.#active.set(code, this.active(code) - 1);
    }
  }

  withSelf(self: Value, work: () => Value): Value {
    const before = this.frame;
    this.frame = { ...newFrame(self, this.weak), callee: before.callee };
    try {
      return work();
    } finally {
      this.frame = before;
    }
  }

  sourceOf(thing: Thing): string | undefined {
    const code = thing.code as Partial<Code> | undefined;
    if (code?.node === undefined || code.unit?.madeAt !== undefined) return undefined;
    return this.#loader.textOf(code.unit?.path ?? '')?.slice(code.node.start ?? 0, code.node.end ?? 0);
  }

  requireAny(request: Value, node: Node): Value {
    return this.#loader.requireAny(this, request, node);
  }

  resolveAny(request: Value, node: Node): Value {
    return this.#loader.resolveAny(this, request, node);
  }

  importMeta(): Value {
    return this.#loader.importMeta(this);
  }

  evaluateText(
    code: Value,
    node: Node,
    scope: Scope | undefined,
    what = 'eval',
    parameters: readonly string[] = [],
  ): Value {
    return this.#loader.evaluateText(this, code, node, scope, what, parameters);
  }

  packaged(path: string): Uint8Array | undefined {
    return this.#loader.bytesOf(path);
  }

  hasPackaged(path: string): boolean {
    return this.#loader.bytesOf(path) !== undefined;
  }

  listPackaged(folder: string): string[] {
    return this.#loader.list(folder);
  }

  /** Runs files of the package as modules, then the functions that nothing called. */
  read(roots: readonly string[]): void {
    for (const root of roots) this.share(maxStepsOfModule, () => this.#loader.run(this, root));
    this.sweep();
  }

  /** Functions that nothing called: each is called once, with arguments of which nothing is known. */
  sweep(): void {
    for (let waiting = this.#functions; waiting.length > 0; waiting = this.#functions) {
      this.#functions = [];
      for (const thing of waiting) {
        const code = thing.code as Code;
        if (this.#run.has(code.node)) continue;
        this.hereNode = code.node;
        this.share(maxStepsOfUncalled, () => callUncalled(this, thing, this.#selfFor(code)));
      }
    }
  }

  #selfFor(code: Code): Value {
    const { home } = code;
    if (home === undefined) return undefined;
    const [owner] = thingsOf(home.fields?.get('constructor'));
    return owner?.kind === 'class' ? anyInstanceOf(this, owner, code.node) : home;
  }
}
