import type { ChildProcess } from 'node:child_process';
import type { Box } from './box.ts';
import { SandboxError } from './errors.ts';
import { LineBuffer } from './streams.ts';
import { killTree, type ResourceLimits, type ResourceUse, watchTree } from './watchdog.ts';

export interface PhaseExit {
  /** Why it ended: by itself, at the deadline, at a limit, or because the caller aborted. */
  ended: 'exit' | 'deadline' | 'memory' | 'processes' | 'output' | 'disk' | 'aborted';
  exitCode?: number;
  /** Last 4 KiB of each stream. */
  stdout: Buffer;
  stderr: Buffer;
  startedAt: number;
  durationMs: number;
  /** Processes that had to be ended after the command itself was done. */
  lingered: boolean;
  use: ResourceUse;
}

export interface Supervision {
  box: Box;
  limits: ResourceLimits;
  startedAt: number;
  deadlineMs: number;
  lingerMs: number;
  onOver?: (limit: 'memory' | 'processes', use: ResourceUse) => void;
}

const tailBytes = 4096;
const killGraceMs = 3000;
const lookIntervalMs = 250;

/**
 * Follows one command of a run to its end and enforces its deadline, its limits and the caller's abort.
 *
 * States: `running → exited` (bubblewrap reported the exit code; processes it left behind may linger) `→ closed` (the tracer
 * has nothing left to follow). A kill is sent to the first process of the inner PID namespace, which takes all others along.
 */
export function supervise(child: ChildProcess, what: Supervision, signal: AbortSignal): Promise<PhaseExit> {
  const { box, limits, startedAt, deadlineMs, lingerMs } = what;
  return new Promise((resolve, reject) => {
    let ended: PhaseExit['ended'] | undefined;
    let innerPid: number | undefined;
    let exitCode: number | undefined;
    let lingered = false;
    let outputBytes = 0;
    let exitedAt: number | undefined;
    const tails: Record<'stdout' | 'stderr', Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    const killAll = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killTree(child.pid);
    };
    const kill = () => {
      // The first process inside takes its whole PID namespace along; the tracer then ends by itself.
      if (innerPid !== undefined) box.sh(`kill -KILL ${innerPid}`).catch(killAll);
      else killAll();
      hardKill ??= setTimeout(killAll, killGraceMs);
    };
    const end = (reason: PhaseExit['ended']) => {
      if (ended !== undefined) return;
      ended = reason;
      kill();
    };
    let hardKill: NodeJS.Timeout | undefined;
    let linger: NodeJS.Timeout | undefined;
    const deadline = setTimeout(() => end('deadline'), deadlineMs);
    const watch = watchTree(child.pid ?? 0, limits, lookIntervalMs, (limit, use) => {
      what.onOver?.(limit, use);
      end(limit);
    });
    const abort = () => end('aborted');
    signal.addEventListener('abort', abort, { once: true });

    const status = new LineBuffer((line) => {
      const parsed = JSON.parse(line) as Record<string, unknown>;
      if (typeof parsed['child-pid'] === 'number') innerPid = parsed['child-pid'];
      if (typeof parsed['exit-code'] === 'number') {
        exitCode = parsed['exit-code'];
        exitedAt = Date.now();
        linger = setTimeout(() => {
          lingered = true;
          kill();
        }, lingerMs);
      }
    });
    (child.stdio[3] as NodeJS.ReadableStream).on('data', (chunk: Buffer) => status.push(chunk));
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: Buffer) => {
        outputBytes += chunk.length;
        if (outputBytes > limits.maxOutputBytes) end('output');
        tails[name] = Buffer.concat([tails[name], chunk]).subarray(-tailBytes);
      });
    }
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(deadline);
      clearTimeout(linger);
      clearTimeout(hardKill);
      signal.removeEventListener('abort', abort);
      const use = watch.stop();
      if (exitCode === undefined && ended === undefined) {
        reject(
          new SandboxError(
            'ISOLATION_UNAVAILABLE',
            `the sandbox did not start: ${tails.stderr.toString().trim()}; nothing was run`,
          ),
        );
        return;
      }
      resolve({
        ended: ended ?? 'exit',
        ...(exitCode === undefined ? {} : { exitCode }),
        stdout: Buffer.from(tails.stdout),
        stderr: Buffer.from(tails.stderr),
        startedAt,
        durationMs: (exitedAt ?? Date.now()) - startedAt,
        lingered,
        use,
      });
    });
  });
}
