import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** How a command ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface StartOptions {
  env?: Record<string, string>;
  /** Signals to send to the command, after how many milliseconds each. */
  signals?: [number, NodeJS.Signals][];
  /** Descriptor prefix around the command, e.g. a program that measures it. */
  before?: string[];
}

/** A place to start the command in as a user would, for tests: a home, a cache and a temporary directory of its own. */
export class CliPlace {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'cli-'));
  readonly temporary = mkdtempSync(path.join(this.directory, 'tmp-'));
  readonly cache = path.join(this.directory, 'cache');
  registry = 'http://127.0.0.1:9/';

  file(name: string): string {
    return path.join(this.directory, name);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  start(argv: readonly string[], options: StartOptions = {}): Promise<Ended> {
    const main = path.join(import.meta.dirname, 'main.ts');
    const [command = '', ...args] = [
      ...(options.before ?? []),
      process.execPath,
      '--conditions=source',
      '--no-warnings',
      main,
      ...argv,
    ];
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: this.directory,
      TMPDIR: this.temporary,
      ASSAY_CACHE_DIR: this.cache,
      ASSAY_NPM_REGISTRY: this.registry,
      ...options.env,
    };
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, { cwd: this.directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const out = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => (out.stdout += String(chunk)));
      child.stderr.on('data', (chunk) => (out.stderr += String(chunk)));
      const timers = (options.signals ?? []).map(([ms, signal]) => setTimeout(() => child.kill(signal), ms));
      child.once('error', reject);
      child.once('close', (code, signal) => {
        for (const timer of timers) clearTimeout(timer);
        resolve({ code, signal, ...out });
      });
    });
  }
}
