import { union, unionAll } from '../abstract/taint.ts';
import { make, type Plain, plainOf, Thing, taintOf, unknown, type Value } from '../abstract/value.ts';
import { taintHanded } from '../interpreter/holds.ts';
import type { NativeCall } from '../interpreter/machine.ts';
import { callBuiltin } from './builtins.ts';
import { compressionModels, cryptoModels } from './compression.ts';
import { decoderModels, foreignDecoder, isForeignDecoder } from './decoders.ts';
import { evaluationModels } from './evaluation.ts';
import { eventCall, isEvent } from './events.ts';
import { fileModels } from './files.ts';
import { globalModels } from './globals.ts';
import type { Model, Models } from './model.ts';
import { isNetwork, networkCall, networkModels } from './network.ts';
import { objectModels } from './objects.ts';
import { pathModels } from './paths.ts';
import { childInput, isChildInput, processModels } from './processes.ts';
import { promiseModels } from './promises.ts';
import { isPipe, piped, systemModels } from './system.ts';

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
/** Methods by which an object takes in what it is given: `form.append(…)`, `parameters.set(…)`. */
const storing =
  /\.(?:append|add|set|push|write|update|field|attach|put|header|body|query|param|send|data|form|json|text|end|unshift|concat)[A-Z]?\w*$/;
/** What a page is made of: values go there to be shown. */
const page =
  /^(?:document|location|history|navigator|customElements|localStorage|sessionStorage|getComputedStyle|matchMedia|[A-Z]\w*(?:Element|Event|Observer|Node)|Node|Element|Event|Range|Selection|CSS|performance|screen)(?![\w$])/;
const questions =
  /\.(?:existsSync|exists|test|has|includes|startsWith|endsWith|indexOf|isBuffer|isArray|timingSafeEqual|verify|compare|equal|is[A-Z]\w*)$/;

type NativeKind =
  | 'known'
  | 'borrowed'
  | 'bound'
  | 'network'
  | 'input'
  | 'pipe'
  | 'event'
  | 'decoder'
  | 'chained'
  | 'page'
  | 'other';

/** What sort of thing a name stands for. Answers are kept by the machine: names are few and calls are many. */
function kindOf(path: string): NativeKind {
  if (models.has(path)) return 'known';
  if (borrowed.test(path)) return 'borrowed';
  if (/\.(?:call|apply|bind)$/.test(path)) return 'bound';
  if (isNetwork(path)) return 'network';
  if (isChildInput(path)) return 'input';
  if (isPipe(path)) return 'pipe';
  if (isEvent(path)) return 'event';
  if (isForeignDecoder(path)) return 'decoder';
  if (/\(\)\.(?:then|catch|finally)$/.test(path)) return 'chained';
  return page.test(path) ? 'page' : 'other';
}

/**
 * Calls something of the runtime. What is not known by name gives back what it is given, remembers it, and calls the
 * functions among its arguments.
 */
export function callNative(call: NativeCall): Value {
  const { machine: m, path, self, args, node } = call;
  let kind = m.nativeKinds.get(path) as NativeKind | undefined;
  if (kind === undefined) {
    kind = kindOf(path);
    m.nativeKinds.set(path, kind);
  }
  switch (kind) {
    case 'known':
      return models.get(path)?.(call);
    case 'borrowed':
      return builtinOr(call, plainOf(self), self, borrowed.exec(path)?.[1] ?? '', foreign);
    case 'bound': {
      const dot = path.lastIndexOf('.');
      return builtinOr(call, unknown, m.newNative(path.slice(0, dot)), path.slice(dot + 1), foreign);
    }
    case 'network':
      return networkCall(call) ?? foreign(call);
    case 'input':
      return childInput(call);
    case 'pipe':
      return piped(call);
    case 'event':
      return eventCall(call);
    case 'decoder':
      return foreignDecoder(call, m);
    case 'chained':
      return builtinOr(call, unknown, self, path.slice(path.lastIndexOf('.') + 1), foreign);
    case 'page':
      m.callBack(args, [], node);
      return m.newNative(`${path}()`.replace(/(?:\(\)\.[\w$*]+){2,}\(\)$/, '()'));
    default:
      return foreign(call);
  }
}

/** A method of the language, called through the runtime's name of it. */
function builtinOr(call: NativeCall, plain: Plain, self: Value, name: string, otherwise: Model): Value {
  const builtin = callBuiltin(call.machine, plain, self, name, call.args, call.node);
  return builtin === undefined ? otherwise(call) : builtin.value;
}

/** Something that a call of the runtime gave; an object of the program that extends it holds more than it hands on. */
function isMade(value: Value): value is Thing {
  return value instanceof Thing && value.native?.includes('()') === true;
}

function foreign({ machine: m, path, self, args, node }: NativeCall): Value {
  const own = isMade(self) ? taintHanded(self) : taintOf(self);
  const given = unionAll([...args.map((arg) => taintHanded(arg)), own]);
  m.callBack(args, [make(unknown, given), make(unknown, given), make(unknown, given)], node);
  if (questions.test(path)) return unknown;
  const receiver = plainOf(self);
  if (storing.test(path) && isMade(receiver)) receiver.taint = union(receiver.taint, given);
  const made = m.newNative(`${path}()`.replace(/(?:\(\)\.[\w$*]+){3,}\(\)$/, '().*()'), given);
  made.origin = self;
  return made;
}
