import { once } from 'node:events';
import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { categoryOf, type Finding, reaches, type TraceEvent, verdictOf } from '@assay/kernel';
import { describe, expect, it } from 'vitest';
import { startRegistry } from './registry.ts';
import {
  loadSimulant,
  packSimulant,
  publishedOf,
  type ReportView,
  type Simulant,
  simulants,
  unmetExpectations,
} from './simulants.ts';

const now = new Date('2027-03-01T12:00:00Z');
const named = (id: string): Simulant => simulants.find((simulant) => simulant.id === id) as Simulant;

/** A report that shows what a simulant expects and nothing else. */
function reportOf({ expect: wanted, packages }: Simulant): ReportView {
  const events: TraceEvent[] = [];
  const signals: { id: string; rule: string; file: string; line: number; column: number; snippet: string }[] = [];
  const findings = wanted.findings.map((finding): Finding => {
    const evidence = finding.evidenceTypes.map((step) => {
      const type = typeof step === 'string' ? step : step[0];
      if (type === 'signal' || type === undefined) {
        signals.push({ id: `s${signals.length + 1}`, rule: 'js.x', file: 'a.js', line: 1, column: 1, snippet: '' });
        return `s${signals.length}`;
      }
      const run = finding.runs?.[0] ?? 'r0';
      events.push({
        id: `e${events.length + 1}`,
        run,
        phase: 'install',
        t_ms: 0,
        process: 'p1',
        type,
        outcome: 'ok',
        count: finding.atLeast ?? 2,
      });
      return `e${events.length}`;
    });
    return {
      id: finding.id,
      title: finding.id,
      severity: finding.severityAtLeast ?? 'info',
      confidence: finding.confidenceAtMost ?? 'high',
      category: categoryOf(finding.id),
      phase: finding.phase?.[0] ?? 'install',
      package: finding.package ?? packages[0].manifest.name,
      evidence,
      mitre: [],
      summary: '',
      baseline: finding.baseline ?? 'not_compared',
    };
  });
  return { findings, events, signals, verdict: verdictOf(findings, 'complete') };
}

describe('every simulant', () => {
  it.each(simulants.map((simulant) => [simulant.id, simulant] as const))(
    '%s: is met by the report it describes',
    (_, simulant) => {
      const { expect: wanted } = simulant;
      const report = reportOf(simulant);
      expect(unmetExpectations(simulant, report)).toEqual([]);
      // The findings it names are enough for the level it names: no expectation rests on findings left unsaid.
      if (wanted.levelAtLeast !== undefined) expect(reaches(report.verdict.level, wanted.levelAtLeast)).toBe(true);
    },
  );

  it('that is no neighbour is not met by a report without findings', () => {
    const silent = { findings: [], events: [], signals: [], verdict: verdictOf([], 'complete') };
    const met = simulants.filter((simulant) => unmetExpectations(simulant, silent).length === 0);
    expect(met.filter(({ kind }) => kind !== 'neighbour')).toEqual([]);
  });

  it('that is a neighbour is not met by a report that raises an alarm', () => {
    for (const simulant of simulants.filter(({ kind }) => kind === 'neighbour')) {
      const report = reportOf({ ...simulant, expect: named('b01-hook-posts-npm-token').expect });
      expect(unmetExpectations(simulant, report), simulant.id).not.toEqual([]);
    }
  });

  it('packs to the same bytes for the same instant', () => {
    for (const { packages } of simulants) {
      expect(packSimulant(packages[0], { now }).equals(packSimulant(packages[0], { now }))).toBe(true);
    }
  });
});

