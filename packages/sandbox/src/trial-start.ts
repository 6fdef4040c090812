import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Trial, TrialResult } from './trial.ts';

/** Who starts the sandbox: the tests' own user, and for root somebody ordinary as well. */
export type Starter = 'root' | 'an ordinary user';

export const starters: Starter[] = process.getuid?.() === 0 ? ['root', 'an ordinary user'] : ['an ordinary user'];

/** An id that nobody has. */
const ordinaryId = 60_321;

/**
 * Runs the trial program as that user.
 *
 * *Shape:* `before` is a command prefix around it; `stdio` are descriptors given to it beside the standard ones.
 */
export async function startTrial(
  starter: Starter,
  trial: Trial,
  options: { env?: Record<string, string>; before?: string[]; descriptors?: number[] } = {},
): Promise<TrialResult> {
  const isOther = starter === 'an ordinary user' && process.getuid?.() === 0;
  const temporary = mkdtempSync(path.join(tmpdir(), 'trial-'));
  const user = ['setpriv', `--reuid=${ordinaryId}`, `--regid=${ordinaryId}`, '--clear-groups', '--'];
  const program = [process.execPath, '--conditions=source', path.join(import.meta.dirname, 'trial.ts')];
  const [command = '', ...args] = [...(isOther ? user : []), ...(options.before ?? []), ...program];
  try {
    return await new Promise<TrialResult>((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: '/',
        env: { PATH: process.env.PATH ?? '', HOME: temporary, ...options.env },
        stdio: ['pipe', 'pipe', 'pipe', ...(options.descriptors ?? [])],
      });
      let out = '';
      let complaint = '';
      child.stdout?.on('data', (chunk) => (out += String(chunk)));
      child.stderr?.on('data', (chunk) => (complaint += String(chunk)));
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve(JSON.parse(out) as TrialResult);
        else reject(new Error(`the trial ended with ${code}: ${complaint}`));
      });
      child.stdin?.end(JSON.stringify(trial));
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
