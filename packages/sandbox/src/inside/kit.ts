/**
 * Types of the runtime hook, which runs inside the package's own process. Types only: the parts (`*.cts`) import nothing at
 * run time, they are joined into one file by `bundle.ts`, and each receives the {@link Kit}.
 *
 * **Attack model.** Package code shares the process and may replace any global, prototype, module or file descriptor. So the
 * parts use only functions captured before package code ran (`primordials.cts`), keep their state in closures, never use
 * iteration protocols, and treat every value that comes from package code as hostile. What package code can still do is be
 * noticed by doing it: line numbers that have gaps, a missing `start` or `end`, a `patch` record.
 */

/** What is done in place of a replaced function. */
export type Replacement = (original: unknown, self: unknown, args: unknown[]) => unknown;
export type AnyFunction = (this: unknown, ...args: never[]) => unknown;
export type Bag = Record<PropertyKey, unknown>;

export type HookConfig = {
  /** FIFO (or file) that lines are appended to, as seen by the hooked process. */
  fifo: string;
  /** Lines of one thread before it only counts. */
  maxLines: number;
  /** Timers over `overMs` (1 s or more) fire after `overMs` or `toMs`, whichever is more, and a little. Absent: left alone. */
  shorten?: { overMs: number; toMs: number };
  /** Program that is given the {@link DriverHandle} when it is the main module, and what it is told. Children do not inherit it. */
  driver?: string;
  input?: unknown;
};

/** Functions as they were before package code ran; methods take their receiver as first argument. */
export type Primordials = {
  readonly apply: (fn: unknown, self: unknown, args: ArrayLike<unknown>) => unknown;
  readonly construct: (fn: unknown, args: ArrayLike<unknown>, newTarget?: unknown) => object;
  readonly define: (target: object, key: PropertyKey, descriptor: PropertyDescriptor) => boolean;
  readonly descriptor: (target: object, key: PropertyKey) => PropertyDescriptor | undefined;
  readonly ownKeys: (target: object) => PropertyKey[];
  readonly get: (target: object, key: PropertyKey, receiver?: unknown) => unknown;
  readonly set: (target: object, key: PropertyKey, value: unknown) => boolean;
  readonly has: (target: object, key: PropertyKey) => boolean;
  readonly deleteProperty: (target: object, key: PropertyKey) => boolean;
  readonly prototypeOf: (target: object) => object | null;
  readonly setPrototypeOf: (target: object, prototype: object | null) => boolean;
  readonly isArray: (value: unknown) => value is unknown[];
  /** Appends without meeting a setter that package code put on `Array.prototype`. */
  readonly push: (array: unknown[], value: unknown) => unknown[];
  readonly stringify: (value: unknown) => string;
  readonly parse: (text: string) => unknown;
  readonly string: (value: unknown) => string;
  readonly functionText: (fn: unknown) => string;
  readonly includes: (text: string, part: string, from?: number) => boolean;
  readonly indexOf: (text: string, part: string, from?: number) => number;
  readonly lastIndexOf: (text: string, part: string) => number;
  readonly startsWith: (text: string, part: string) => boolean;
  readonly endsWith: (text: string, part: string) => boolean;
  readonly slice: (text: string, from: number, to?: number) => string;
  readonly toLowerCase: (text: string) => string;
  readonly exec: (pattern: RegExp, text: string) => RegExpExecArray | null;
  readonly floor: (value: number) => number;
  readonly log2: (value: number) => number;
  readonly max: (a: number, b: number) => number;
  readonly min: (a: number, b: number) => number;
  readonly map: <K, V>() => SafeMap<K, V>;
  readonly weakMap: <K extends object, V>() => SafeMap<K, V>;
  readonly proxy: <T extends object>(target: T, handler: ProxyHandler<T>) => T;
  /** Blocks the thread, milliseconds. */
  readonly pause: (ms: number) => void;
  readonly byteLength: (text: string) => number;
  /** The bytes of an ArrayBuffer or Uint8Array, without a copy. */
  readonly bytesOf: (value: object) => Uint8Array | undefined;
  /** First bytes of a string or byte array as Latin-1, or undefined for anything else. */
  readonly bytesHead: (value: unknown, length: number) => string | undefined;
};

export type SafeMap<K, V> = {
  readonly get: (key: K) => V | undefined;
  readonly set: (key: K, value: V) => void;
  readonly has: (key: K) => boolean;
  readonly remove: (key: K) => void;
  readonly size: () => number;
  readonly each: (visit: (value: V, key: K) => void) => void;
};

