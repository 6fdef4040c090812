import type { DriverHandle, Missing } from '@assay/sandbox';

/**
 * Types of the phase drivers, which run inside the sandbox as `index.js` of the consumer's project. Types only: the parts
 * (`*.cts`) import nothing at run time and are joined into one file per driver (`bundleInside`).
 *
 * Drivers share the process with the package. They take the hook's handle and the functions they need before they load it;
 * whatever it then does to hold them up ends as a step that did not complete, never as a clean one.
 */

/** What both drivers are told, as `HookConfig.input`. */
export interface DriverInput {
  /** Registry name of the package. */
  package: string;
  mode: 'require' | 'import';
  /** What a consumer would load: the name, or the name and a subpath, in this order. */
  specifiers: string[];
  /**
   * Loads the package once more, at the end, with fake browser globals (a window with a wallet, a clipboard,
   * XMLHttpRequest), if anything loaded mentions such things. What fails then is no fault: it is not how Node loads it.
   */
  browser: boolean;
  /** The fake globals are there from the start instead, and every file is looked at in their presence. */
  browserFirst?: boolean;
  /** Longest time that one asynchronous load may take, milliseconds. */
  loadMs: number;
  /** A process in which nothing happened for this long is done, milliseconds. */
  quietMs: number;
  /** The whole driver, milliseconds: after that the rest is skipped. */
  budgetMs: number;
  /** Text that the clipboard holds; shown by the fake clipboard, and compared with the store of the clipboard's commands. */
  clipboard?: { text: string; file: string };
  execute?: ExecuteInput;
}

export interface ExecuteInput {
  /** Decoys that are passed as arguments. */
  canaries: { id: string; values: string[] }[];
  /** Host below `.test` that the driver's own requests go to. */
  host: string;
  /** Addresses that a payment would go to. */
  addresses: { ethereum: string; bitcoin: string };
  /** One call, milliseconds: synchronous part, and how long its promise is awaited. */
  callMs: number;
  awaitMs: number;
  maxCalls: number;
}

/** What a driver lives on, taken before the package is loaded. */
export interface World {
  readonly handle: DriverHandle;
  readonly input: DriverInput;
  readonly now: () => number;
  /** The promise's outcome, or `late` when it takes longer, milliseconds. */
  readonly within: (promise: unknown, ms: number, late: unknown) => Promise<unknown>;
  /** Resolves after pending immediate work has run. */
  readonly turn: () => Promise<void>;
  /** Milliseconds left of the budget. */
  readonly left: () => number;
  readonly text: (value: unknown, most: number) => string;
  /** Set once fake browser globals are there. */
  inBrowser: boolean;
  /** Runs when the process really ends, last registered first. */
  readonly atEnd: (work: () => void) => void;
  readonly end: (code: number) => void;
}

export type Failure = { detail: string; missing?: Missing };

export type Loaded = { specifier: string; exports: unknown };

/** A function or class found in what a package exports. */
export interface Callable {
  /** `exports.a.b`, `new exports.C`, `exports.C.prototype.m`. */
  path: string;
  fn: (...args: never[]) => unknown;
  self: unknown;
  isClass: boolean;
  /** Names of its parameters as its text gives them; a destructured one is `{a,b}`. */
  parameters: string[];
}

export type Importer = (specifier: string) => Promise<unknown>;
export type Describe = (error: unknown) => Failure;

export interface Parts {
  readonly world: (handle: DriverHandle | undefined) => World;
  readonly failure: (world: World) => Describe;
  readonly loading: (
    world: World,
    describe: Describe,
    load: NodeJS.Require,
    importer: Importer,
  ) => () => Promise<Loaded[]>;
  readonly again: (world: World, describe: Describe, load: NodeJS.Require, importer: Importer) => Again;
  readonly settle: (world: World) => Settle;
  readonly browser: (world: World, clipboard: Clipboard, document: BrowserDocument) => Browser;
  readonly document: () => BrowserDocument;
  readonly clipboard: (world: World) => Clipboard;
  readonly shapes: (world: World) => Shapes;
  readonly arguments: (world: World, execute: ExecuteInput) => ArgumentMaker;
  readonly calls: (
    world: World,
    describe: Describe,
    execute: ExecuteInput,
    parts: Parts,
  ) => (loaded: readonly Loaded[]) => Promise<void>;
  readonly exercise: (world: World, execute: ExecuteInput) => Exercise;
}

export interface Again {
  /** Whether anything that was loaded waits for a browser. */
  readonly isWorthwhile: () => boolean;
  /** Loads the package anew, its CommonJS modules and the entry of its ES modules. */
  readonly all: () => Promise<void>;
}

export interface Settle {
  /** Resolves when nothing happens any more; the process goes on. */
  readonly quiet: () => Promise<void>;
  /** Ends a process in which nothing happens any more; one that has nothing left ends by itself. */
  readonly end: () => void;
}

export interface Shapes {
  /** Callables in what was exported, breadth first, at most `most`. */
  readonly find: (exports: unknown, name: string, most: number) => Callable[];
  /** Methods of a constructed or returned object. */
  readonly methods: (object: unknown, path: string, most: number) => Callable[];
}

export interface ArgumentMaker {
  /** Variant 0 follows the parameters' names; 1 passes an options object and a callback. */
  readonly make: (callable: Callable, variant: number) => { values: unknown[]; canaries: string[] };
  readonly ids: readonly string[];
}

export type BrowserDocument = Record<'document' | 'location' | 'localStorage' | 'sessionStorage', object>;

/** What the fake browser saw arrive below every wrapper of the package. */
export interface Browser {
  readonly exercise: (
    execute: ExecuteInput,
    rewritten: (from: string, to: string, way: string, wrapper: unknown) => void,
  ) => Promise<void>;
}

export interface Exercise {
  /** Requests, and what of the fake browser is there, then events and input. */
  readonly around: (browser: Browser | undefined) => Promise<void>;
  /** The same without events, when the package was loaded again with browser globals. */
  readonly browser: (browser: Browser) => Promise<void>;
  readonly close: () => void;
}

export interface Clipboard {
  readonly read: () => string;
  /** Somebody writes; whether it is the driver itself. */
  readonly write: (text: string, isOwn: boolean) => void;
  /** Compares the store of the clipboard's commands with what it held before. */
  readonly compare: () => void;
}
