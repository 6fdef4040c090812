import type { Callable, Shapes, World } from './drive.ts';

/** Finds what can be called in what a package exports: functions, classes, methods of objects, three levels deep. */
function makeShapes(_world: World): Shapes {
  const maxDepth = 3;
  const maxKeys = 400;
  const maxText = 4000;
  const functionText = Function.prototype.toString;
  const skipped = new Set([
    'length',
    'name',
    'prototype',
    'constructor',
    'caller',
    'arguments',
    '__esModule',
    '__proto__',
    'toString',
    'valueOf',
    'toJSON',
    'hasOwnProperty',
    'isPrototypeOf',
    'inspect',
  ]);

  function textOf(fn: unknown): string {
    try {
      return Reflect.apply(functionText, fn, []).slice(0, maxText);
    } catch {
      // A revoked proxy: it has no text.
      return '';
    }
  }

  function read(holder: object, key: string): unknown {
    try {
      return Reflect.get(holder, key);
    } catch {
      // A getter that throws exports nothing.
      return undefined;
    }
  }

  function keysOf(holder: object): string[] {
    try {
      return Reflect.ownKeys(holder)
        .filter((key): key is string => typeof key === 'string' && !skipped.has(key))
        .slice(0, maxKeys);
    } catch {
      // A proxy that refuses.
      return [];
    }
  }

  function isClass(fn: object, text: string): boolean {
    if (/^class\b/.test(text)) return true;
    const prototype = read(fn, 'prototype');
    return typeof prototype === 'object' && prototype !== null && keysOf(prototype).length > 0;
  }

  /** Top-level parameters of a function's text: `(a, {b, c}, ...d) =>` gives `a`, `{b,c}`, `d`. */
  function parametersOf(text: string): string[] {
    const source = /^class\b/.test(text) ? (/\bconstructor\s*(\([\s\S]*)/.exec(text)?.[1] ?? '()') : text;
    const single = /^(?:async\s+)?([A-Za-z_$][\w$]*)\s*=>/.exec(source);
    if (single !== null) return [single[1] ?? ''];
    const list: string[] = [];
    let depth = 0;
    let current = '';
    for (let i = source.indexOf('('); i !== -1 && i < source.length; i++) {
      const char = source.charAt(i);
      if ('([{'.includes(char)) depth += 1;
      if (')]}'.includes(char)) depth -= 1;
      if (depth === 0) break;
      if (depth === 1 && char === ',') {
        list.push(current);
        current = '';
      } else if (depth > 1 || char !== '(') current += char;
    }
    list.push(current);
    return list.map(nameOf).filter((name) => name !== '');
  }

  function nameOf(parameter: string): string {
    const plain = parameter
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .trim()
      .replace(/^\.\.\./, '');
    if (!plain.startsWith('{')) return /^[A-Za-z_$][\w$]*/.exec(plain)?.[0] ?? (plain === '' ? '' : 'value');
    const names = [...plain.matchAll(/(?:^\{|,)\s*(?:\.\.\.)?([A-Za-z_$][\w$]*)/g)].map((match) => match[1]);
    return `{${names.slice(0, 20).join(',')}}`;
  }

  function callable(fn: unknown, self: unknown, path: string): Callable {
    const text = textOf(fn);
    return {
      path,
      fn: fn as Callable['fn'],
      self,
      isClass: isClass(fn as object, text),
      parameters: parametersOf(text),
    };
  }

  return {
    find(exports, name, most) {
      const found: Callable[] = [];
      const seen = new Set<unknown>();
      const queue: { value: unknown; self: unknown; path: string; depth: number }[] = [
        { value: exports, self: undefined, path: name, depth: 0 },
      ];
      for (let item = queue.shift(); item !== undefined && found.length < most; item = queue.shift()) {
        const { value, self, path, depth } = item;
        const isFunction = typeof value === 'function';
        if ((!isFunction && (typeof value !== 'object' || value === null)) || seen.has(value)) continue;
        seen.add(value);
        if (isFunction) found.push(callable(value, self, path));
        if (depth >= maxDepth || ArrayBuffer.isView(value)) continue;
        for (const key of keysOf(value))
          queue.push({ value: read(value, key), self: value, path: `${path}.${key}`, depth: depth + 1 });
      }
      return found;
    },
    methods(object, path, most) {
      if ((typeof object !== 'object' && typeof object !== 'function') || object === null) return [];
      const found: Callable[] = [];
      const names = new Set<string>();
      for (
        let level: object | null = object;
        level !== null && level !== Object.prototype && level !== Function.prototype;
        level = Reflect.getPrototypeOf(level)
      ) {
        for (const key of keysOf(level)) {
          if (names.has(key) || found.length >= most) continue;
          names.add(key);
          const fn = read(object, key);
          if (typeof fn === 'function') found.push(callable(fn, object, `${path}.${key}`));
        }
      }
      return found;
    },
  };
}

module.exports = makeShapes;
