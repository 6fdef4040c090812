import { existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { broken, type Conclusion, ok } from './capability.ts';
import type { Surroundings } from './surroundings.ts';

/** Room and surroundings that no program brings. */

const GiB = 1024 ** 3;
/** A warm cache of one large dependency tree, and the artifacts of its analysis. */
const leastDiskBytes = GiB;
/** What is written inside the sandbox lies in memory, beside the package manager itself. */
const leastMemoryBytes = GiB;

export async function probeDisk(around: Surroundings): Promise<Conclusion> {
  const { dataDirectory } = around.options;
  const { bavail, bsize } = statfsSync(nearestExisting(dataDirectory));
  const free = bavail * bsize;
  const detail = `${inGiB(free)} free for ${dataDirectory}`;
  return free >= leastDiskBytes
    ? ok(detail)
    : broken(detail, `free at least ${inGiB(leastDiskBytes)}, or set ASSAY_CACHE_DIR to a place that has it`);
}

function nearestExisting(directory: string): string {
  const at = path.resolve(directory);
  return existsSync(at) ? at : nearestExisting(path.dirname(at));
}

export async function probeMemory(around: Surroundings): Promise<Conclusion> {
  const available = availableMemory((file) => around.read(file));
  if (available === undefined) return broken('/proc/meminfo does not say', 'mount /proc');
  const detail = `${inGiB(available)} available`;
  return available >= leastMemoryBytes
    ? ok(detail)
    : broken(
        detail,
        `at least ${inGiB(leastMemoryBytes)} is needed: stop other programs or raise the container's limit`,
      );
}

/**
 * Bytes of memory that may still be taken: the machine's, or what the control group leaves of it.
 *
 * *Source:* proc_meminfo(5) `MemAvailable`; cgroup v2 `memory.max`, `memory.current`.
 */
export function availableMemory(read: (file: string) => string | undefined): number | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo') ?? '')?.[1];
  if (kibibytes === undefined) return undefined;
  const limit = Number(read('/sys/fs/cgroup/memory.max') ?? 'max');
  const used = Number(read('/sys/fs/cgroup/memory.current') ?? '0');
  const left = Number.isFinite(limit) ? Math.max(0, limit - used) : Number.POSITIVE_INFINITY;
  return Math.min(Number(kibibytes) * 1024, left);
}

export async function probeProc(around: Surroundings): Promise<Conclusion> {
  const mounts = around.read('/proc/self/mounts');
  const options = mounts
    ?.split('\n')
    .map((line) => line.split(' '))
    .find(([, at]) => at === '/proc')?.[3];
  if (options === undefined) return broken('/proc is not mounted', 'mount -t proc proc /proc');
  if (around.read('/proc/thread-self/children') === undefined) {
    return broken('/proc does not list the children of a process', 'use a kernel built with CONFIG_PROC_CHILDREN');
  }
  const hidden = /\bhidepid=(\w+)/.exec(options)?.[1] ?? '0';
  return ok(
    hidden === '0' || hidden === 'off'
      ? 'shows all processes'
      : `hidepid=${hidden}: only own processes are shown, which suffices`,
  );
}

function inGiB(bytes: number): string {
  return `${(bytes / GiB).toFixed(1)} GiB`;
}
