import type { Node } from '@babel/types';
import { union } from '../abstract/taint.ts';
import { join, make, type Thing, taintOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine } from '../interpreter/machine.ts';
import { environmentMember } from './environment.ts';
import { narrowed } from './narrowed.ts';
import { isRoot, memberPath } from './native-path.ts';

/** Members of things of the runtime that are values rather than functions. */
const constants: Readonly<Record<string, (m: Machine, node: Node) => Value>> = {
  'os.EOL': () => '\n',
  'path.sep': () => '/',
  'path.delimiter': () => ':',
  'process.execPath': () => '{node}',
  'process.argv0': () => 'node',
  'process.mainModule.filename': () => '{consumer}/index.js',
  'process.mainModule.path': () => '{consumer}',
  'process.platform': () => unknown,
  'process.arch': () => unknown,
  'process.pid': () => unknown,
  'process.version': () => unknown,
  'worker_threads.workerData': (m) => m.stores.get('thread:data') ?? unknown,
};

/** `socket.onmessage = …`, `request.onload = …`. */
const handler = /^on[a-z]{3,}$/;

/** Reads a member of a thing of the runtime; `name` is undefined when nobody knows which. */
export function nativeMember(m: Machine, thing: Thing, name: string | undefined, node: Node, key?: Value): Value {
  const path = thing.native ?? '';
  if (path === 'process.env') return environmentMember(m, name, key, node);
  if (name === undefined) return m.newNative(`${path}.*`, union(thing.taint, key === undefined ? [] : taintOf(key)));
  if (path === '' && isRoot(name)) return m.globals;
  const full = memberPath(path, name);
  if (full === 'process.env') {
    const environment = m.newNative(full);
    environment.content = [m.source('environment', node, 'process.env')];
    return environment;
  }
  const constant = Object.hasOwn(constants, full) ? constants[full] : undefined;
  if (constant !== undefined) return constant(m, node);
  const member = m.newNative(full, narrowed(m, thing.taint, name, node));
  if (full.includes('(')) member.origin = thing;
  return member;
}

/** Stores a member in a thing of the runtime: a patch of a module, a variable, a handler, something to be sent. */
export function setNative(m: Machine, thing: Thing, name: string, value: Value, node: Node | undefined): void {
  const path = thing.native ?? '';
  if (path === 'process.env') {
    m.stores.set(`env:${name}`, join(m.stores.get(`env:${name}`), value));
    return;
  }
  if (path.includes('(')) thing.taint = union(thing.taint, m.holds(value));
  thing.fields ??= new Map();
  const old = thing.fields.get(name);
  thing.fields.set(name, m.weak > thing.weak ? join(old, value) : value);
  if (node === undefined) return;
  if (handler.test(name)) m.callBack([value], [make(unknown, thing.taint)], node);
  if (name === 'src' && path.startsWith('Image(')) {
    m.effect({ kind: 'network', node, what: 'Image.src', inputs: [value], destination: value });
  }
}
