import { isUtf8 } from 'node:buffer';
import type { Node } from '@babel/types';
import { credentialAt } from '../../credentials.ts';
import { countInvisible, minInvisible } from '../../invisible.ts';
import { clean, type Taint, union } from '../abstract/taint.ts';
import {
  alternatives,
  join,
  make,
  plainOf,
  sketchText,
  Thing,
  tainted,
  taintOf,
  textOf,
  unknown,
  type Value,
} from '../abstract/value.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';
import { looksOpaque } from '../opaque.ts';
import { fileOrigin } from './bytes.ts';
import type { Models } from './model.ts';
import { normalized } from './paths.ts';

export const mediaPath =
  /\.(?:png|jpe?g|gif|webp|bmp|ico|icns|tiff?|avif|heic|wav|mp3|ogg|oga|opus|flac|m4a|aac|mp4|webm|mov|svgz)(?:[?#].*)?$/i;
const consumerManifest =
  /^(?:\{consumer\}|\{cwd\}|\.{1,2}|\uffff)?(?:\/\.\.)*\/?(?:.*[/\uffff])?package(?:-lock)?\.json$/;
const maxLookedAt = 256 * 1024;
const maxKnownBytes = 4 * 1024 * 1024;

/** What reading files gives, and what writing them keeps for who reads or runs them later. */
export const fileModels: Models = {
  'fs.readFileSync': (call) => readFile(call),
  'fs.readFile': (call) => readFile(call),
  'fs.readJson': (call) =>
    call.machine.callMethod(call.machine.newNative('JSON'), 'parse', [readFile(call)], call.node),
  'fs.readJsonSync': (call) =>
    call.machine.callMethod(call.machine.newNative('JSON'), 'parse', [readFile(call)], call.node),
  'fs.createReadStream': (call) => opened(call, 'fs.createReadStream()'),
  'fs.openSync': (call) => opened(call, 'fs.open()'),
  'fs.open': (call) => opened(call, 'fs.open()'),
  'fs.readSync': readInto,
  'fs.read': readInto,
  'fs.readdirSync': listFolder,
  'fs.readdir': listFolder,
  'fs.writeFileSync': writeFile,
  'fs.writeFile': writeFile,
  'fs.appendFileSync': writeFile,
  'fs.appendFile': writeFile,
  'fs.outputFile': writeFile,
  'fs.outputFileSync': writeFile,
  'fs.createWriteStream': (call) => {
    const stream = opened(call, 'fs.createWriteStream()');
    return stream;
  },
  'fs.createWriteStream().write': writeStream,
  'fs.createWriteStream().end': writeStream,
  'fs.copyFileSync': copyFile,
  'fs.copyFile': copyFile,
  'fs.renameSync': copyFile,
  'fs.rename': copyFile,
  'fs.existsSync': () => unknown,
  'fs.statSync': (call) => call.machine.newNative('fs.Stats()'),
  'fs.lstatSync': (call) => call.machine.newNative('fs.Stats()'),
  'fs.accessSync': () => undefined,
  'fs.mkdirSync': ({ args }) => args[0],
  'fs.mkdtempSync': ({ args, node, machine: m }) => join(m.callMethod(args[0], 'concat', ['x'], node), undefined),
  'fs.realpathSync': ({ args }) => args[0],
  'fs.realpathSync.native': ({ args }) => args[0],
  'fs.unlinkSync': () => undefined,
  'fs.rmSync': () => undefined,
};

function readFile(call: NativeCall): Value {
  const { machine: m, args, node, path } = call;
  const encoding = encodingOf(m, args[1], node);
  const content = contentOf(m, args[0], node, path, encoding);
  // The callback's errors come first; promises and synchronous calls give the content itself.
  const callback = args.at(-1);
  if (plainOf(callback) instanceof Thing && args.length > 1) m.call(callback, undefined, [null, content], node);
  return content;
}

function encodingOf(m: Machine, option: Value, node: Node): string | undefined {
  const plain = plainOf(option);
  if (typeof plain === 'string') return plain;
  return plain instanceof Thing && plain.kind === 'object' ? textOf(m.get(option, 'encoding', node)) : undefined;
}

/** What a file holds: bytes at hand, or what is known of a path that is not. */
export function contentOf(m: Machine, file: Value, node: Node, what: string, encoding?: string): Value {
  let content: Value;
  for (const plain of alternatives(file)) {
    if (plain instanceof Thing) content = join(content, make(unknown, m.holds(plain)));
    else content = join(content, contentAt(m, normalized([sketchText(plain)], false), node, what, encoding));
  }
  if (content === undefined) content = unknown;
  // Where a name was found says nothing of what is in the file, unless the name itself came from a folder of secrets.
  return tainted(
    content,
    taintOf(file).filter(({ label }) => label === 'credential'),
  );
}

function contentAt(m: Machine, path: string, node: Node, what: string, encoding: string | undefined): Value {
  const packaged = path.startsWith('{pkg}/') ? m.packaged(path.slice(6)) : undefined;
  const stored = m.stores.get(`file:${path}`);
  const taint = taintAt(m, path, node, what, packaged);
  if (packaged !== undefined && packaged.length <= maxKnownBytes) {
    const bytes = m.newBytes(packaged.slice(), taint);
    bytes.origin = fileOrigin;
    return encoding === undefined ? bytes : m.callMethod(bytes, 'toString', [encoding], node);
  }
  const content = encoding === undefined && taint.length > 0 ? m.newBytes(undefined, taint) : make(unknown, taint);
  return stored === undefined ? content : join(content, stored);
}

function taintAt(m: Machine, path: string, node: Node, what: string, packaged: Uint8Array | undefined): Taint {
  let taint: Taint = clean;
  const add = (label: Parameters<Machine['source']>[0], name: string, size = 0) => {
    taint = union(taint, [m.source(label, node, `${what} ${path}`, name, size)]);
  };
  if (packaged !== undefined) {
    const invisible = countInvisible(Buffer.from(packaged).toString('utf8'));
    if (invisible >= minInvisible) add('invisible', path, invisible);
    if (mediaPath.test(path)) add('media', path, packaged.length);
    else if (isOpaqueData(packaged)) add('blob', path, packaged.length);
    return taint;
  }
  if (path === '/proc/self/environ' || /^\/proc\/[^/]+\/environ$/.test(path)) add('environment', '*');
  else if (/^\/etc\/(?:hostname|machine-id|os-release)$|^\/var\/lib\/dbus\/machine-id$/.test(path))
    add('identity', path);
  else if (consumerManifest.test(path) && !path.startsWith('{pkg}/')) add('consumer', path);
  else if (mediaPath.test(path)) add('media', path);
  const kind = credentialAt(path);
  if (kind !== undefined) add('credential', kind);
  return taint;
}

/** Data that means nothing to a reader: no text, or text with a long opaque word in it. */
function isOpaqueData(bytes: Uint8Array): boolean {
  if (!isUtf8(bytes)) return true;
  const text = Buffer.from(bytes.subarray(0, maxLookedAt)).toString('utf8');
  const words = text.match(/[^\s"'<>]{40,}/g) ?? [];
  return words.slice(0, 50).some((word) => looksOpaque(word));
}

function opened(call: NativeCall, native: string): Thing {
  const { machine: m, args, node, path } = call;
  const thing = m.newNative(native);
  if (native !== 'fs.createWriteStream()') thing.taint = m.holds(contentOf(m, args[0], node, path));
  [thing.origin] = args;
  const callback = args.at(-1);
  if (native === 'fs.open()' && args.length > 1) m.callBack([callback], [null, thing], node);
  return thing;
}

/** `fs.readSync(file, buffer)`: the buffer holds what the file held. */
function readInto({ machine: m, args }: NativeCall): Value {
  const [file, buffer] = args;
  const plain = plainOf(buffer);
  if (plain instanceof Thing) {
    plain.taint = union(plain.taint, m.holds(file));
    plain.bytes = undefined;
  }
  return unknown;
}

function listFolder(call: NativeCall): Value {
  const { machine: m, args, node, path: what } = call;
  const names: Value[] = [];
  let taint: Taint = clean;
  let exact = true;
  for (const plain of alternatives(args[0])) {
    const path = normalized([plain instanceof Thing ? '' : sketchText(plain)], false);
    if (path === '{pkg}' || path.startsWith('{pkg}/')) names.push(...m.listPackaged(path.slice(6)));
    else exact = false;
    const kind = credentialAt(`${path}/\uffff`);
    if (kind !== undefined) taint = union(taint, [m.source('credential', node, `${what} ${path}`, kind)]);
  }
  const list = m.newArray(names);
  list.exact = exact;
  if (!exact) list.rest = unknown;
  list.taint = taint;
  m.callBack([args.at(-1)], [null, list], node);
  return list;
}

/** Keeps what is written under the file's name, and notes that a program was written. */
function writeFile(call: NativeCall): Value {
  const { machine: m, args, node, path } = call;
  store(m, args[0], args[1], node, path);
  m.callBack([args.at(-1)], [null], node);
  return undefined;
}

function writeStream(call: NativeCall): Value {
  const { machine: m, args, node, self } = call;
  const plain = plainOf(self);
  if (plain instanceof Thing) store(m, plain.origin, args[0], node, 'fs.createWriteStream().write');
  return unknown;
}

export function store(m: Machine, file: Value, content: Value, node: Node, what: string): void {
  for (const plain of alternatives(file)) {
    if (plain instanceof Thing) continue;
    const name = `file:${normalized([sketchText(plain)], false)}`;
    m.stores.set(name, join(m.stores.get(name), content));
  }
  m.effect({ kind: 'write', node, what, inputs: [content], destination: file });
}

function copyFile(call: NativeCall): Value {
  const { machine: m, args, node, path } = call;
  store(m, args[1], contentOf(m, args[0], node, path), node, path);
  m.callBack([args.at(-1)], [null], node);
  return undefined;
}
