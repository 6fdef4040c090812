import { spawn } from 'node:child_process';

/** One finished command: wall and processor time of it and everything it waited for, in seconds. */
export interface Measurement {
  wall: number;
  cpu: number;
  exitCode: number;
  stdout: string;
  /** Largest resident set of the command's own process, bytes; 0 when it could not be read. */
  peakBytes: number;
}

const timing = 'TIMEFORMAT="assay-time %R %U %S"; time "$@"';

/**
 * Runs a command under the shell's own `time`, which counts every descendant that was waited for.
 *
 * *Units:* seconds. *Errors:* rejects when the command cannot be started.
 */
export function measure(
  argv: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', timing, 'bash', ...argv], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-100_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const [, wall, user, system] = /assay-time ([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(stderr) ?? [];
      if (wall === undefined) reject(new Error(`no timing for ${argv.join(' ')}: ${stderr.slice(-500)}`));
      else
        resolve({ wall: Number(wall), cpu: Number(user) + Number(system), exitCode: code ?? 1, stdout, peakBytes: 0 });
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
