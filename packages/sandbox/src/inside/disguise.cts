import type { AnyFunction, Disguise, Kit, Primordials, Replacement, Runtime } from './kit.ts';

/**
 * Replaces functions so that package code finds what it expects: same name, length, own properties, prototype and source
 * text; a trapped property still reads as the data property it was; a proxy is not reported as one.
 *
 * *Limits:* a fresh realm (`vm.runInNewContext('Function.prototype.toString')`) still shows a wrapper's own text.
 */
function makeDisguise(
  p: Primordials,
  runtime: Runtime,
  guard: Kit['guard'],
  onAssign: (label: string, value: unknown) => void,
): Disguise {
  const originals = p.weakMap<object, unknown>();
  const proxies = p.weakMap<object, true>();
  const traps = p.weakMap<object, { value: unknown; writable: boolean }>();
  const { Function: FunctionConstructor, Object: ObjectConstructor, Reflect: ReflectObject } = runtime.global;

  function imitate<F extends AnyFunction>(replacement: F, original: unknown): F {
    const source = original as object;
    const keys = p.ownKeys(source);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as PropertyKey;
      const descriptor = p.descriptor(source, key);
      if (descriptor !== undefined) p.define(replacement, key, descriptor);
    }
    const prototype = p.prototypeOf(source);
    if (prototype !== p.prototypeOf(replacement)) p.setPrototypeOf(replacement, prototype);
    originals.set(replacement, original);
    return replacement;
  }

  /** Keeps every attribute but the value. */
  function put(target: object, key: PropertyKey, value: unknown): void {
    const before = p.descriptor(target, key);
    p.define(target, key, {
      value,
      writable: before?.writable ?? true,
      enumerable: before?.enumerable ?? true,
      configurable: before?.configurable ?? true,
    });
  }

  function shell(original: unknown, run: Replacement): AnyFunction {
    // A method of an object literal has no `prototype` and cannot be constructed, like most of what is replaced.
    const { method } = {
      method(this: unknown, ...args: unknown[]): unknown {
        return run(original, this, args);
      },
    };
    return imitate(method, original);
  }

  const replace: Disguise['replace'] = (target, key, run) => {
    const original = p.get(target, key);
    if (typeof original === 'function') put(target, key, shell(original, run));
  };

  const replaceGetter: Disguise['replaceGetter'] = (target, key, run) => {
    const descriptor = p.descriptor(target, key);
    if (descriptor?.get !== undefined)
      p.define(target, key, { ...descriptor, get: shell(descriptor.get, run) as () => unknown });
  };

  const observe: Disguise['observe'] = (target, key, before) =>
    replace(target, key, (original, self, args) => {
      guard(() => before(args, self));
      return p.apply(original, self, args);
    });

  const observeConstructor: Disguise['observeConstructor'] = (target, key, before, after) => {
    const original = p.get(target, key);
    if (typeof original !== 'function') return;
    function Imitation(this: unknown, ...args: unknown[]): unknown {
      let given: ArrayLike<unknown> = args;
      guard(() => {
        given = before(args) ?? args;
      });
      try {
        // `new.target` tells a call from a construction; a class throws for the former by itself.
        if (new.target === undefined) return p.apply(original, this, given);
        return p.construct(original, given, new.target === Imitation ? original : new.target);
      } finally {
        if (after !== undefined) guard(after);
      }
    }
    const prototype = p.get(original, 'prototype');
    put(target, key, imitate(Imitation as AnyFunction, original));
    const hasPrototype = (typeof prototype === 'object' || typeof prototype === 'function') && prototype !== null;
    if (hasPrototype && p.get(prototype, 'constructor') === original) {
      put(prototype, 'constructor', Imitation);
    }
  };

  const trap: Disguise['trap'] = (target, key, label) => {
    const before = p.descriptor(target, key);
    if (before === undefined || !before.configurable) return;
    const cell = { value: p.get(target, key), writable: before.writable ?? true };
    const accessor = {
      get: () => cell.value,
      set(this: unknown, value: unknown) {
        if (value !== cell.value) guard(() => onAssign(label, value));
        // Inherited: assignment makes an own property of the receiver, as it does without a trap.
        if (this === target || this === undefined) cell.value = value;
        else p.define(this as object, key, { value, writable: true, enumerable: true, configurable: true });
      },
    };
    p.define(target, key, { ...accessor, enumerable: before.enumerable ?? true, configurable: true });
    traps.set(accessor.get, cell);
  };

  function plain(descriptor: PropertyDescriptor | undefined): PropertyDescriptor | undefined {
    const getter = descriptor?.get;
    const cell = getter === undefined ? undefined : traps.get(getter);
    if (descriptor === undefined || cell === undefined) return descriptor;
    return {
      value: cell.value,
      writable: cell.writable,
      enumerable: descriptor.enumerable ?? true,
      configurable: descriptor.configurable ?? true,
    };
  }

  const showPlain: Replacement = (original, self, args) =>
    plain(p.apply(original, self, args) as PropertyDescriptor | undefined);
  replace(ObjectConstructor, 'getOwnPropertyDescriptor', showPlain);
  replace(ReflectObject, 'getOwnPropertyDescriptor', showPlain);
  replace(ObjectConstructor, 'getOwnPropertyDescriptors', (original, self, args) => {
    const all = p.apply(original, self, args) as Record<PropertyKey, PropertyDescriptor>;
    const keys = p.ownKeys(all);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as PropertyKey;
      const shown = plain(all[key]);
      if (shown !== all[key] && shown !== undefined) all[key] = shown;
    }
    return all;
  });
  replace(FunctionConstructor.prototype, 'toString', (original, self) =>
    p.apply(original, typeof self === 'function' ? (originals.get(self) ?? self) : self, []),
  );
  const types = runtime.require('node:util/types') as typeof import('node:util/types');
  replace(types, 'isProxy', (original, self, args) => {
    const value = args[0];
    return typeof value === 'object' && value !== null && proxies.has(value) ? false : p.apply(original, self, args);
  });

  return {
    observe,
    replace,
    replaceGetter,
    observeConstructor,
    trap,
    shownDescriptor: (target, key) => plain(p.descriptor(target, key)),
    hideProxy: (proxy) => proxies.set(proxy, true),
  };
}

module.exports = makeDisguise;