export type Frame = { functionName: string; scriptName: string; lineNumber: number; column: number };

/** What the hook got from the runtime before anything else ran. */
export type Runtime = {
  readonly process: NodeJS.Process & Bag;
  readonly global: typeof globalThis & Bag;
  readonly require: NodeJS.Require;
  /** `process.binding`, the runtime's own layer below its public modules. */
  readonly binding: (name: string) => Bag;
  /** A public module of the runtime, whatever package code did to `require`. */
  readonly builtin: (id: string) => Bag;
  /** Milliseconds of CLOCK_MONOTONIC. */
  readonly now: () => number;
  readonly callSites: (count: number) => Frame[];
  readonly pid: number;
  readonly hookPath: string;
  /** Name that the hook's code is compiled under, as it stands in stack frames. */
  readonly ownName: string;
  /** Name of the environment variable that carries the configuration. */
  readonly variable: string;
  readonly thread: number;
};

export type CallFacts = {
  ms?: number;
  sha256?: string;
  bytes?: number;
  count?: number;
  caller?: string | undefined;
  /** Details that differ and are each worth a line, per caller; the others are only counted. */
  distinct?: number;
};

export type Outcome = 'ok' | 'threw' | 'skipped' | 'timeout';
export type Missing = 'peer' | 'optional' | 'platform' | 'browser';
export type StepFacts = { missing?: Missing; canaries?: string[] };

export type Channel = {
  /** Appends one line; returns false when it was lost. */
  readonly write: (record: Bag) => boolean;
  readonly end: () => void;
};

export type Kit = {
  readonly p: Primordials;
  readonly runtime: Runtime;
  readonly config: HookConfig;
  /** Records a call; the caller is found from the stack unless given. Same (api, caller, detail): counted, not repeated. */
  readonly call: (api: string, detail: string, facts?: CallFacts) => void;
  readonly patch: (target: string, caller: string | undefined, detail?: string) => void;
  readonly step: (step: string, outcome: Outcome, detail: string, facts?: StepFacts) => void;
  /** Calls seen so far, recorded or only counted. */
  readonly activity: () => number;
  readonly patches: () => number;
  /** `file:line:column` of the nearest frame that is neither the runtime's nor the hook's. */
  readonly caller: () => string | undefined;
  readonly place: (frame: Frame) => string;
  /** Whether the code that called the hooked function is the runtime's own. */
  readonly calledByRuntime: () => boolean;
  /** Whether a call of an often called function is worth looking at the stack: the first `free`, then one per millisecond. */
  readonly sampled: (gate: SampleGate, free?: number) => boolean;
  /** Replaces a function by one that calls `before` and then the original. */
  readonly observe: (
    target: object,
    key: PropertyKey,
    before: (args: ArrayLike<unknown>, self: unknown) => void,
  ) => void;
  /** Replaces a function by one that runs `run`; it looks like the original. */
  readonly replace: (target: object, key: PropertyKey, run: Replacement) => void;
  /** The same for the getter of an accessor. */
  readonly replaceGetter: (target: object, key: PropertyKey, run: Replacement) => void;
  /** Replaces a class or constructor; `before` may return other arguments. */
  readonly observeConstructor: (
    target: object,
    key: PropertyKey,
    before: (args: ArrayLike<unknown>) => ArrayLike<unknown> | undefined,
    after?: () => void,
  ) => void;
  /** Makes a property report assignments while it looks like the data property it was. */
  readonly trap: (target: object, key: PropertyKey, label: string) => void;
  /** The descriptor as package code sees it. */
  readonly shownDescriptor: (target: object, key: PropertyKey) => PropertyDescriptor | undefined;
  readonly hideProxy: (proxy: object) => void;
  /** Runs hook code that must not disturb package code: what it throws is counted and dropped. */
  readonly guard: (work: () => void) => void;
  /** SHA-256 as lower-case hex; of text, its UTF-8 bytes. */
  readonly digest: (text: string | Uint8Array) => string;
  /** The part that a public module needs is applied when package code first asks for the module. */
  readonly whenLoaded: (id: string, apply: (exports: Bag) => void) => void;
  /** Writes what was only counted and the last line. */
  readonly end: () => void;
  /** Facts that parts share. */
  readonly shared: Shared;
};

export type SampleGate = { count: number; last: number };

