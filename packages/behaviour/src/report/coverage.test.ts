import { expect, test } from 'vitest';
import { coverageOf } from './coverage.ts';
import { benignReport } from './sample/benign.ts';
import type { DynamicAnalysisReport } from './schema.ts';

const complete = benignReport();
const change = (parts: Partial<DynamicAnalysisReport>) => coverageOf({ ...complete, ...parts });
const gap = { code: 'tls_opaque', channel: 'tls_plaintext', text: 'opaque' } as const;

test('six runs, three completed phases and no blocking limitation are complete coverage', () => {
  expect(coverageOf(complete)).toBe('complete');
  expect(change({ limitations: [{ ...gap, effect: 'note' }] })).toBe('complete');
});

test('a limitation that blocks benign makes coverage partial', () => {
  expect(change({ limitations: [{ ...gap, effect: 'blocks_benign' }] })).toBe('partial');
});

test('a phase of r0 that did not complete makes coverage partial', () => {
  const execute = { Status: 'not_measured', StatusReason: 'no exports' } as const;
  expect(change({ Analysis: { ...complete.Analysis, execute } })).toBe('partial');
});

test.each(['r0', 'r3', 'r5'])('a report without run %s is partial, whatever was asked for', (missing) => {
  const runs = complete.triggers.runs;
  expect(change({ triggers: { runs: runs.filter(({ run }) => run !== missing) } })).toBe('partial');
  const failed = runs.map((run) => (run.run === missing ? { ...run, status: 'not_measured' as const } : run));
  expect(change({ triggers: { runs: failed } })).toBe('partial');
});
