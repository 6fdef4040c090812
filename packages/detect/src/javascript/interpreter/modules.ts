import type { File, Node, Program } from '@babel/types';
import { countInvisible, minInvisible } from '../../invisible.ts';
import { Scope } from '../abstract/scope.ts';
import { clean, type Taint, union } from '../abstract/taint.ts';
import {
  alternatives,
  hole,
  join,
  make,
  plainOf,
  Sketch,
  sketchText,
  Thing,
  tainted,
  unknown,
  type Value,
} from '../abstract/value.ts';
import { contentOf } from '../models/files.ts';
import { modulePath } from '../models/native-path.ts';
import { fromJson } from '../models/objects.ts';
import { normalized } from '../models/paths.ts';
import { looksOpaque, minOpaqueChars } from '../opaque.ts';
import type { Machine, ParsedFile } from './machine.ts';
import { exportsName } from './module-syntax.ts';
import { declareFunctions, executeAll } from './statements.ts';

/** The package's files, as the loader may ask for them. Parsing is the owner's business: it keeps the budget. */
export interface ModuleFiles {
  bytesOf(path: string): Uint8Array | undefined;
  /** Undefined when the file is not worth parsing, or was not parsed. */
  parse(path: string): File | undefined;
  parseText(text: string): ParsedFile;
  list(folder: string): string[];
}

interface ModuleRecord {
  exports: Thing;
  module: Thing;
  isScript: boolean;
}

const suffixes = [
  '',
  '.js',
  '.cjs',
  '.mjs',
  '.json',
  '.ts',
  '.mts',
  '.cts',
  '/index.js',
  '/index.cjs',
  '/index.mjs',
  '/index.json',
  '/index.ts',
];
const maxTextChars = 1024 * 1024;
const maxLayers = 4;
const maxJsonBytes = 2 * 1024 * 1024;

/** Finds, reads and runs the modules of one package. A module is run once. */
export class ModuleLoader {
  readonly #files: ModuleFiles;
  readonly #records = new Map<string, ModuleRecord>();
  readonly #texts = new Map<string, string>();
  readonly #ran = new Set<string>();

  constructor(files: ModuleFiles) {
    this.#files = files;
  }

  bytesOf(path: string): Uint8Array | undefined {
    return this.#files.bytesOf(path);
  }

  list(folder: string): string[] {
    return this.#files.list(folder);
  }

  textOf(path: string): string | undefined {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const bytes = this.#files.bytesOf(path);
    if (bytes === undefined) return undefined;
    const text = Buffer.from(bytes).toString('utf8');
    this.#texts.set(path, text);
    return text;
  }

  /** Runs a file of the package as a module. */
  run(m: Machine, path: string): ModuleRecord | undefined {
    const known = this.#records.get(path);
    if (known !== undefined) return known;
    const file = this.#files.parse(path);
    if (file === undefined) return undefined;
    const { program } = file;
    const unit = m.unit;
    const { frame } = m;
    m.unit = { path, madeAt: undefined, layer: 0 };
    const record: ModuleRecord = {
      exports: m.newThing('module'),
      module: m.newThing('object'),
      isScript: program.sourceType !== 'module',
    };
    this.#records.set(path, record);
    const folder = path.includes('/') ? `{pkg}/${path.slice(0, path.lastIndexOf('/'))}` : '{pkg}';
    record.module.fields = new Map<string, Value>([
      ['exports', record.exports],
      ['id', `{pkg}/${path}`],
      ['filename', `{pkg}/${path}`],
      ['path', folder],
      ['require', m.newNative('require')],
      ['constructor', m.newNative('module')],
    ]);
    record.module.proto = m.newNative('module()');
    const scope = new Scope();
    for (const [name, value] of Object.entries({
      require: m.newNative('require'),
      module: record.module,
      exports: record.exports,
      __filename: `{pkg}/${path}`,
      __dirname: folder,
      [exportsName]: record.exports,
    })) {
      scope.declare(name, value, m.weak);
    }
    m.frame = { ...frame, self: record.isScript ? record.exports : undefined, callee: undefined, arguments: [] };
    try {
      runProgram(m, program, scope);
    } finally {
      m.unit = unit;
      m.frame = frame;
    }
    return record;
  }