export type Shared = {
  /** Files that package code was loaded from, newest last. */
  files: SafeMap<string, true>;
  /** What was last assigned to a trapped property: recorded then, so no news at the next checkpoint. */
  assigned: SafeMap<string, unknown>;
  /** Set by the evaluation part: called when source text is about to be compiled by `eval` or `Function`. */
  onGenerate: ((site: Frame | undefined) => void) | undefined;
  /** Set by the decode part: whether this text came out of a decoder, and out of which. */
  decodedBy: ((text: string) => { api: string; bytes: number } | undefined) | undefined;
  /** Set by a driver: decides what `process.exit` and the like do. Returning true keeps the process alive. */
  onExit: ((api: string, detail: string) => boolean) | undefined;
  onEnd: (() => void) | undefined;
  /** Longest time a synchronous child may take, milliseconds; set by a driver. */
  maxSyncChildMs: number;
  /** When the last timer worth waiting for will have fired, on the clock of `Runtime.now`. */
  timersUntil: number;
  /** Set while a driver does work of its own: nothing is recorded. */
  isSilent: boolean;
  checkpoint: (moment: string) => void;
  /** `file:line:column` where a function is written, among the files that package code was loaded from. */
  locate: (value: unknown) => string | undefined;
  /** Adds functions to those whose identity checkpoints compare. */
  watch: (label: string, holder: unknown, keys: readonly string[]) => void;
};

export type Part = (kit: Kit) => void;

/** The files of the bundle by name, as `bundle.ts` joins them. */
export type Parts = {
  readonly primordials: () => Primordials;
  readonly channel: (p: Primordials, runtime: Runtime, path: string) => Channel | undefined;
  readonly caller: (
    p: Primordials,
    runtime: Runtime,
  ) => Pick<Kit, 'caller' | 'calledByRuntime' | 'place'> & { frame: () => Frame | undefined };
  readonly disguise: (
    p: Primordials,
    runtime: Runtime,
    guard: Kit['guard'],
    onAssign: (label: string, value: unknown) => void,
  ) => Disguise;
  readonly assemble: (p: Primordials, runtime: Runtime, config: HookConfig, out: Channel, more: Assembly) => Kit;
  readonly environment: Part;
  readonly evaluation: Part;
  readonly exit: Part;
  readonly processes: Part;
  readonly workers: Part;
  readonly files: Part;
  readonly clock: Part;
  readonly identity: Part;
  readonly decode: Part;
  readonly network: Part;
  readonly writes: (kit: Kit) => DriverHandle['watchWrites'];
  readonly modules: (kit: Kit, lazy: LazyModules) => void;
  readonly patches: Part;
};

/** What waits for each public module to be asked for first. */
export type LazyModules = SafeMap<string, ((exports: Bag) => void)[]>;
export type Assembly = { parts: Parts; lazy: LazyModules };
export type Disguise = Pick<
  Kit,
  'observe' | 'replace' | 'replaceGetter' | 'observeConstructor' | 'trap' | 'shownDescriptor' | 'hideProxy'
>;

/**
 * What a phase driver gets from the hook, once, before package code runs: the property `_driver` of `process`, which the driver
 * deletes when it has read it.
 */
export type DriverHandle = {
  /** `HookConfig.input`, as the outside gave it. */
  readonly input: unknown;
  readonly step: (step: string, outcome: Outcome, detail: string, facts?: StepFacts) => void;
  readonly call: (api: string, detail: string, caller?: string) => void;
  readonly caller: () => string | undefined;
  /** Compares globals and built-ins with what they were and records what was replaced. */
  readonly checkpoint: (moment: string) => void;
  readonly activity: () => number;
  /** Files of code read so far, in that order. */
  readonly files: () => string[];
  /** How many replacements were recorded. */
  readonly patches: () => number;
  /** Adds functions to those whose replacement checkpoints record, as they are now. */
  readonly watch: (label: string, holder: unknown, keys: readonly string[]) => void;
  /** `file:line:column` where a function is written, among the files that package code was loaded from. */
  readonly locate: (value: unknown) => string | undefined;
  /** Whether a timer that package code set (up to a few seconds, or shortened) has still to fire. */
  readonly awaitsTimer: () => boolean;
  /** Decides what `process.exit`, `abort` and signals to itself do; returning true keeps the process alive. */
  readonly onExit: (decide: (api: string, detail: string) => boolean) => void;
  /** Called when the process really ends, before the last line. */
  readonly onEnd: (last: () => void) => void;
  readonly limitSyncChildren: (ms: number) => void;
  /** Shows every byte that the process writes to TCP sockets, as Latin-1; undefined stops it. */
  readonly watchWrites: (see: ((bytes: string) => void) | undefined) => void;
  /** Runs the driver's own work without recording it. */
  readonly silently: <T>(work: () => T) => T;
};
