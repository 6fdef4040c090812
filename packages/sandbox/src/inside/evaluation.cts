import type { Bag, Frame, Part } from './kit.ts';

/**
 * Code from text: `eval` (direct, too), `Function` and its kin, `vm`, `Module.prototype._compile`, WebAssembly.
 *
 * Direct `eval` cannot be wrapped without changing its meaning. But with source maps enabled the runtime reads
 * `process.env.NODE_V8_COVERAGE` before it lets V8 compile text, and that read arrives at our proxy (`environment.cts`) with
 * the evaluating frame on the stack. On the first such moment, and no earlier, an in-process inspector session is opened
 * (15-25 ms): V8 then hands over each compiled text with its digest. A call whose argument is a short literal in a file
 * (`Function('return this')`) is read from the file instead, and costs no session.
 *
 * *Limits:* code evaluated inside another context made by `vm` reaches us as the `vm` call only.
 */
const installEvaluation: Part = (kit) => {
  const { p, runtime, shared } = kit;
  const { process, global } = runtime;
  const maxText = 4 * 1024 * 1024;
  const distinct = 16;
  const minDigested = 32;
  const functionHead = /^\((async )?function(\*?) anonymous\(/;
  const { readFileSync } = runtime.require('node:fs') as typeof import('node:fs');

  function bodyOf(text: string): { api: string; body: string } {
    // `(function anonymous(a,b\n) {\nBODY\n})`: parameters end with the first line break.
    const match = p.exec(functionHead, p.slice(text, 0, 40));
    const from = match === null ? -1 : p.indexOf(text, '\n) {\n');
    if (from === -1) return { api: 'eval', body: text };
    const api = `${match?.[1] === undefined ? '' : 'Async'}${match?.[2] === '*' ? 'Generator' : ''}Function`;
    return { api, body: p.slice(text, from + 5, text.length - 3) };
  }

  function evaluated(api: string, body: string, caller: string | undefined, note = ''): void {
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

  // --- eval and Function ---

  const literalCall = /^(?:new\s+)?(Function|eval)\(\s*(?:'([^'\\\n]{0,200})'|"([^"\\\n]{0,200})")\s*\)/;
  const literals = p.map<string, { api: string; text: string } | undefined>();

  /** The literal text that the call at this place passes, if the file shows one. */
  function literalAt(frame: Frame, caller: string): { api: string; text: string } | undefined {
    if (literals.has(caller)) return literals.get(caller);
    let found: { api: string; text: string } | undefined;
    try {
      const path = p.startsWith(frame.scriptName, 'file://') ? p.slice(frame.scriptName, 7) : frame.scriptName;
      const source = p.startsWith(path, '/') ? readFileSync(path, 'utf8') : '';
      let start = 0;
      for (let line = 1; line < frame.lineNumber && start !== -1; line++)
        start = p.indexOf(source, '\n', start) + 1 || -1;
      const at = start + frame.column - 1;
      const match = start === -1 || source.length > maxText ? null : p.exec(literalCall, p.slice(source, at, at + 240));
      if (match !== null) found = { api: match[1] ?? 'eval', text: match[2] ?? match[3] ?? '' };
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
    const { api, body } = bodyOf(p.slice(reply?.result?.scriptSource ?? '', 0, maxText));
    evaluated(api, body, caller);
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
    if (site !== undefined && p.startsWith(site.scriptName, 'node:')) return;
    const caller = site === undefined || site.scriptName === '' ? kit.caller() : kit.place(site);
    if (connection === undefined && site !== undefined && caller !== undefined) {
      const literal = literalAt(site, caller);
      if (literal !== undefined) return evaluated(literal.api, literal.text, caller);
    }
    connect();
    if (connection === undefined) return kit.call('eval', '', { caller, distinct });
    awaited = { caller };
  };
  const enable = process.setSourceMapsEnabled as ((on: boolean) => void) | undefined;
  if (enable !== undefined) {
    p.apply(enable, process, [true]);
    hideSourceMaps(enable);
  }

  /** Keeps the native switch on while package code believes what it set itself. */
  function hideSourceMaps(switchMaps: (on: boolean) => void): void {
    let believed = false;
    const off = Object.freeze({ __proto__: null, enabled: false, nodeModules: false, generatedCode: false });
    kit.replaceGetter(process, 'sourceMapsEnabled', () => believed);
    kit.replace(process, 'setSourceMapsEnabled', (original, self, args) => {
      p.apply(original, self, args);
      believed = args[0] === true;
      if (!believed) p.apply(switchMaps, process, [true]);
      return undefined;
    });
    const modules = runtime.require('node:module') as unknown as Bag;
    kit.replace(modules, 'getSourceMapsSupport', (original, self, args) => {
      const support = p.apply(original, self, args);
      return believed ? support : off;
    });
  }

  // --- vm, modules compiled by hand, WebAssembly ---

  const vm = runtime.require('node:vm') as unknown as Bag;
  const textOf = (value: unknown): string => (typeof value === 'string' ? p.slice(value, 0, maxText) : '');
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
  kit.observe(Module.prototype, '_compile', (args) => {
    if (!kit.calledByRuntime()) evaluated('Module._compile', textOf(args[0]), kit.caller());
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
