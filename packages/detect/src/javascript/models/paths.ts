import { unionAll } from '../abstract/taint.ts';
import {
  alternatives,
  hole,
  join,
  make,
  plainOf,
  sketchOf,
  sketchText,
  Thing,
  taintOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';
import { asText } from '../interpreter/operators.ts';
import type { Models } from './model.ts';

/** Folders of the host that every path is made of: what they are called is known, who lives there is not. */
export const pathModels: Models = {
  'path.join': (call) => joined(call, false),
  'path.resolve': (call) => joined(call, true),
  'path.normalize': (call) => joined(call, false),
  'path.dirname': (call) => part(call, (path) => path.replace(/\/[^/]*\/?$/, '') || '.'),
  'path.basename': (call) => part(call, (path) => baseName(path, call.args[1])),
  'path.extname': (call) => part(call, (path) => /[^/.](\.[^./]*)$/.exec(path)?.[1] ?? ''),
  'path.toNamespacedPath': ({ args }) => args[0],
  'url.fileURLToPath': ({ args }) => args[0],
  'url.pathToFileURL': ({ args }) => args[0],
};

function baseName(path: string, suffix: Value): string {
  const base = path.split('/').filter(Boolean).at(-1) ?? '';
  const plain = plainOf(suffix);
  return typeof plain === 'string' && base.endsWith(plain) ? base.slice(0, -plain.length) : base;
}

function joined({ machine: m, args }: NativeCall, resolves: boolean): Value {
  const taint = unionAll(args.map((arg) => taintOf(arg)));
  const parts = args.map((arg) => partsOf(m, arg));
  let all: Value;
  // Of several possible parts each makes a path of its own; of two such places the second keeps its first.
  const wide = parts.findIndex((options) => options.length > 1);
  const count = wide < 0 ? 1 : (parts[wide]?.length ?? 1);
  for (let option = 0; option < count; option++) {
    const chosen = parts.map((options, index) => options[index === wide ? option : 0] ?? hole);
    all = join(all, sketchOf(normalized(chosen, resolves)));
  }
  return make(plainOf(all), taint, alternatives(all).slice(plainOf(all) === unknown ? 0 : 1));
}

function partsOf(m: Machine, arg: Value): string[] {
  const texts = alternatives(arg).map((plain) => (plain instanceof Thing ? asText(m, plain) : sketchText(plain)));
  return texts.length === 0 ? [hole] : texts;
}

/** Joins and folds `.` and `..`; what begins with a root of its own, or a name like `~`, starts anew when resolving. */
export function normalized(parts: readonly string[], resolves: boolean): string {
  let path = '';
  for (const part of parts) {
    const clean = part.replaceAll('\\', '/');
    path = path === '' || (resolves && /^(?:[/~]|\{\w+\})/.test(clean)) ? clean : `${path}/${clean}`;
  }
  if (resolves && !/^(?:[/~\uffff]|\{\w+\})/.test(path)) path = `{cwd}/${path}`;
  const out: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') climb(out);
    else if (segment !== '.' && (segment !== '' || out.length === 0)) out.push(segment);
  }
  return out.join('/') || (path.startsWith('/') ? '/' : '.');
}

/** One folder up. The folders above the package are its consumer's. */
function climb(out: string[]): void {
  const last = out.at(-1);
  if (last === '{pkg}') out[out.length - 1] = '{consumer}/node_modules';
  else if (last === '{consumer}/node_modules') out[out.length - 1] = '{consumer}';
  else if (last === undefined || last === '..' || last === hole || last === '{cwd}') out.push('..');
  else if (last !== '' && last !== '~' && last !== '{consumer}') out.pop();
}

function part({ args }: NativeCall, take: (path: string) => string): Value {
  const [path] = args;
  const taken = alternatives(path)
    .filter((plain) => !(plain instanceof Thing))
    .map((plain) => sketchOf(take(sketchText(plain))));
  if (taken.length === 0) return make(unknown, taintOf(path));
  const all = taken.reduce<Value>((a, b) => join(a, b), undefined);
  return make(plainOf(all), taintOf(path), alternatives(all).slice(plainOf(all) === unknown ? 0 : 1));
}
