import fc from 'fast-check';
import { expect, test } from 'vitest';
import { brokenLaws } from './laws.ts';
import { lawlessReport } from './sample/arbitrary.ts';
import { lawfulReport } from './sample/lawful.ts';
import { DynamicAnalysisReport } from './schema.ts';

test('what the generator makes is a report', () => {
  fc.assert(
    fc.property(lawlessReport(), (report) => {
      expect(DynamicAnalysisReport.parse(report)).toEqual(report);
    }),
    { numRuns: 50 },
  );
});

test('a report whose members agree breaks no law', () => {
  fc.assert(
    fc.property(lawfulReport(), (report) => {
      expect(brokenLaws(report)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test('no report makes the laws throw', () => {
  fc.assert(
    fc.property(lawlessReport(), (report) => {
      expect(brokenLaws(report, { canaryValues: ['a value that is nowhere'] })).toBeInstanceOf(Array);
    }),
    { numRuns: 100 },
  );
});
