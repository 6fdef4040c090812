import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import {
  type AnalysisTarget,
  analyze,
  type DynamicAnalysisReport,
  renderTerminal,
  requiredRuns,
} from '@assay/behaviour';
import { deadlines, KernelError, reaches, systemClock, type VerdictLevel } from '@assay/kernel';
import { parsePurl } from '@assay/kernel/purl';
import { loadNpmConfig, NpmSource, npmLimits } from '@assay/registries';
import { readSettings, type Settings } from './config.ts';
import { flagsOf } from './doctor-command.ts';
import { exitCode } from './exit.ts';
import { outputsOf, writeOutputs } from './outputs.ts';
import { progressTo } from './progress.ts';
import { makeWorkFolder, removeStaleWorkFolders } from './work-folder.ts';

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `assay analyze`: resolves to the exit code (shared/seams.md §8). */
export async function analyzeCommand(target: string | undefined, options: Record<string, unknown>): Promise<number> {
  const stop = new AbortController();
  let work: string | undefined;
  const interrupt = () => {
    if (stop.signal.aborted) {
      // Asked twice: the box ends with us, and what lies on the disk is all that is left to remove.
      if (work !== undefined) rmSync(work, { recursive: true, force: true });
      process.exit(exitCode.interrupted);
    }
    stop.abort(new KernelError('INTERRUPTED', 'interrupted; everything that was started has been ended'));
  };
  for (const signal of endings) process.on(signal, interrupt);
  const settings = readSettings(process.env, flagsOf(options), process.stdout.isTTY === true);
  const what = targetOf(target, options);
  if (what.purl !== undefined) parsePurl(what.purl, { npmNameCase: 'keep' });
  const outputs = outputsOf(options);
  const json = options.json === true;
  const progress = progressTo(process.stderr, { color: settings.color, verbose: options.verbose === true });
  await makeCacheFolder(settings.cacheDirectory);
  await removeStaleWorkFolders(tmpdir());
  work = await makeWorkFolder(tmpdir());
  let source: NpmSource | undefined;
  try {
    source = await openNpmSource(settings);
    const result = await analyze(
      {
        target: what,
        runs: options.runs === 'r0' ? requiredRuns.slice(0, 1) : requiredRuns,
        ...(typeof options.previous === 'string' ? { previous: options.previous } : {}),
      },
      {
        source,
        workDirectory: work,
        cacheDirectory: settings.cacheDirectory,
        clock: systemClock,
        random: (count) => randomBytes(count),
        parallelism: availableParallelism(),
        deadlines,
        isolation: settings.isolation,
        onProgress: (event) => progress.report(event),
      },
      stop.signal,
    );
    progress.clear();
    await writeOutputs(result.report, result.traceFile, outputs);
    process.stdout.write(
      json
        ? `${JSON.stringify(result.report)}\n`
        : renderTerminal(result.report, { colour: settings.color, width: process.stdout.columns ?? 100 }),
    );
    return codeFor(result.report, options);
  } finally {
    progress.clear();
    await Promise.all([source?.close(), rm(work, { recursive: true, force: true })]);
    for (const signal of endings) process.off(signal, interrupt);
  }
}

/** *Errors:* `KernelError` USAGE when the arguments name nothing, or two things. */
export function targetOf(target: string | undefined, options: Record<string, unknown>): AnalysisTarget {
  const archive = typeof options.archive === 'string' ? options.archive : undefined;
  const purl = typeof options.purl === 'string' ? options.purl : undefined;
  if (archive !== undefined) {
    if (target !== undefined) throw new KernelError('USAGE', 'give either a target or --archive, not both');
    return { archive, ...(purl === undefined ? {} : { purl }) };
  }
  if (purl !== undefined && target !== undefined)
    throw new KernelError('USAGE', 'give --purl together with --archive, or a target alone');
  const named = target ?? purl;
  if (named === undefined) throw new KernelError('USAGE', 'name a package (pkg:npm/name@version) or a .tgz file');
  const isFile = /^(\.{0,2}\/)|\.(tgz|tar\.gz|tar|zip|whl|vsix)$/i.test(named) && !/^pkg:/i.test(named);
  if (isFile || (!named.startsWith('pkg:') && existsSync(named))) return { archive: named };
  return { purl: named };
}

async function makeCacheFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new KernelError(
      'USAGE',
      `cannot make the cache folder ${directory} (${code}); nothing was run`,
      {},
      { cause },
    );
  }
}

function codeFor(report: DynamicAnalysisReport, options: Record<string, unknown>): number {
  const { level, coverage } = report.verdict;
  const threshold = options.failOn as VerdictLevel | 'never';
  if (threshold !== 'never' && reaches(level, threshold)) return exitCode.found;
  if (options.runs === 'r0' || coverage === 'complete') return exitCode.done;
  if (options.acceptInconclusive === true) {
    process.stderr.write('assay: the analysis is incomplete; accepted as asked (--accept-inconclusive)\n');
    return exitCode.done;
  }
  return exitCode.failed;
}

/** Registries on this machine itself have no name that means anything inside a sandbox: there they get one of their own. */
const loopbackAlias = 'https://npm.registry.test/';

async function openNpmSource(settings: Settings): Promise<NpmSource> {
  const { npmRegistry, cacheDirectory } = settings;
  const config = await loadNpmConfig({
    cwd: process.cwd(),
    env: process.env,
    ...(npmRegistry === undefined ? {} : { registry: npmRegistry }),
  });
  const isLoopback = /^(localhost|127\.[0-9.]+|\[::1\])$/.test(new URL(config.registry).hostname);
  return new NpmSource({
    config,
    cacheDir: path.join(cacheDirectory, 'npm'),
    clock: systemClock,
    limits: npmLimits,
    ...(isLoopback ? { baseUrl: loopbackAlias } : {}),
  });
}
