import { describe, expect, test } from 'vitest';
import { ReportError } from './errors.ts';
import { brokenLaws } from './laws.ts';
import { benignReport } from './sample/benign.ts';
import { largeReport } from './sample/large.ts';
import { maliciousReport } from './sample/malicious.ts';
import type { DynamicAnalysisReport } from './schema.ts';
import { fitReport, reportLimits } from './size.ts';

const sizeOf = (report: DynamicAnalysisReport) => Buffer.byteLength(JSON.stringify(report));

describe('fitting a report', () => {
  test('a report that fits is left alone', () => {
    const report = maliciousReport();
    expect(fitReport(report)).toBe(report);
  });

  test('20,000 events become at most 5,000, the cut is named, and every law still holds', () => {
    const fitted = fitReport(largeReport(20_000));
    expect(fitted.events.length).toBeLessThanOrEqual(5000);
    expect(sizeOf(fitted)).toBeLessThanOrEqual(reportLimits.typicalBytes);
    expect(fitted.truncation.find(({ field }) => field === 'events')).toEqual({
      field: 'events',
      kept: fitted.events.length,
      total: 20_000,
    });
    expect(brokenLaws(fitted)).toEqual([]);
  });

  test('evidence cited by a finding survives whatever is cut', () => {
    const report = maliciousReport();
    const fitted = fitReport(report, { ...reportLimits, typicalBytes: 1000, maxBytes: 60_000 });
    expect(sizeOf(fitted)).toBeLessThanOrEqual(60_000);
    expect(fitted.findings).toEqual(report.findings);
    const kept = new Set([...fitted.events, ...fitted.static.signals].map(({ id }) => id));
    expect(report.findings.flatMap(({ evidence }) => evidence).filter((id) => !kept.has(id))).toEqual([]);
    expect(brokenLaws(fitted)).toEqual([]);
  });

  test("the package manager's file events go before what the package did", () => {
    const fitted = fitReport(maliciousReport(), { ...reportLimits, maxEvents: 70 });
    const types = new Map(fitted.events.map((event) => [event.id, event.type]));
    expect(fitted.events.some(({ path }) => path?.startsWith('{pkg}/lib/part-') ?? false)).toBe(false);
    expect([...types.values()].filter((type) => type === 'canary.egress')).toHaveLength(3);
  });

  test('texts of cited evidence are shortened last, and counted', () => {
    const report = benignReport();
    const [cited] = report.events.filter(({ type }) => type === 'process.exec');
    if (cited === undefined) throw new Error('the sample runs nothing');
    cited.argv = ['node', '-e', 'x'.repeat(3000)];
    report.limitations.push({ code: 'long', channel: 'files', effect: 'note', text: 'y'.repeat(5000) });
    const gentle = fitReport(report, { ...reportLimits, typicalBytes: sizeOf(report) - 1000 });
    expect(gentle.events.find(({ id }) => id === cited.id)?.argv).toEqual(cited.argv);
    expect(gentle.limitations[0]?.text).toHaveLength(2000);
    expect(gentle.truncation).toContainEqual({ field: 'text', kept: 2000, total: 5000 });
    const argvUnder = (maxBytes: number) =>
      fitReport(report, { ...reportLimits, typicalBytes: 1000, maxBytes }).events.find(({ id }) => id === cited.id)
        ?.argv?.[2];
    const least = [9, 8, 7, 6, 5].map((kilobytes) => {
      try {
        return argvUnder(kilobytes * 1000)?.length;
      } catch (error) {
        expect(error).toBeInstanceOf(ReportError);
        return 0;
      }
    });
    expect(least).toEqual([...least].sort((x = 0, y = 0) => y - x));
    expect(least).toContain(200);
  });

  test('what cannot be cut and is too large is our error', () => {
    const attempt = () => fitReport(maliciousReport(), { ...reportLimits, typicalBytes: 10, maxBytes: 100 });
    expect(attempt).toThrow(ReportError);
    expect(attempt).toThrow(/REPORT_TOO_LARGE|at most 100 bytes/);
  });

  test('the given report is not changed', () => {
    const report = largeReport(6000);
    const before = JSON.stringify(report);
    fitReport(report);
    expect(JSON.stringify(report)).toBe(before);
  });
});
