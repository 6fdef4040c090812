import path from 'node:path';
import type { Call } from './call.ts';
import type { FileWatch } from './files.ts';
import type { HookChannel } from './hook-channel.ts';
import type { TracedProcess } from './process.ts';
import { type Execution, ownEnvironment, scriptOf } from './programs.ts';
import { outcomeOf, record, type Scene } from './scene.ts';

const maxVariables = 40;
const maxVariableChars = 300;

/** Descriptors by path: `/proc/self/fd/5`, `/dev/fd/5`, `/proc/<own pid>/fd/5`. Does not match `/proc/self/fdinfo/5`. */
const descriptorPath = /^(?:\/proc\/(?:self|thread-self|(\d+))|\/dev)\/fd\/(\d+)$/;

export interface ExecWatchOptions {
  scene: Scene;
  files: FileWatch;
  hooks: HookChannel;
  /** `K=V` of the persona. */
  baseline: ReadonlySet<string>;
  /** Variables of ours, never shown. */
  hiddenVariables: readonly string[];
  /** The phase's command has started; called before anything is recorded of it. */
  onRoot: (process: TracedProcess, at: number) => void;
}

/** Programs: `process.exec`, `memory.exec`, `process.exit`. */
export class ExecWatch {
  readonly #options: ExecWatchOptions;

  constructor(options: ExecWatchOptions) {
    this.#options = options;
  }

  /** An execve or execveat returned. */
  exec(call: Call, process: TracedProcess): void {
    const { scene } = this.#options;
    const named = fileOf(call, process);
    if (named === undefined || Number.isNaN(call.ret)) return;
    const memory = memoryFileOf(call, process, named);
    const file = memory?.api === 'memfd' ? `/${memory.path}` : named;
    if (!call.ok) {
      if (process.inTree) this.#failed(call, process, file);
      return;
    }
    const isFirst = scene.processes.root === undefined;
    const done = scene.processes.executed(call, file);
    if (done === undefined) return;
    const { execution } = done;
    if (isFirst) this.#options.onRoot(process, call.at);
    if (memory !== undefined) {
      const argv = execution.argv.map((word) => scene.mask(word)).join(' ');
      record(
        scene,
        process,
        call.at,
        { type: 'memory.exec', outcome: 'ok', ...memory, detail: argv.slice(0, 400) },
        'evidence',
      );
    }
    this.#executed(call, process, execution);
    if (process.interpreter === 'node' && !process.toolchain) this.#options.hooks.expect(process);
  }

  /** The process ended: says so, and what it had tried to execute if that was all it did. */
  exit(process: TracedProcess, at: number, code: number | undefined, signal: string | undefined): void {
    const { scene, hooks } = this.#options;
    if (!process.inTree) return;
    hooks.ended(process, code !== undefined && process.interpreter === 'node');
    const failed = process.failedExec;
    if (failed !== undefined) {
      const argv = failed.argv.map((word) => scene.mask(word));
      const executable = scene.names.report(failed.file);
      record(
        scene,
        process,
        failed.at,
        { type: 'process.exec', outcome: outcomeOf(failed.errno), argv, executable },
        'evidence',
      );
    }
    const node = process.ownNode;
    if (node === undefined) return;
    const end = { ...(code === undefined ? {} : { exit_code: code }), ...(signal === undefined ? {} : { signal }) };
    const worth = process.toolchain ? 'noise' : 'detail';
    record(scene, process, at, { type: 'process.exit', outcome: 'ok', ...end }, worth);
    scene.keeper.close(node.key);
  }

  #executed(call: Call, process: TracedProcess, execution: Execution): void {
    const { scene, files, baseline, hiddenVariables } = this.#options;
    const argv = execution.argv.map((word) => scene.mask(word));
    const env = ownEnvironment(execution.env, baseline, hiddenVariables)
      .slice(0, maxVariables)
      .map((pair) => scene.mask(pair.slice(0, maxVariableChars)));
    const socket = process.stdio.find((name) => name !== undefined);
    const event = record(
      scene,
      process,
      call.at,
      {
        type: 'process.exec',
        outcome: 'ok',
        argv,
        executable: scene.names.report(execution.file),
        ...(env.length === 0 ? {} : { env }),
        pwd: scene.names.report(execution.cwd),
        ...(socket === undefined ? {} : { detail: 'stdio:socket' }),
      },
      'evidence',
    );
    if (process.ownNode !== undefined) process.ownNode.argv = argv;
    scene.tables.command(argv, env);
    for (const candidate of new Set([execution.file, scriptOf(execution)])) {
      const created = candidate === undefined ? undefined : files.writer(candidate);
      if (candidate === undefined || created === undefined) continue;
      const report = scene.names.locate(candidate).report;
      scene.callbacks.onWrittenFileRun?.({ path: candidate, report, created, executed: event.id });
    }
  }

  /** A search along PATH fails many times for one command: only a refusal, or the last word of a process, is an event. */
  #failed(call: Call, process: TracedProcess, file: string): void {
    const { scene } = this.#options;
    const argv = scene.processes.wordsOf(call, call.name === 'execveat' ? 2 : 1);
    process.failedExec = { at: call.at, argv, file, errno: call.errno };
    if (outcomeOf(call.errno) !== 'denied') return;
    process.failedExec = undefined;
    const words = argv.map((word) => scene.mask(word));
    const executable = scene.names.report(file);
    record(scene, process, call.at, { type: 'process.exec', outcome: 'denied', argv: words, executable }, 'evidence');
  }
}

/** Path of what is executed, absolute and normalized; of a descriptor, what it is open on. */
function fileOf(call: Call, process: TracedProcess): string | undefined {
  if (call.name !== 'execveat') {
    const text = call.text(0);
    return text === undefined ? undefined : path.posix.resolve(process.cwd, text);
  }
  const folder = call.fdPath(0) ?? process.cwd;
  const text = call.text(1);
  return text === undefined ? undefined : text === '' ? folder : path.posix.resolve(folder, text);
}

/** Whether the program has no file that anybody could look at: a memory file, or one that was deleted before it ran. */
function memoryFileOf(call: Call, process: TracedProcess, file: string): { api: string; path: string } | undefined {
  if (file.startsWith('/memfd:')) return { api: 'memfd', path: file.slice(1) };
  if (call.name === 'execveat') return call.raw(0).endsWith('>(deleted)') ? { api: 'deleted', path: file } : undefined;
  const match = descriptorPath.exec(file);
  if (match === null || (match[1] !== undefined && Number(match[1]) !== process.pid)) return undefined;
  const name = process.memoryFiles?.get(Number(match[2]));
  return name === undefined ? undefined : { api: 'memfd', path: `memfd:${name}` };
}
