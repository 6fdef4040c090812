import { unionAll } from '../abstract/taint.ts';
import { make, plainOf, Thing, taintOf, unknown, type Value } from '../abstract/value.ts';
import { taintHanded } from '../interpreter/holds.ts';
import type { NativeCall } from '../interpreter/machine.ts';
import { callBuiltin } from './builtins.ts';
import { compressionModels, cryptoModels } from './compression.ts';
import { decoderModels, foreignDecoder, isForeignDecoder } from './decoders.ts';
import { evaluationModels } from './evaluation.ts';
import { eventCall } from './events.ts';
import { fileModels } from './files.ts';
import { globalModels } from './globals.ts';
import type { Models } from './model.ts';
import { networkCall, networkModels } from './network.ts';
import { objectModels } from './objects.ts';
import { pathModels } from './paths.ts';
import { childInput, processModels } from './processes.ts';
import { promiseModels } from './promises.ts';
import { piped, systemModels } from './system.ts';

/** Everything of the runtime that is known by name. */
const models: ReadonlyMap<string, Models[string]> = new Map(
  [
    globalModels,
    objectModels,
    promiseModels,
    decoderModels,
    compressionModels,
    cryptoModels,
    evaluationModels,
    fileModels,
    pathModels,
    systemModels,
    networkModels,
    processModels,
  ].flatMap((part) => Object.entries(part)),
);

/** `Array.prototype.map`, to be called with its array as `this`. */
const borrowed = /^(?:Array|String|Buffer|Function|RegExp|Map|Set|Promise|Object|Number|Uint8Array)\.prototype\.(\w+)$/;
/** What a page is made of: values go there to be shown. */
const page =
  /^(?:document|location|history|navigator|customElements|localStorage|sessionStorage|getComputedStyle|matchMedia|[A-Z]\w*(?:Element|Event|Observer|Node)|Node|Element|Event|Range|Selection|CSS|performance|screen)(?![\w$])/;
const questions =
  /\.(?:existsSync|exists|test|has|includes|startsWith|endsWith|indexOf|isBuffer|isArray|timingSafeEqual|verify|compare|equal|is[A-Z]\w*)$/;

/**
 * Calls something of the runtime. What is not known by name gives back what it is given, remembers it, and calls the
 * functions among its arguments.
 */
export function callNative(call: NativeCall): Value {
  const { machine: m, path, self, args, node } = call;
  const model = models.get(path);
  if (model !== undefined) return model(call);
  const method = borrowed.exec(path)?.[1];
  if (method !== undefined) {
    const builtin = callBuiltin(m, plainOf(self), self, method, args, node);
    return builtin === undefined
      ? make(unknown, unionAll([m.holds(self), ...args.map((arg) => m.holds(arg))]))
      : builtin.value;
  }
  if (/\.(?:call|apply|bind)$/.test(path)) return borrowedCall(call);
  const special = networkCall(call) ?? childInput(call) ?? piped(call);
  if (special !== undefined) return special;
  const event = eventCall(call);
  if (event !== undefined) return event.value;
  if (isForeignDecoder(path)) return foreignDecoder(call, m);
  if (/\(\)\.(?:then|catch|finally)$/.test(path)) {
    const chained = callBuiltin(m, unknown, self, path.slice(path.lastIndexOf('.') + 1), args, node);
    if (chained !== undefined) return chained.value;
  }
  return foreign(call);
}

/** `native.call(self, …)`, `native.apply(self, list)`, `native.bind(self)`. */
function borrowedCall({ machine: m, path, args, node }: NativeCall): Value {
  const dot = path.lastIndexOf('.');
  const target = m.newNative(path.slice(0, dot));
  const builtin = callBuiltin(m, unknown, target, path.slice(dot + 1), args, node);
  return builtin === undefined ? unknown : builtin.value;
}

function foreign({ machine: m, path, self, args, node }: NativeCall): Value {
  if (page.test(path)) {
    m.callBack(args, [], node);
    return m.newNative(`${path}()`.replace(/(?:\(\)\.[\w$*]+){2,}\(\)$/, '()'));
  }
  const given = unionAll([
    ...args.map((arg) => taintHanded(arg)),
    path.includes('()') ? taintHanded(self) : taintOf(self),
  ]);
  m.callBack(args, [make(unknown, given), make(unknown, given), make(unknown, given)], node);
  if (questions.test(path)) return unknown;
  const receiver = plainOf(self);
  if (receiver instanceof Thing && receiver.native?.includes('()') === true)
    receiver.taint = unionAll([receiver.taint, given]);
  const made = m.newNative(`${path}()`.replace(/(?:\(\)\.[\w$*]+){3,}\(\)$/, '().*()'), given);
  made.origin = self;
  return made;
}
