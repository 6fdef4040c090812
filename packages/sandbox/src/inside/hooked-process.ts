import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HookRecord } from '../channels.ts';
import type { HookConfig } from './kit.ts';
import { hookEnvironment, hookFile, writeHook } from './launch.ts';

/** What a program printed and what the hook said of it. */
export interface Hooked {
  code: number | null;
  stdout: string;
  stderr: string;
  records: HookRecord[];
}

export type Call = Extract<HookRecord, { kind: 'call' }>;
export type Patch = Extract<HookRecord, { kind: 'patch' }>;

/** Runs fixture programs under the hook, for tests: a folder with files written by the test, and the pinned Node. */
export class HookedFolder {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'hooked-'));
  readonly hookPath = path.join(this.directory, 'hook', hookFile);

  /** The hook is written once; its code cache is made by the Node that the tests run under. */
  async prepare(): Promise<void> {
    await writeHook(path.dirname(this.hookPath), process.execPath);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  write(files: Record<string, string>): string {
    const folder = mkdtempSync(path.join(this.directory, 'case-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    return folder;
  }

  /** `main` is `main.cjs` or `main.mjs` among the files; its folder is the working directory. */
  async run(files: Record<string, string>, options: RunOptions = {}): Promise<Hooked> {
    const folder = this.write(files);
    const lines = path.join(folder, 'lines');
    writeFileSync(lines, '');
    const main = Object.keys(files).find((name) => /^main\.[cm]js$/.test(name)) ?? 'main.cjs';
    const env = hookEnvironment(this.hookPath, { fifo: lines, ...options.config }, options.nodeOptions);
    const plain = { PATH: process.env.PATH ?? '', HOME: '/home/nobody', ...options.env };
    const argv = [...(options.argv ?? []), path.join(folder, main)];
    const ended = await new Promise<Omit<Hooked, 'records'>>((resolve) => {
      const child = execFile(
        process.execPath,
        argv,
        { cwd: folder, env: options.bare === true ? plain : { ...plain, ...env }, timeout: 30_000 },
        (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
      );
    });
    return { ...ended, records: parseRecords(readFileSync(lines, 'utf8')) };
  }

  /** The same through a real FIFO, read by another process as the sandbox does. */
  async runThroughFifo(files: Record<string, string>): Promise<Hooked> {
    const folder = this.write(files);
    const fifo = path.join(folder, 'lines');
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', fifo]);
    const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    reader.stdout.on('data', (chunk) => (text += String(chunk)));
    const over = new Promise((resolve) => reader.on('close', resolve));
    // Opens the FIFO for writing beside the hooked process, so that the hook finds a reader and the reader an end.
    const holder = spawn('sh', ['-c', `exec 3>'${fifo}'; echo open; read line`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const ended = await new Promise<Omit<Hooked, 'records'>>((resolve) => {
      const env = { PATH: process.env.PATH ?? '', ...hookEnvironment(this.hookPath, { fifo }) };
      const child = execFile(process.execPath, [path.join(folder, 'main.cjs')], { env }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
    });
    holder.stdin.end();
    await over;
    return { ...ended, records: parseRecords(text) };
  }
}

export interface RunOptions {
  config?: Partial<HookConfig>;
  nodeOptions?: string;
  env?: Record<string, string>;
  argv?: string[];
  /** Without the hook, to compare. */
  bare?: boolean;
}

/** Every line must be one that the outside understands. */
function parseRecords(text: string): HookRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => HookRecord.parse(JSON.parse(line)));
}

export function calls(hooked: Hooked, api?: string): Call[] {
  return hooked.records.filter(
    (record): record is Call => record.kind === 'call' && (api === undefined || record.api === api),
  );
}

export function patches(hooked: Hooked): Patch[] {
  return hooked.records.filter((record): record is Patch => record.kind === 'patch');
}

/** Whether each thread of each process began with `start`, ended with `end`, and left no number out. */
export function isComplete(hooked: Hooked): boolean {
  const threads = new Map<string, HookRecord[]>();
  for (const record of hooked.records) {
    const key = `${record.pid}.${record.thread}`;
    threads.set(key, [...(threads.get(key) ?? []), record]);
  }
  return [...threads.values()].every((records) => {
    const last = records.at(-1);
    return (
      records.every((record, index) => record.seq === index + 1) &&
      records[0]?.kind === 'start' &&
      last?.kind === 'end' &&
      last.written === records.length
    );
  });
}
