import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleInside, HookRecord, hookEnvironment, hookFile, writeHook } from '@assay/sandbox';
import type { DriverInput, ExecuteInput } from './drive.ts';

export type Step = Extract<HookRecord, { kind: 'driver' }>;
export type Call = Extract<HookRecord, { kind: 'call' }>;
export type Patch = Extract<HookRecord, { kind: 'patch' }>;

export interface Driven {
  code: number | null;
  stdout: string;
  stderr: string;
  records: HookRecord[];
  steps: Step[];
  calls: Call[];
  patches: Patch[];
}

export const executeInput: ExecuteInput = {
  canaries: [{ id: 'c9', values: ['sk_decoyDecoyDecoy0123456789', 'ab'.repeat(32)] }],
  host: 'driver.example.test',
  addresses: { ethereum: `0x${'a1'.repeat(20)}`, bitcoin: `bc1q${'z'.repeat(38)}` },
  callMs: 300,
  awaitMs: 200,
  maxCalls: 200,
};

/** Runs the phase drivers on fixture packages as the sandbox does, for tests: as `index.js` of a project, under the hook. */
export class DrivenProject {
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'driven-'));

  async prepare(): Promise<void> {
    await writeHook(path.join(this.#directory, 'inside'), process.execPath);
    await bundleInside(
      import.meta.dirname,
      ['install-hooks', 'import', 'execute'],
      path.join(this.#directory, 'inside'),
    );
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** *Shape:* `files` are paths in the project; `node_modules/pkg` is what is driven. */
  async drive(
    driver: 'import' | 'execute',
    files: Record<string, string>,
    input: Partial<DriverInput> = {},
    env: Record<string, string> = {},
  ): Promise<Driven> {
    const project = mkdtempSync(path.join(this.#directory, 'project-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(project, name)), { recursive: true });
      writeFileSync(path.join(project, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
    }
    const main = path.join(project, 'index.js');
    copyFileSync(path.join(this.#directory, 'inside', `${driver}.cjs`), main);
    const lines = path.join(project, 'lines');
    writeFileSync(lines, '');
    const told: DriverInput = {
      package: 'pkg',
      mode: 'require',
      specifiers: ['pkg'],
      browser: false,
      loadMs: 1000,
      quietMs: 300,
      budgetMs: 10_000,
      ...(driver === 'execute' ? { execute: executeInput } : {}),
      ...input,
    };
    const hook = hookEnvironment(path.join(this.#directory, 'inside', hookFile), {
      fifo: lines,
      driver: main,
      input: told,
    });
    const ended = await new Promise<Pick<Driven, 'code' | 'stdout' | 'stderr'>>((resolve) => {
      const options = {
        cwd: project,
        env: { PATH: process.env.PATH ?? '', HOME: project, ...env, ...hook },
        timeout: 30_000,
      };
      const child = execFile(process.execPath, [main], options, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
      child.stdin?.end();
    });
    const records = readFileSync(lines, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => HookRecord.parse(JSON.parse(line)));
    return {
      ...ended,
      records,
      steps: records.filter((record): record is Step => record.kind === 'driver'),
      calls: records.filter((record): record is Call => record.kind === 'call'),
      patches: records.filter((record): record is Patch => record.kind === 'patch'),
    };
  }
}

/** `require pkg ok`, `call exports.a threw` … */
export function outcomes(driven: Driven): string[] {
  return driven.steps.map((step) => `${step.step} ${step.outcome}`);
}
