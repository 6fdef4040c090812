import type { File } from '@babel/types';
import type { Detection, SourceFile } from '../reading.ts';
import type { Place } from './abstract/taint.ts';
import { claimsOf } from './claims/index.ts';
import { Interpreter, type InterpreterLimits } from './interpreter/interpreter.ts';
import { OutOfSteps, type ParsedFile } from './interpreter/machine.ts';
import { type ModuleFiles, ModuleLoader } from './interpreter/modules.ts';
import { type Selection, selectFiles } from './select.ts';

export interface JavaScriptLimits extends InterpreterLimits {
  /** Bytes of one file, and of all files, that are parsed. */
  maxFileBytes: number;
  maxParsedBytes: number;
  /** Of these, bytes of files that hold one end of a flow or none. */
  maxLinkBytes: number;
}

export const javaScriptLimits: JavaScriptLimits = {
  maxDepth: 60,
  maxSteps: 4_000_000,
  maxFileBytes: 3 * 1024 * 1024,
  maxParsedBytes: 6 * 1024 * 1024,
  maxLinkBytes: 768 * 1024,
};

export interface JavaScriptReading extends Detection {
  parseFailures: { file: string; reason: string }[];
  /** Why something that could matter was not followed to its end. */
  gaps: string[];
  parsedBytes: number;
  steps: number;
}

type Parser = (text: string, path: string) => ParsedFile;

/**
 * Follows values from where they enter to where they act over the JavaScript of one package.
 *
 * *Shape:* `entries` are paths that the manifest names: main, exports, bins, scripts of hooks. *Errors:* none for hostile
 * text: what cannot be parsed is in `parseFailures`, what was cut off in `gaps`.
 */
export async function readJavaScript(
  files: readonly SourceFile[],
  entries: ReadonlySet<string>,
  limits: JavaScriptLimits,
): Promise<JavaScriptReading> {
  const selection = selectFiles(files, entries);
  if (selection.roots.length === 0)
    return { signals: [], claims: [], parseFailures: [], gaps: [], parsedBytes: 0, steps: 0 };
  // Loading the parser takes longer than reading most packages: only now is it worth it.
  const { parseSource } = await import('./parse.ts');
  return interpret(files, selection, parseSource, limits);
}

function interpret(
  files: readonly SourceFile[],
  selection: Selection,
  parse: Parser,
  limits: JavaScriptLimits,
): JavaScriptReading {
  const source = new PackageSource(files, selection, parse, limits);
  const loader = new ModuleLoader(source);
  const machine = new Interpreter(limits, loader, { type: 'EmptyStatement' });
  const gaps: string[] = [];
  try {
    machine.read(selection.roots);
  } catch (error) {
    if (error instanceof OutOfSteps) gaps.push(`following values stopped after ${limits.maxSteps} steps`);
    else if (error instanceof RangeError) gaps.push(`following values stopped: ${error.message}`);
    else throw error;
  }
  const detection = claimsOf([...machine.effects.values()], source, (place) => source.lineAt(place));
  return {
    ...detection,
    parseFailures: source.failures,
    gaps: [...gaps, ...source.gaps()],
    parsedBytes: source.parsedBytes,
    steps: machine.stepsTaken,
  };
}

/** The files of one package, parsed when asked for and within the limits. */
class PackageSource implements ModuleFiles {
  readonly failures: { file: string; reason: string }[] = [];
  parsedBytes = 0;
  #linkBytes = 0;
  readonly #files: ReadonlyMap<string, SourceFile>;
  readonly #selection: Selection;
  readonly #parse: Parser;
  readonly #limits: JavaScriptLimits;
  readonly #parsed = new Map<string, File | undefined>();
  readonly #left: { path: string; bytes: number }[] = [];
  #texts: string[] | undefined;

  constructor(files: readonly SourceFile[], selection: Selection, parse: Parser, limits: JavaScriptLimits) {
    this.#files = new Map(files.map((file) => [file.path, file]));
    this.#selection = selection;
    this.#parse = parse;
    this.#limits = limits;
  }

  bytesOf(path: string): Uint8Array | undefined {
    return this.#files.get(path)?.bytes;
  }

  list(folder: string): string[] {
    const prefix = folder === '' ? '' : `${folder}/`;
    const names = [...this.#files.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length).split('/')[0] ?? '');
    return [...new Set(names)].slice(0, 1000);
  }

  parse(path: string): File | undefined {
    if (this.#parsed.has(path)) return this.#parsed.get(path);
    const file = this.#files.get(path);
    const rank = this.#selection.ranks.get(path);
    if (file === undefined || rank === undefined) return undefined;
    const { length } = file.bytes;
    const allowance = rank <= 2 ? this.#limits.maxParsedBytes : this.#limits.maxLinkBytes;
    if (length > this.#limits.maxFileBytes || (rank <= 2 ? this.parsedBytes : this.#linkBytes) + length > allowance) {
      if (rank <= 2) this.#left.push({ path, bytes: length });
      this.#parsed.set(path, undefined);
      return undefined;
    }
    this.parsedBytes += length;
    if (rank > 2) this.#linkBytes += length;
    const parsed = this.#parse(Buffer.from(file.bytes).toString('utf8'), path);
    if ('failure' in parsed) this.failures.push({ file: path, reason: parsed.failure });
    this.#parsed.set(path, 'failure' in parsed ? undefined : parsed.ast);
    return this.#parsed.get(path);
  }

  parseText(text: string): ParsedFile {
    return this.#parse(text, 'evaluated.js');
  }

  gaps(): string[] {
    if (this.#left.length === 0) return [];
    const bytes = this.#left.reduce((sum, file) => sum + file.bytes, 0);
    return [
      `${this.#left.length} source files of ${bytes} bytes (${this.#left
        .slice(0, 3)
        .map(({ path }) => path)
        .join(', ')}) are beyond the limits of parsing`,
    ];
  }

  contains(text: string): boolean {
    this.#texts ??= [...this.#files.values()]
      .filter(({ path }) => /\.(?:[cm]?[jt]sx?)$/.test(path))
      .map(({ bytes }) => Buffer.from(bytes).toString('utf8'));
    return this.#texts.some((one) => one.includes(text));
  }

  lineAt(place: Place): string {
    const bytes = this.#files.get(place.file)?.bytes;
    const line =
      bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8').split('\n', place.line)[place.line - 1];
    const start = Math.max(0, place.column - 61);
    return line?.slice(start, start + 200).trim() || place.what;
  }
}
