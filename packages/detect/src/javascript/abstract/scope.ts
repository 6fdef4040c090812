import { hint, join, type Thing, type Value } from './value.ts';

/** A name's value. A `link` reads a member of a module instead: imports are live. */
export class Binding {
  value: Value;
  readonly weak: number;
  readonly link: { thing: Thing; key: string } | undefined;

  constructor(value: Value, weak: number, link?: { thing: Thing; key: string }) {
    this.value = value;
    this.weak = weak;
    this.link = link;
  }
}

/** Names of one block, function or module. */
export class Scope {
  readonly names = new Map<string, Binding>();
  readonly parent: Scope | undefined;

  constructor(parent?: Scope) {
    this.parent = parent;
  }

  find(name: string): Binding | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const binding = scope.names.get(name);
      if (binding !== undefined) return binding;
    }
    return undefined;
  }

  declare(name: string, value: Value, weak: number): void {
    this.names.set(name, new Binding(value, weak));
  }
}

/** How sure the interpreter is that what it runs happens. */
export interface Certainty {
  /** Open branches of which nobody knows whether they are taken. */
  weak: number;
  /** Inside a branch that, as far as known, is not taken. */
  unlikely: boolean;
}

/** Stores a value where one was: for certain only in the branch that made the place. */
export function updated(old: Value, value: Value, madeAt: number, now: Certainty): Value {
  if (now.weak <= madeAt) return value;
  return now.unlikely ? hint(old, value) : join(old, value);
}
