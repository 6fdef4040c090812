import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadNpmConfig } from './config.ts';
import { type NpmLimits, npmLimits } from './limits.ts';
import { NpmSource } from './source.ts';

/** A source over a folder of its own, with a clock that stands until it is moved. For tests. */
export type Scratch = {
  folder: string;
  cacheDir: string;
  source: NpmSource;
  clock: { now(): number; monotonic(): number; advance(ms: number): void };
  /** Another source over the same cache, as another process would have. */
  reopen(options?: { baseUrl?: string; limits?: Partial<NpmLimits> }): Promise<NpmSource>;
  close(): Promise<void>;
};

export type ScratchOptions = {
  /** Default registry. */
  registry: string;
  baseUrl?: string;
  limits?: Partial<NpmLimits>;
  env?: Record<string, string>;
};

export async function openScratch({ registry, baseUrl, limits, env }: ScratchOptions): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-npm-'));
  const cacheDir = join(folder, 'cache');
  let now = Date.UTC(2030, 0, 1);
  const advance = (ms: number) => {
    now += ms;
  };
  const clock = { now: () => now, monotonic: () => now, advance };
  const config = await loadNpmConfig({ cwd: folder, env: { HOME: folder, ...env }, registry });
  const opened: NpmSource[] = [];
  const open = async (options: { baseUrl?: string; limits?: Partial<NpmLimits> }) => {
    const merged = { ...npmLimits, backoffMs: 1, ...limits, ...options.limits };
    const base = options.baseUrl ?? baseUrl;
    const source = new NpmSource({ config, cacheDir, clock, limits: merged, ...(base ? { baseUrl: base } : {}) });
    opened.push(source);
    return source;
  };
  return {
    folder,
    cacheDir,
    source: await open({}),
    clock,
    reopen: (options = {}) => open(options),
    close: async () => {
      await Promise.all(opened.map((source) => source.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
