import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReportError } from './errors.ts';
import { brokenLaws } from './laws.ts';
import { lawfulReport } from './sample/lawful.ts';
import { DynamicAnalysisReport } from './schema.ts';
import { fitReport, type ReportLimits, reportLimits } from './size.ts';

const limits: fc.Arbitrary<ReportLimits> = fc
  .record({ typicalBytes: fc.integer({ min: 100, max: 20_000 }), extra: fc.nat(20_000), maxEvents: fc.nat(20) })
  .map(({ typicalBytes, extra, maxEvents }) => ({
    ...reportLimits,
    typicalBytes,
    maxBytes: typicalBytes + extra,
    maxEvents,
  }));

/** The fitted report, or nothing when the error says that it cannot be fitted. */
function fitted(report: DynamicAnalysisReport, given: ReportLimits): DynamicAnalysisReport | undefined {
  try {
    return fitReport(report, given);
  } catch (error) {
    expect(error).toBeInstanceOf(ReportError);
    return undefined;
  }
}

test('a fitted report fits, keeps its laws and its findings, and is still a report', () => {
  fc.assert(
    fc.property(lawfulReport(), limits, (report, given) => {
      const result = fitted(report, given);
      if (result === undefined) return;
      expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(given.maxBytes);
      expect(result.events.length).toBeLessThanOrEqual(given.maxEvents);
      expect(brokenLaws(result)).toEqual([]);
      expect(result.findings.map(({ id, evidence }) => [id, evidence])).toEqual(
        report.findings.map(({ id, evidence }) => [id, evidence]),
      );
      expect(DynamicAnalysisReport.parse(result)).toEqual(result);
    }),
    { numRuns: 150 },
  );
});

test('fitting twice changes nothing more', () => {
  fc.assert(
    fc.property(lawfulReport(), limits, (report, given) => {
      const once = fitted(report, given);
      if (once !== undefined) expect(fitted(once, given)).toEqual(once);
    }),
    { numRuns: 100 },
  );
});

test('kept members stand in the order they had', () => {
  fc.assert(
    fc.property(lawfulReport(), limits, (report, given) => {
      const result = fitted(report, given);
      const before = report.events.map(({ id }) => id);
      const places = result?.events.map(({ id }) => before.indexOf(id)) ?? [];
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places).not.toContain(-1);
    }),
    { numRuns: 100 },
  );
});
