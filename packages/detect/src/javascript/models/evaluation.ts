import { alternatives, make, plainOf, sketchText, Thing, textOf, unknown, type Value } from '../abstract/value.ts';
import type { NativeCall } from '../interpreter/machine.ts';
import { asText } from '../interpreter/operators.ts';
import type { Models } from './model.ts';

/** What runs text as code. */
export const evaluationModels: Models = {
  eval: ({ machine: m, args, node }) => m.evaluateText(args[0], node, undefined),
  Function: functionFromText,
  AsyncFunction: functionFromText,
  GeneratorFunction: functionFromText,
  'vm.runInThisContext': inContext,
  'vm.runInNewContext': inContext,
  'vm.runInContext': inContext,
  'vm.Script': (call) => {
    inContext(call);
    return call.machine.newNative('vm.Script()');
  },
  'vm.SourceTextModule': inContext,
  'vm.compileFunction': inContext,
  'module()._compile': compiled,
  'module.prototype._compile': compiled,
  'require:module._compile': compiled,
  'require:require-from-string': inContext,
  'require:eval': inContext,
  import: dynamicImport,
  'module.createRequire': ({ machine: m }) => m.newNative('require'),
  'module.registerHooks': () => unknown,
  require: ({ machine: m, args, node }) => m.requireAny(args[0], node),
  'require.resolve': ({ machine: m, args, node }) => m.resolveAny(args[0], node),
  'worker_threads.Worker': worker,
};

/** `new Function('a', 'b', code)`: the last argument is the body. */
function functionFromText({ machine: m, args, node, path }: NativeCall): Value {
  const body = args.at(-1);
  const names = args.slice(0, -1).flatMap((arg) => (textOf(arg) ?? '').split(',').map((name) => name.trim()));
  const result = args.length === 0 ? undefined : m.evaluateText(body, node, undefined, path, names);
  return m.newHost({ run: () => result });
}

function inContext({ machine: m, args, node, path }: NativeCall): Value {
  return m.evaluateText(args[0], node, undefined, path);
}

function compiled({ machine: m, args, node, path }: NativeCall): Value {
  return m.evaluateText(args[0], node, undefined, path, ['exports', 'require', 'module', '__filename', '__dirname']);
}

/** `import('data:text/javascript,…')` is code in an address; anything else is a module. */
function dynamicImport(call: NativeCall): Value {
  const { machine: m, args, node } = call;
  for (const plain of alternatives(args[0])) {
    const text = plain instanceof Thing ? asText(m, plain) : sketchText(plain);
    if (/^data:/i.test(text)) return codeInAddress(call, args[0]);
  }
  return m.requireAny(args[0], node);
}

function codeInAddress({ machine: m, node }: NativeCall, address: Value): Value {
  const text = asText(m, address);
  const [, head = '', body = ''] = /^data:([^,]*),([\s\S]*)$/i.exec(text) ?? [];
  const code = m.call(
    m.newNative(/;base64$/i.test(head) ? 'atob' : 'decodeURIComponent'),
    undefined,
    [make(body, m.holds(address))],
    node,
  );
  return m.evaluateText(code, node, undefined, 'import data:');
}

/** A thread: from text with `eval: true` or a data address, else from a file of the package. */
function worker(call: NativeCall): Value {
  const { machine: m, args, node } = call;
  const [program, options] = args;
  const settings = plainOf(options);
  if (settings instanceof Thing) {
    const data = m.get(settings, 'workerData', node);
    if (data !== undefined) m.stores.set('thread:data', data);
    if (plainOf(m.get(settings, 'eval', node)) === true) {
      m.evaluateText(program, node, undefined, 'worker_threads.Worker');
      return m.newNative('worker_threads.Worker()');
    }
  }
  if (/^data:/i.test(asText(m, program))) codeInAddress(call, program);
  else m.requireAny(program, node);
  return m.newNative('worker_threads.Worker()');
}