describe('an expectation', () => {
  const simulant = named('b01-hook-posts-npm-token');
  const report = reportOf(simulant);
  const spoil = (change: (finding: Finding) => Partial<Finding>): ReportView => ({
    ...report,
    findings: report.findings.map((finding) => ({ ...finding, ...change(finding) })),
  });

  it.each<[string, ReportView, RegExp]>([
    ['a finding that is missing', { ...report, findings: report.findings.slice(1) }, /did not fire/],
    ['a milder severity', spoil(() => ({ severity: 'low' })), /severity is low/],
    ['another phase', spoil(() => ({ phase: 'execute' })), /phase is execute/],
    ['another package', spoil(() => ({ package: 'other' })), /package is other/],
    ['evidence out of order', spoil(({ evidence }) => ({ evidence: evidence.toReversed() })), /in this order/],
    ['evidence that is not in the report', { ...report, events: [] }, /is not in the report/],
    ['a milder level', { ...report, verdict: verdictOf([], 'complete') }, /level is benign/],
  ])('is not met by %s', (_, spoiled, says) => {
    expect(unmetExpectations(simulant, spoiled).join('\n')).toMatch(says);
  });

  it('asks for enough events', () => {
    const wiper = named('b04-deletes-home');
    const shown = reportOf(wiper);
    const few = { ...shown, events: shown.events.map((event) => ({ ...event, count: 9 })) };
    expect(unmetExpectations(wiper, few)).toEqual([expect.stringContaining('cites 9 of 10')]);
  });

  it('asks for events of the run that shows the behaviour', () => {
    const gated = named('b31-only-on-build-servers');
    const shown = reportOf(gated);
    const elsewhere = { ...shown, events: shown.events.map((event) => ({ ...event, run: 'r0' as const })) };
    expect(unmetExpectations(gated, elsewhere).join()).toMatch(/cites no event of r1/);
  });

  it('of a neighbour bounds what is allowed', () => {
    const neighbour = named('g03-banner');
    const hook = { ...reportOf(simulant).findings[0], id: 'install.lifecycle-hook', evidence: ['e1'] } as Finding;
    const view = (severity: Finding['severity']): ReportView => ({
      ...report,
      findings: [{ ...hook, severity }],
      verdict: verdictOf([], 'complete'),
    });
    expect(unmetExpectations(neighbour, view('info'))).toEqual([]);
    expect(unmetExpectations(neighbour, view('medium'))).toEqual([expect.stringContaining('false alarm')]);
  });
});

describe('packing', () => {
  it('puts the instant into gates that wait for it', () => {
    const text = gunzipSync(packSimulant(named('b30-after-date').packages[0], { now })).toString();
    expect(text).toContain("Date.parse('2027-05-30T12:00:00.000Z')");
  });

  it('makes programs and scripts executable and nothing else', () => {
    const tar = gunzipSync(packSimulant(named('b06-evasion-copied-by-shell').packages[0], { now }));
    const modes: Record<string, string> = {};
    for (let at = 0; at < tar.length - 1024; ) {
      modes[tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '')] = tar.toString('latin1', at + 100, at + 107);
      at += 512 + Math.ceil(Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) / 512) * 512;
    }
    expect(modes).toMatchObject({
      'package/package.json': '0000644',
      'package/data/font.bin': '0000755',
      'package/place.sh': '0000755',
    });
  });
});

describe('loading into the registry', () => {
  it('brings the previous version, the dependencies and the latch, older than what is analysed', () => {
    const published = publishedOf(named('b05-new-dependency-fetches-and-erases'), { now });
    expect(Object.keys(published).sort()).toEqual([
      '@assay-simulant/latch',
      'simulant-b05-child',
      'simulant-b05-columns',
    ]);
    expect(Object.keys(published['simulant-b05-columns']?.versions ?? {})).toEqual(['1.0.0', '1.0.1']);
    const times = Object.values(published['simulant-b05-columns']?.versions ?? {}).map(({ time }) => String(time));
    expect(times).toEqual(times.toSorted());
  });

  it('a neighbour that needs no latch gets none', () => {
    expect(Object.keys(publishedOf(named('g03-banner'), { now }))).toEqual(['simulant-g03-banner']);
  });

  it('serves the tarball that is analysed and the document that hides its hook', async () => {
    const registry = await startRegistry();
    try {
      const loaded = loadSimulant(registry, named('b39-registry-hides-the-hook'), { now });
      const document = JSON.parse((await fetchBytes(`${registry.url}${loaded.name}`)).toString());
      const version = document.versions[loaded.version];
      expect(version.scripts).toEqual({});
      expect((await fetchBytes(version.dist.tarball)).equals(loaded.tarball)).toBe(true);
      expect(gunzipSync(loaded.tarball).toString()).toContain('postinstall');
    } finally {
      await registry.close();
    }
  });

  it('keeps attestations of the previous version beside the right digests', () => {
    const { versions } = publishedOf(named('b39-provenance-lost'), { now })['simulant-b39-provenance'] ?? {
      versions: {},
    };
    expect(versions['1.0.0']?.dist).toHaveProperty('attestations');
    expect(versions['1.0.1']?.dist).toBeUndefined();
  });
});

async function fetchBytes(url: string): Promise<Buffer> {
  const [answer] = await once(get(url), 'response');
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
