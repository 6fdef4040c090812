import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { roomFile } from '../room.ts';
import { bundleInside } from './bundle.ts';
import type { HookConfig } from './kit.ts';

/** Name of the hook's file in the folder that {@link writeHook} fills. */
export const hookFile = 'hook.cjs';
/** Environment variable that carries the hook's configuration; package code never sees it. */
export const hookVariable = 'NODE_CHANNEL_PIPE';

/**
 * Writes the runtime hook into a folder of the host, to be made visible (read-only) inside the sandbox.
 *
 * *Shape:* `node` is the program that the hook will run under: it makes the code cache, which another version ignores.
 */
export async function writeHook(target: string, node: string): Promise<void> {
  await bundleInside(insideSources(), ['hook'], target);
  const file = path.join(target, hookFile);
  const scratch = await mkdtemp(path.join(tmpdir(), 'hook-'));
  try {
    const fifo = path.join(scratch, 'lines');
    await writeFile(fifo, '');
    const { stdout } = await promisify(execFile)(node, [file], {
      encoding: 'buffer',
      env: { [hookVariable]: fifo },
      maxBuffer: 16 * 1024 * 1024,
    });
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/^const CACHE = "";$/m, `const CACHE = "${stdout.toString('base64')}";`));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Environment that puts the hook into every Node process started under it.
 *
 * *Shape:* `hookPath` is the hook's file as seen inside, without blanks; `nodeOptions` are what the persona has in
 * `NODE_OPTIONS` anyway.
 */
export function hookEnvironment(
  hookPath: string,
  config: Partial<HookConfig> & Pick<HookConfig, 'fifo'>,
  nodeOptions = '',
): Record<string, string> {
  return {
    NODE_OPTIONS: `--require ${hookPath}${nodeOptions === '' ? '' : ` ${nodeOptions}`}`,
    [hookVariable]: JSON.stringify(config),
  };
}

/** Files that the hook is made from: when none of them changed, neither did the hook. */
export function hookSources(): string[] {
  const folder = insideSources();
  return readdirSync(folder)
    .filter((name) => /\.c[tj]s$/.test(name) && !name.endsWith('.d.cts'))
    .map((name) => path.join(folder, name));
}

function insideSources(): string {
  return path.join(path.dirname(roomFile()), 'inside');
}