  requireAny(m: Machine, request: Value, node: Node): Value {
    const all = alternatives(request);
    if (all.length === 0) return m.newNative('require:?', m.holds(request));
    let result: Value;
    for (const plain of all) result = join(result, this.#requireOne(m, plain, node));
    return result;
  }

  resolveAny(m: Machine, request: Value, node: Node): Value {
    const [plain] = alternatives(request);
    const path = plain === undefined ? undefined : this.#find(m, sketchText(plain));
    return path === undefined
      ? make(plainOf(m.requireAny(request, node)) instanceof Thing ? (plain ?? unknown) : unknown, clean)
      : `{pkg}/${path}`;
  }

  importMeta(m: Machine): Value {
    const { path } = m.unit;
    const folder = path.includes('/') ? `{pkg}/${path.slice(0, path.lastIndexOf('/'))}` : '{pkg}';
    return m.newObject({
      url: `{pkg}/${path}`,
      filename: `{pkg}/${path}`,
      dirname: folder,
      resolve: m.newNative('require.resolve'),
      main: unknown,
    });
  }

  #requireOne(m: Machine, plain: Exclude<ReturnType<typeof plainOf>, undefined> | undefined, node: Node): Value {
    if (plain instanceof Thing) {
      const href = plain.fields?.get('@text');
      return href === undefined ? m.newNative('require:?', m.holds(plain)) : this.requireAny(m, href, node);
    }
    const text = sketchText(plain as string | Sketch);
    const native = /^[./{~\uffff]/.test(text) ? undefined : modulePath(text);
    if (native !== undefined) return m.newNative(native === 'process' ? 'process' : native);
    const path = this.#find(m, text);
    if (path !== undefined) return this.#load(m, path, node);
    const place = absolute(m, text);
    const written = m.stores.get(`file:${place}`);
    if (written !== undefined) return m.evaluateText(written, node, undefined, 'require');
    if (place.endsWith('.json')) return tainted(unknown, m.holds(contentOf(m, place, node, 'require')));
    return m.newNative(text.includes(hole) ? 'require:?' : `require:${text}`);
  }

  /** Path of a request inside the package. */
  #find(m: Machine, text: string): string | undefined {
    const place = absolute(m, text);
    if (place === '{pkg}')
      return suffixes.map((suffix) => `index${suffix}`).find((path) => this.#files.bytesOf(path) !== undefined);
    if (!place.startsWith('{pkg}/')) return undefined;
    const base = place.slice('{pkg}/'.length);
    const found = suffixes.map((suffix) => base + suffix).find((path) => this.#files.bytesOf(path) !== undefined);
    if (found !== undefined || !base.endsWith('.js')) return found;
    return [`${base.slice(0, -3)}.ts`].find((path) => this.#files.bytesOf(path) !== undefined);
  }

  #load(m: Machine, path: string, node: Node): Value {
    if (path.endsWith('.json')) return this.#json(m, path, node);
    const record = this.run(m, path);
    if (record === undefined) return m.newNative(`require:{pkg}/${path}`);
    return record.isScript ? m.get(record.module, 'exports', node) : record.exports;
  }

  /** A data file: parsed, and marked when something in it could be code. */
  #json(m: Machine, path: string, node: Node): Value {
    const bytes = this.#files.bytesOf(path);
    if (bytes === undefined || bytes.length > maxJsonBytes) return unknown;
    const text = this.textOf(path) ?? '';
    let value: unknown;
    try {
      value = JSON.parse(text.replace(/^\ufeff/, ''));
    } catch (error) {
      if (error instanceof SyntaxError) return unknown;
      throw error;
    }
    return fromJson(m, value, 0, dataTaint(m, path, text, node));
  }

  evaluateText(
    m: Machine,
    code: Value,
    node: Node,
    scope: Scope | undefined,
    what: string,
    parameters: readonly string[],
  ): Value {
    const texts = alternatives(code).map((plain) => (plain instanceof Thing ? bytesText(plain) : plain));
    const known = texts.filter((text): text is string => typeof text === 'string');
    const sketched = texts.flatMap((text) => (text instanceof Sketch ? [text.text] : []));
    m.effect({ kind: 'evaluate', node, what, inputs: [code], texts: [...known, ...sketched] });
    let result: Value;
    for (const text of known.slice(0, 3)) result = join(result, this.#runText(m, text, node, scope, parameters));
    return tainted(
      result ?? unknown,
      m.holds(code).filter(({ label }) => label !== 'blob'),
    );
  }

  #runText(m: Machine, text: string, node: Node, outer: Scope | undefined, parameters: readonly string[]): Value {
    const key = `${m.unit.path}:${node.start}:${text.length}:${text.slice(0, 200)}`;
    if (text.length > maxTextChars || m.unit.layer >= maxLayers || this.#ran.has(key)) return unknown;
    this.#ran.add(key);
    const parsed = this.#files.parseText(text);
    if ('failure' in parsed) return unknown;
    const { unit, frame } = m;
    m.unit = { path: unit.path, madeAt: unit.madeAt ?? node, layer: unit.layer + 1 };
    m.frame = {
      ...frame,
      self: m.globals,
      returns: undefined,
      hasReturned: false,
      unlikely: undefined,
      weak: m.weak,
      arguments: [],
    };
    const scope = new Scope(outer);
    for (const name of parameters) if (name !== 'require') scope.declare(name, unknown, m.weak);
    try {
      const last = runProgram(m, parsed.ast.program, scope);
      return m.frame.hasReturned ? m.frame.returns : last;
    } finally {
      m.unit = unit;
      m.frame = frame;
    }
  }
}

/** Runs a program's statements; gives the value of the last one, as `eval` does. */
function runProgram(m: Machine, program: Program, scope: Scope): Value {
  for (const name of m.hoisting.ofFunction(program, program.body))
    if (!scope.names.has(name)) scope.declare(name, undefined, m.weak);
  for (const name of m.hoisting.ofBlock(program, program.body).names) scope.declare(name, undefined, m.weak);
  declareFunctions(m, program, program.body, scope);
  // Imports come first wherever they stand.
  const imports = program.body.filter((statement) => statement.type === 'ImportDeclaration');
  const others = program.body.filter((statement) => statement.type !== 'ImportDeclaration');
  for (const statement of imports) m.execute(statement, scope);
  const last = others.at(-1);
  if (last?.type !== 'ExpressionStatement') {
    executeAll(m, others, scope);
    return undefined;
  }
  return executeAll(m, others.slice(0, -1), scope) === 'normal' ? m.evaluate(last.expression, scope) : undefined;
}

function absolute(m: Machine, text: string): string {
  if (!/^\.{1,2}(?:\/|$)/.test(text)) return normalized([text], false);
  const { path } = m.unit;
  const folder = path.includes('/') ? `{pkg}/${path.slice(0, path.lastIndexOf('/'))}` : '{pkg}';
  return normalized([folder, text], false);
}

function bytesText(thing: Thing): string | undefined {
  if (thing.bytes !== undefined) return Buffer.from(thing.bytes).toString('utf8');
  const text = plainOf(thing.fields?.get('@text'));
  return typeof text === 'string' ? text : undefined;
}

/** Words of a data file that mean nothing to a reader. */
function dataTaint(m: Machine, path: string, text: string, node: Node): Taint {
  let taint: Taint = clean;
  const invisible = countInvisible(text);
  if (invisible >= minInvisible) taint = union(taint, [m.source('invisible', node, path, path, invisible)]);
  let size = 0;
  for (const [, value = ''] of text.slice(0, maxTextChars).matchAll(/"([^"\\\s]{20,})"/g)) {
    if (value.length >= minOpaqueChars && looksOpaque(value)) size += value.length;
  }
  return size === 0 ? taint : union(taint, [m.source('blob', node, path, path, size)]);
}
