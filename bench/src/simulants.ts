import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findToolchain } from '@assay/behaviour/npm';
import { type Simulant, simulants } from '@assay/testing';
import { runSimulant, type SimulantResult, simulantDeadlines } from './simulant-run.ts';

/**
 * Analyses every simulant, or those that are named, and prints one row for each with what was not met.
 *
 * *Shape:* `args`: prefixes of ids, rows (`B01`), `kind:evasion`, `form:plain`; all words of one sort are alternatives.
 * `--runs needed` leaves out the runs that a simulant says nothing about, `--reports <folder>` keeps every report.
 * Resolves to the exit code: 0 when everything was met, else 1.
 */
export async function simulantsBench(args: readonly string[] = []): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: 'all' },
      reports: { type: 'string' },
      jobs: { type: 'string', default: '2' },
    },
  });
  const chosen = simulants.filter((simulant) => isChosen(simulant, positionals));
  const cacheDirectory = await mkdtemp(path.join(tmpdir(), 'assay-bench-'));
  if (values.reports !== undefined) await mkdir(values.reports, { recursive: true });
  const results: SimulantResult[] = [];
  const waiting = [...chosen];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const runs = values.runs === 'needed' ? 'needed' : 'all';
      const result = await runSimulant(
        next,
        { cacheDirectory, runs, deadlines: simulantDeadlines, parallelism: 1 },
        AbortSignal.timeout(simulantDeadlines.taskMs),
      );
      results.push(result);
      print(result);
      if (values.reports !== undefined && result.report !== undefined) {
        await writeFile(path.join(values.reports, `${next.id}.json`), JSON.stringify(result.report));
      }
    }
  };
  try {
    // Built once, before two lanes would both begin to.
    await findToolchain(cacheDirectory);
    await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, lane));
  } finally {
    await rm(cacheDirectory, { recursive: true, force: true });
  }
  summarize(results);
  return results.every(({ unmet }) => unmet.length === 0) ? 0 : 1;
}

/** Words of one sort are alternatives, sorts are conditions: `kind:positive B01 B02` are the positives of two rows. */
export function isChosen({ id, row, kind, form }: Simulant, words: readonly string[]): boolean {
  const sorts: Record<string, boolean[]> = {};
  for (const word of words) {
    const [sort, value] = word.includes(':') ? word.split(':', 2) : ['name', word];
    const fits =
      sort === 'kind' ? kind === value : sort === 'form' ? form === value : row === value || id.startsWith(value ?? '');
    sorts[sort ?? 'name'] = [...(sorts[sort ?? 'name'] ?? []), fits];
  }
  return Object.values(sorts).every((alternatives) => alternatives.includes(true));
}

function print({ simulant: { row, kind, form, id }, unmet, report, seconds }: SimulantResult): void {
  const verdict = report === undefined ? 'no report' : `${report.verdict.level} ${report.verdict.score}`;
  const columns = [
    row.padEnd(4),
    kind.padEnd(9),
    form.padEnd(6),
    unmet.length === 0 ? 'met  ' : 'UNMET',
    `${seconds.toFixed(1)} s`.padStart(7),
    verdict.padEnd(16),
    id,
  ];
  process.stdout.write(`${columns.join('  ')}\n${unmet.map((reason) => `        - ${reason}\n`).join('')}`);
}

function summarize(results: readonly SimulantResult[]): void {
  for (const kind of ['positive', 'neighbour', 'evasion'] as const) {
    const those = results.filter(({ simulant }) => simulant.kind === kind);
    const met = those.filter(({ unmet }) => unmet.length === 0).length;
    if (those.length > 0) process.stdout.write(`${kind}: ${met} of ${those.length} met\n`);
  }
}
