import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBareStand } from './bare.ts';
import { type Measurement, measure, median } from './measure.ts';
import { furtherPackages, popularPackages } from './packages.ts';

interface Row {
  spec: string;
  bare: Measurement[];
  first: Measurement[];
  full: Measurement[];
  level: string;
  bytes: number;
}

const cli = fileURLToPath(new URL('../../apps/cli/dist/bundle/main.js', import.meta.url));

/**
 * `npm run bench -- dynamic`: wall and processor time of r0 and of all six runs against a bare `npm install` + `import` of the
 * same package, in turn, with warm caches.
 *
 * Arguments: `--rounds N` (3), `--only a,b`, `--verdicts` (levels of all 40 packages, no timing), `--out FILE` (Markdown).
 */
export async function dynamicBench(args: readonly string[]): Promise<number> {
  const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const only = option('--only')?.split(',');
  const cache = option('--cache') ?? (await mkdtemp(path.join(tmpdir(), 'assay-bench-')));
  const wanted = (specs: readonly string[]) =>
    specs.filter((spec) => only === undefined || only.some((name) => spec.startsWith(`${name}@`)));
  try {
    if (args.includes('--verdicts')) return await verdicts(wanted([...popularPackages, ...furtherPackages]), cache);
    const rows = await measureAll(wanted(popularPackages), Number(option('--rounds') ?? 3), cache);
    const text = table(rows);
    process.stdout.write(text);
    const out = option('--out');
    if (out !== undefined) await writeFile(out, text);
    return 0;
  } finally {
    if (option('--cache') === undefined) await rm(cache, { recursive: true, force: true });
  }
}

async function measureAll(specs: readonly string[], rounds: number, cache: string): Promise<Row[]> {
  const stand = await openBareStand(cache);
  const rows: Row[] = [];
  try {
    for (const spec of specs) {
      // One unmeasured round on each side fills the caches.
      await stand.run(spec);
      await analyze(spec, 'r0', cache);
      const row: Row = { spec, bare: [], first: [], full: [], level: '', bytes: 0 };
      for (let round = 0; round < rounds; round++) {
        row.bare.push(await stand.run(spec));
        row.first.push(await analyze(spec, 'r0', cache));
        row.full.push(await analyze(spec, 'all', cache));
      }
      const report = row.full.at(-1)?.stdout ?? '';
      row.bytes = Buffer.byteLength(report);
      row.level = levelOf(report);
      rows.push(row);
      process.stderr.write(`${line(row)}\n`);
    }
  } finally {
    await stand.close();
  }
  return rows;
}

function analyze(spec: string, runs: 'r0' | 'all', cache: string): Promise<Measurement> {
  return measure([
    process.execPath,
    cli,
    'analyze',
    purlOf(spec),
    '--json',
    '--runs',
    runs,
    '--fail-on',
    'never',
    '--cache-dir',
    cache,
  ]);
}

async function verdicts(specs: readonly string[], cache: string): Promise<number> {
  let alarms = 0;
  for (const spec of specs) {
    const { stdout, wall, exitCode } = await analyze(spec, 'all', cache);
    const level = levelOf(stdout);
    if (level === 'suspicious' || level === 'malicious' || level === 'no report') alarms++;
    const parsed = stdout.startsWith('{') ? (JSON.parse(stdout) as Report) : undefined;
    const found = parsed?.findings
      ?.filter(({ severity }) => severity !== 'info')
      .map(({ id, severity, package: name, summary }) => `${id}(${severity}, ${name}: ${summary})`);
    const gaps = parsed?.limitations
      ?.filter(({ effect }) => effect === 'blocks_benign')
      .map(({ code, run, phase, text }) => `${run ?? ''} ${phase ?? ''} ${code}: ${text}`);
    process.stdout.write(
      `${spec.padEnd(22)} ${level.padEnd(13)} ${wall.toFixed(1)}s exit ${exitCode} ${found?.join('; ') ?? ''}${gaps?.length ? `\n    gaps: ${[...new Set(gaps)].slice(0, 6).join(' | ')}` : ''}\n`,
    );
  }
  process.stdout.write(`${specs.length} packages, ${alarms} alarms\n`);
  return alarms === 0 ? 0 : 1;
}

interface Report {
  verdict?: { level?: string };
  findings?: { id: string; severity: string; package: string; summary: string }[];
  limitations?: { code: string; effect: string; run?: string; phase?: string; text: string }[];
}

function levelOf(stdout: string): string {
  return stdout.startsWith('{') ? ((JSON.parse(stdout) as Report).verdict?.level ?? 'no report') : 'no report';
}

function purlOf(spec: string): string {
  return `pkg:npm/${spec.replace(/^@/, '%40')}`;
}

const wall = (all: readonly Measurement[]) => median(all.map((one) => one.wall));
const cpu = (all: readonly Measurement[]) => median(all.map((one) => one.cpu));

function line({ spec, bare, first, full, level, bytes }: Row): string {
  const cells = [
    spec,
    `${wall(bare).toFixed(2)} (${bare.at(-1)?.exitCode})`,
    wall(first).toFixed(2),
    (wall(first) / wall(bare)).toFixed(2),
    wall(full).toFixed(2),
    (wall(full) / wall(bare)).toFixed(2),
    cpu(bare).toFixed(2),
    cpu(first).toFixed(2),
    cpu(full).toFixed(2),
    level,
    `${Math.round(bytes / 1024)}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function table(rows: readonly Row[]): string {
  const ratios = (pick: (row: Row) => Measurement[]) => rows.map((row) => wall(pick(row)) / wall(row.bare));
  const first = ratios((row) => row.first);
  const full = ratios((row) => row.full);
  const heads =
    '| package | bare wall s (exit) | r0 wall s | r0 ÷ bare | all runs wall s | all ÷ bare | bare CPU s | r0 CPU s | all CPU s | level | report KiB |';
  return [
    heads,
    `|${' --- |'.repeat(11)}`,
    ...rows.map(line),
    '',
    `r0 ÷ bare: median ${median(first).toFixed(2)}, worst ${Math.max(...first).toFixed(2)}. All six runs ÷ bare: median ${median(full).toFixed(2)}, worst ${Math.max(...full).toFixed(2)}. r0 CPU: median ${median(rows.map((row) => cpu(row.first))).toFixed(2)} s.`,
    '',
  ].join('\n');
}
