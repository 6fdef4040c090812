import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AnalysisTarget, analyze, type DynamicAnalysisReport, type RunPlan, requiredRuns } from '@assay/behaviour';
import { type Deadlines, systemClock, type Verdict, verdictOf } from '@assay/kernel';
import { loadNpmConfig, NpmSource, npmLimits } from '@assay/registries';
import { type LoadedSimulant, loadSimulant, type Simulant, startRegistry, unmetExpectations } from '@assay/testing';

/** What came of analysing one simulant. */
export interface SimulantResult {
  simulant: Simulant;
  /** One sentence for each expectation that was not met. */
  unmet: string[];
  /** Absent when the analysis itself failed; then `unmet` says why. */
  report?: DynamicAnalysisReport;
  seconds: number;
}

export interface SimulantRunOptions {
  /** Holds the runtime hook's built files, nothing about packages. */
  cacheDirectory: string;
  /** `needed`: r0 and those that the expectation names; a benign verdict is then judged as if the others had been quiet. */
  runs: 'all' | 'needed';
  deadlines: Deadlines;
  /** Runs of one analysis at one time. */
  parallelism: number;
}

/** A simulant does nothing that takes longer; what loops does so until the deadline. Milliseconds. */
export const simulantDeadlines: Deadlines = { installMs: 20_000, importMs: 15_000, executeMs: 20_000, taskMs: 300_000 };

/** How registries of this machine are called inside a sandbox. */
const registryName = 'https://npm.registry.test/';

/** Analyses one simulant against a registry of its own on loopback; nothing is kept for the next one. */
export async function runSimulant(
  simulant: Simulant,
  options: SimulantRunOptions,
  signal: AbortSignal,
): Promise<SimulantResult> {
  const began = performance.now();
  const work = await mkdtemp(path.join(tmpdir(), 'assay-simulant-'));
  const registry = await startRegistry();
  const cacheDirectory = path.join(work, 'cache');
  mkdirSync(path.join(options.cacheDirectory, 'inside'), { recursive: true });
  mkdirSync(cacheDirectory);
  mkdirSync(path.join(work, 'analysis'));
  symlinkSync(path.join(options.cacheDirectory, 'inside'), path.join(cacheDirectory, 'inside'));
  const source = new NpmSource({
    config: await loadNpmConfig({ cwd: work, env: {}, registry: registry.url }),
    cacheDir: path.join(cacheDirectory, 'npm'),
    clock: systemClock,
    limits: npmLimits,
    baseUrl: registryName,
  });
  const seconds = () => Math.round((performance.now() - began) / 100) / 10;
  try {
    const loaded = loadSimulant(registry, simulant, { now: new Date(systemClock.now()) });
    const { report } = await analyze(
      { target: targetOf(loaded, simulant, work), runs: runsFor(simulant, options.runs) },
      {
        source,
        workDirectory: path.join(work, 'analysis'),
        cacheDirectory,
        clock: systemClock,
        random: (count) => randomBytes(count),
        parallelism: options.parallelism,
        deadlines: options.deadlines,
        isolation: 'bubblewrap',
        onProgress: () => undefined,
      },
      signal,
    );
    const view = {
      findings: report.findings,
      events: report.events,
      signals: report.static.signals,
      verdict: judged(report, options.runs),
    };
    return { simulant, unmet: unmetExpectations(simulant, view), report, seconds: seconds() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return {
      simulant,
      unmet: [`no report: ${error instanceof Error ? error.message : String(error)}`],
      seconds: seconds(),
    };
  } finally {
    await Promise.all([registry.close(), source.close(), rm(work, { recursive: true, force: true })]);
  }
}

/** A registry package, so that its dependencies resolve; an archive when the simulant is one that lies about its name. */
function targetOf({ name, version, tarball }: LoadedSimulant, { purl }: Simulant, work: string): AnalysisTarget {
  if (purl === undefined) return { purl: `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}` };
  const archive = path.join(work, 'submitted.tgz');
  writeFileSync(archive, tarball);
  return { archive, purl };
}

function runsFor({ expect }: Simulant, which: SimulantRunOptions['runs']): readonly RunPlan[] {
  if (which === 'all') return requiredRuns;
  const wanted = new Set<string>(['r0', ...(expect.runs ?? []), ...expect.findings.flatMap(({ runs }) => runs ?? [])]);
  return requiredRuns.filter(({ run }) => wanted.has(run));
}

function judged({ verdict, findings, limitations }: DynamicAnalysisReport, which: SimulantRunOptions['runs']): Verdict {
  const gaps = limitations.filter(({ code, effect }) => effect === 'blocks_benign' && code !== 'run_not_made');
  return which === 'needed' && gaps.length === 0 ? verdictOf(findings, 'complete') : verdict;
}
