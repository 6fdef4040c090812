import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brokenLaws, type DynamicAnalysisReport } from '@assay/behaviour';
import { findToolchain } from '@assay/behaviour/npm';
import { type Simulant, simulants } from '@assay/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSimulant, type SimulantRunOptions, simulantDeadlines } from './simulant-run.ts';

/** One of each kind of effect, by each way of starting: hook, import, call. All of them take minutes: `npm run bench`. */
const representative = [
  'b01-hook-posts-npm-token',
  'b02-fetches-script-and-runs-it',
  'b03-publishes-with-found-token',
  'b04-overwrites-home-at-import',
  'b05-new-dependency-fetches-and-erases',
  'b06-drops-program-in-home',
  'b07-fetch-rewrites-addresses',
  'b09-signer-sends-key',
  'b10-request-hook-copies-authorization',
  'b12-base64-into-eval',
  'b14-code-after-the-picture',
  'b15-planted-address-is-contacted',
  'b16-shell-on-socket',
  'b24-shell-profile',
  'b28-writes-into-sibling',
];
const evasions = [
  'b01-evasion-raw-socket-reversed',
  'b02-evasion-evaluates-answer',
  'b06-evasion-assembled-and-renamed',
  'b18-evasion-own-dns-packets',
];
const neighbours = [
  'b02-neighbour-fetches-data',
  'b06-neighbour-unpacks-into-own-folder',
  'b09-neighbour-local-signer',
  'g02-addon-without-digest',
  'g03-picks-platform-package',
  'g08-instrumentation',
];
const gated = ['b31-only-under-agents', 'b04-deletes-when-egress-is-blocked'];

let cacheDirectory: string;
beforeAll(async () => {
  cacheDirectory = mkdtempSync(path.join(tmpdir(), 'assay-simulants-'));
  await findToolchain(cacheDirectory);
});
afterAll(() => rmSync(cacheDirectory, { recursive: true, force: true }));

/** The last analyses begun, one for each of two lanes: more at one time would only wait for each other's processors. */
const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
let next = 0;

async function run(id: string, runs: SimulantRunOptions['runs'] = 'needed') {
  const simulant = simulantOf(id);
  const options = { cacheDirectory, runs, deadlines: simulantDeadlines, parallelism: 2 };
  const lane = next++ % lanes.length;
  const begin = () => runSimulant(simulant, options, AbortSignal.timeout(simulantDeadlines.taskMs));
  const result = Promise.resolve(lanes[lane]).then(begin);
  lanes[lane] = result.catch(() => undefined);
  return await result;
}

function simulantOf(id: string): Simulant {
  const simulant = simulants.find((one) => one.id === id);
  if (simulant === undefined) throw new RangeError(`there is no simulant ${id}`);
  return simulant;
}

const identity = (report: DynamicAnalysisReport | undefined) => ({
  level: report?.verdict.level,
  findings: report?.findings.map(({ id, package: owner, severity }) => `${id} ${severity} ${owner}`).sort(),
});

describe('simulants in a real sandbox', () => {
  it.concurrent.each(representative)('%s gives the findings that its behaviour must give', async (id) => {
    const { unmet, report } = await run(id);
    expect(unmet).toEqual([]);
    expect(brokenLaws(report as DynamicAnalysisReport)).toEqual([]);
  });

  it.concurrent.each(evasions)('%s does not get by', async (id) => {
    const { unmet } = await run(id);
    expect(unmet).toEqual([]);
  });

  it.concurrent.each(gated)('%s is found by the run that its gate waits for', async (id) => {
    const { unmet, report } = await run(id);
    expect(unmet).toEqual([]);
    expect(brokenLaws(report as DynamicAnalysisReport)).toEqual([]);
  });

  it.concurrent.each(neighbours)('%s raises no alarm', async (id) => {
    const { unmet } = await run(id);
    expect(unmet).toEqual([]);
  });

  it('three runs of one artifact give the same findings and level', async () => {
    const reports = [
      await run('b01-hook-posts-npm-token'),
      await run('b01-hook-posts-npm-token'),
      await run('b01-hook-posts-npm-token'),
    ];
    const [first, ...others] = reports.map(({ report }) => identity(report));
    expect(first?.findings).not.toEqual([]);
    for (const other of others) expect(other).toEqual(first);
  });

  it('a harmless package is benign after all six runs', async () => {
    const { unmet, report } = await run('b09-neighbour-local-signer', 'all');
    expect(unmet).toEqual([]);
    expect(report?.verdict).toMatchObject({ level: 'benign', coverage: 'complete' });
  });
});
