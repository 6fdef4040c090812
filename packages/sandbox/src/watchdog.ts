import { readdirSync, readFileSync } from 'node:fs';

/** What one command and everything it started may use. */
export interface ResourceLimits {
  maxMemoryBytes: number;
  maxProcesses: number;
  maxOutputBytes: number;
}

export interface ResourceUse {
  /** Largest sum of resident memory seen, bytes. */
  peakMemoryBytes: number;
  /** Largest number of processes seen at once. */
  peakProcesses: number;
  /** User plus system time of the processes alive at a look and of what they had waited for, milliseconds; the largest seen. */
  cpuMs: number;
}

const clockTicksPerSecond = 100;
const pageBytes = 4096;

/**
 * Looks at a process tree from outside at a fixed interval and says when it is over a limit. A look is a snapshot: what
 * lives for less than the interval is not counted.
 *
 * *Units:* `intervalMs` milliseconds. *Source:* proc(5), `/proc/<pid>/stat` and `/proc/<pid>/task/<tid>/children`.
 */
export function watchTree(
  rootPid: number,
  limits: ResourceLimits,
  intervalMs: number,
  onOver: (limit: 'memory' | 'processes', use: ResourceUse) => void,
): { stop: () => ResourceUse } {
  const use: ResourceUse = { peakMemoryBytes: 0, peakProcesses: 0, cpuMs: 0 };
  const look = () => {
    const seen = measureTree(rootPid, limits.maxProcesses * 2);
    use.peakMemoryBytes = Math.max(use.peakMemoryBytes, seen.memoryBytes);
    use.peakProcesses = Math.max(use.peakProcesses, seen.processes);
    use.cpuMs = Math.max(use.cpuMs, seen.cpuMs);
    if (seen.memoryBytes > limits.maxMemoryBytes) onOver('memory', use);
    else if (seen.processes > limits.maxProcesses) onOver('processes', use);
  };
  const timer = setInterval(look, intervalMs);
  return {
    stop: () => {
      clearInterval(timer);
      return use;
    },
  };
}

function measureTree(rootPid: number, maxProcesses: number) {
  const total = { memoryBytes: 0, processes: 0, cpuMs: 0 };
  for (const { fields } of walkTree(rootPid)) {
    total.processes++;
    // Its own time in user and kernel mode, then that of children that ended and were waited for.
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    total.cpuMs += (ticks * 1000) / clockTicksPerSecond;
    total.memoryBytes += Number(fields[21]) * pageBytes;
    if (total.processes > maxProcesses) break;
  }
  return total;
}

/** Kills a process and everything below it, found from outside; for what cannot be ended from within its namespace. */
export function killTree(rootPid: number): void {
  const pids = [...walkTree(rootPid)].map(({ pid }) => pid);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // Ended by itself, or by the death of one before it.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** *Shape:* `fields` are those of `/proc/<pid>/stat` from the state on, which is number 0 here. */
function* walkTree(rootPid: number): Generator<{ pid: number; fields: string[] }> {
  const pending = [rootPid];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    const stat = readProc(`/proc/${pid}/stat`);
    if (stat === undefined) continue;
    // The command name may hold spaces and brackets: fields count from the last `)`.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A child belongs to the thread that made it.
    const threads = Number(fields[17]) > 1 ? listProc(`/proc/${pid}/task`) : [String(pid)];
    for (const thread of threads) {
      for (const child of (readProc(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ')) {
        if (child !== '') pending.push(Number(child));
      }
    }
    yield { pid, fields };
  }
}

function listProc(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // The process ended between two reads.
    return [];
  }
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The process ended between two reads.
    return undefined;
  }
}
