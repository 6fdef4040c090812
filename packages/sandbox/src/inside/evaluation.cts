import type { Bag, Frame, Part, Replacement } from './kit.ts';

/**
 * Code from text: `eval` (direct, too), `Function` and its kin, `vm`, `Module.prototype._compile`, WebAssembly.
 *
 * Direct `eval` cannot be wrapped without changing its meaning. But with source maps enabled the runtime reads
 * `process.env.NODE_V8_COVERAGE` before it lets V8 compile text, and that read arrives at our proxy (`environment.cts`) with
 * the evaluating frame on the stack. On the first such moment, and no earlier, an in-process inspector session is opened
 * (15-50 ms, by how much code is loaded): V8 then hands over each compiled text. A call whose argument is a short literal in
 * a file is read from the file instead, and costs no session.
 *
 * *Limits:* code evaluated inside another context made by `vm` reaches us as the `vm` call only.
 */
const installEvaluation: Part = (kit) => {
  const { p, runtime, shared } = kit;
  const { process, global } = runtime;
  const maxText = 4 * 1024 * 1024;
  const distinct = 16;
  const minDigested = 32;
  const gate = { count: 0, last: 0 };
  const { readFileSync } = runtime.require('node:fs') as typeof import('node:fs');

  function textOf(value: unknown): string {
    return typeof value === 'string' ? p.slice(value, 0, maxText) : '';
  }

  function evaluated(api: string, body: string, caller: string | undefined, note = ''): void {
    if (!kit.sampled(gate, 500)) return;
    const facts = {
      bytes: p.byteLength(body),
      caller,
      distinct,
      ...(body.length < minDigested ? {} : { sha256: kit.digest(body) }),
    };
    const source = shared.decodedBy?.(body);
    if (source !== undefined) kit.call(source.api, `evaluated by ${api}`, { ...facts, bytes: source.bytes });
    kit.call(api, `${note}${body}`, facts);
  }

  // --- eval ---

  const literalCall = /^eval\)?\(\s*(?:'([^'\\\n]{0,200})'|"([^"\\\n]{0,200})")\s*\)/;
  const literals = p.map<string, string | undefined>();

  /** The literal text that the call at this place passes, if the file shows one. */
  function literalAt(frame: Frame, caller: string): string | undefined {
    if (literals.has(caller)) return literals.get(caller);
    let found: string | undefined;
    try {
      const path = p.startsWith(frame.scriptName, 'file://') ? p.slice(frame.scriptName, 7) : frame.scriptName;
      const source = p.startsWith(path, '/') ? readFileSync(path, 'utf8') : '';
      let start = 0;
      for (let line = 1; line < frame.lineNumber && start !== -1; line++)
        start = p.indexOf(source, '\n', start) + 1 || -1;
      const at = start + frame.column - 1;
      const match = start === -1 || source.length > maxText ? null : p.exec(literalCall, p.slice(source, at, at + 240));
      if (match !== null) found = match[1] ?? match[2];
    } catch {
      // The file is gone or was never one: the session tells the text instead.
    }
    if (literals.size() < 1000) literals.set(caller, found);
    return found;
  }

  type Connection = { dispatch: (message: string) => void };
  let connection: Connection | undefined;
  let unavailable = false;
  let awaited: { caller: string | undefined } | undefined;
  let answer: string | undefined;

  function onMessage(message: string): void {
    if (p.startsWith(message, '{"id":2,')) {
      answer = message;
      return;
    }
    if (awaited === undefined || connection === undefined) return;
    if (!p.includes(p.slice(message, 0, 60), 'Debugger.scriptParsed')) return;
    const { caller } = awaited;
    awaited = undefined;
    const { params } = p.parse(message) as { params: { scriptId: string; length?: number } };
    answer = undefined;
    connection.dispatch(`{"id":2,"method":"Debugger.getScriptSource","params":{"scriptId":"${params.scriptId}"}}`);
    const reply = answer === undefined ? undefined : (p.parse(answer) as { result?: { scriptSource?: string } });
    evaluated('eval', textOf(reply?.result?.scriptSource), caller);
  }

  function connect(): void {
    if (connection !== undefined || unavailable) return;
    try {
      const { Connection: Connect } = runtime.binding('inspector') as { Connection: unknown };
      const made = p.construct(Connect, [(message: string) => kit.guard(() => onMessage(message))]) as Connection;
      const dispatch = made.dispatch;
      const send = (message: string): void => {
        p.apply(dispatch, made, [message]);
      };
      // Until `connection` is set, the list of everything compiled so far passes by unread.
      send('{"id":1,"method":"Debugger.enable"}');
      send('{"id":1,"method":"Debugger.setSkipAllPauses","params":{"skip":true}}');
      connection = { dispatch: send };
    } catch {
      // A runtime built without inspector: the call is recorded without its text.
      unavailable = true;
    }
  }

  shared.onGenerate = (site) => {
    if (awaited !== undefined) {
      // The last text was not compiled anew: V8 had it in its cache for this very place.
      kit.call('eval', '', { caller: awaited.caller, distinct });
      awaited = undefined;
    }
    // `Function`, called by our own replacement of it.
    if (site?.scriptName === runtime.ownName) return;
    // Without a frame of the package (`setTimeout(eval, 1, text)`) there is nobody to name, but still a text.
    const isPlaced = site !== undefined && site.scriptName !== '' && !p.startsWith(site.scriptName, 'node:');
    const caller = isPlaced ? kit.place(site) : kit.caller();
    if (connection === undefined && isPlaced && caller !== undefined) {
      const literal = literalAt(site, caller);
      if (literal !== undefined) return evaluated('eval', literal, caller);
    }
    connect();
    if (connection === undefined) return kit.call('eval', '', { caller, distinct });
    awaited = { caller };
  };

  const modules = runtime.require('node:module') as unknown as Bag;
  const setSupport = modules.setSourceMapsSupport;
  // Only the native switch is wanted: maps of what lies in `node_modules` are not looked for.
  const on = { nodeModules: false, generatedCode: false };
  const wasOn = process.sourceMapsEnabled === true;
  if (typeof setSupport === 'function') {
    if (!wasOn) p.apply(setSupport, modules, [true, on]);
    hideSourceMaps();
  }

  /** Keeps the native switch on while package code believes what it set itself. */
  function hideSourceMaps(): void {
    let believed = wasOn;
    const off = Object.freeze({ __proto__: null, enabled: false, nodeModules: false, generatedCode: false });
    const set: Replacement = (original, self, args) => {
      p.apply(original, self, args);
      believed = args[0] === true;
      if (!believed) p.apply(setSupport, modules, [true, on]);
    };
    kit.replaceGetter(process, 'sourceMapsEnabled', () => believed);
    kit.replace(process, 'setSourceMapsEnabled', set);
    kit.replace(modules, 'setSourceMapsSupport', set);
    kit.replace(modules, 'getSourceMapsSupport', (original, self, args) => {
      const support = p.apply(original, self, args);
      return believed ? support : off;
    });
  }

  /** `Function` and its kin take their text as arguments; the last one is the body. */
  function observeFunctions(): void {
    const record =
      (api: string) =>
      (args: ArrayLike<unknown>): ArrayLike<unknown> | undefined => {
        if (kit.calledByRuntime()) return undefined;
        // Each argument becomes text once, so that an object cannot show us another text than V8.
        const texts: unknown[] = [];
        for (let i = 0; i < args.length; i++) p.push(texts, typeof args[i] === 'symbol' ? args[i] : p.string(args[i]));
        evaluated(api, textOf(texts[texts.length - 1] ?? ''), kit.caller());
        return texts;
      };
    kit.observeConstructor(global, 'Function', record('Function'));
    const kin: [string, object][] = [
      ['AsyncFunction', p.prototypeOf(async () => undefined) as object],
      [
        'GeneratorFunction',
        p.prototypeOf(function* () {
          yield 0;
        }) as object,
      ],
      [
        'AsyncGeneratorFunction',
        p.prototypeOf(async function* () {
          yield 0;
        }) as object,
      ],
    ];
    for (let i = 0; i < kin.length; i++) {
      const [api, prototype] = kin[i] as [string, object];
      kit.observeConstructor(prototype, 'constructor', record(api));
    }
  }
  observeFunctions();

  // --- vm, modules compiled by hand, WebAssembly ---

  const vm = runtime.require('node:vm') as unknown as Bag;
  /** A name beginning with `node:` would make the evaluated code pass for the runtime's own. */
  function named(options: unknown): string {
    const name = typeof options === 'object' && options !== null ? p.get(options, 'filename') : options;
    return typeof name === 'string' && p.startsWith(name, 'node:') ? `[as ${name}] ` : '';
  }
  const runners: [string, number][] = [
    ['runInThisContext', 1],
    ['runInNewContext', 2],
    ['runInContext', 2],
    ['compileFunction', 2],
  ]; // prettier-ignore
  for (let i = 0; i < runners.length; i++) {
    const [name, options] = runners[i] as [string, number];
    kit.observe(vm, name, (args) => {
      if (!kit.calledByRuntime()) evaluated(`vm.${name}`, textOf(args[0]), kit.caller(), named(args[options]));
    });
  }
  kit.observeConstructor(vm, 'Script', (args) => {
    if (!kit.calledByRuntime()) evaluated('vm.Script', textOf(args[0]), kit.caller(), named(args[1]));
    return undefined;
  });
  const { Module } = runtime.require('node:module') as unknown as { Module: { prototype: object } };
  kit.replace(Module.prototype, '_compile', (original, self, args) => {
    kit.guard(() => {
      // Once for every module that loads, so with as few frames as tell: this one, `guard`, two of the wrapper, the caller.
      const frames = runtime.callSites(5);
      if (p.startsWith(frames[4]?.scriptName ?? '', 'node:')) return;
      evaluated('Module._compile', textOf(args[0]), kit.caller());
    });
    return p.apply(original, self, args);
  });

  const wasm = global.WebAssembly as unknown as Bag;
  const compiled = (api: string, bytes: unknown): void => {
    if (kit.calledByRuntime() || typeof bytes !== 'object' || bytes === null) return;
    const length = p.get(bytes, 'byteLength');
    if (typeof length !== 'number') return;
    const view = p.bytesOf(bytes);
    kit.call(api, `${length} bytes`, {
      bytes: length,
      ...(view === undefined || length > maxText ? {} : { sha256: kit.digest(view) }),
    });
  };
  kit.observe(wasm, 'compile', (args) => compiled('WebAssembly.compile', args[0]));
  kit.observe(wasm, 'instantiate', (args) => compiled('WebAssembly.instantiate', args[0]));
  kit.observeConstructor(wasm, 'Module', (args) => {
    compiled('WebAssembly.Module', args[0]);
    return undefined;
  });
};

module.exports = installEvaluation;
