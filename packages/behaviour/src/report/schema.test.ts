import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { reportJsonSchema } from './json-schema.ts';
import { brokenLaws } from './laws.ts';
import { benignReport } from './sample/benign.ts';
import { largeReport } from './sample/large.ts';
import { maliciousReport } from './sample/malicious.ts';
import { DynamicAnalysisReport } from './schema.ts';

const example: unknown = JSON.parse(readFileSync(new URL('./testdata/contract-example.json', import.meta.url), 'utf8'));

function validator(unknownMembers: 'ignored' | 'refused') {
  return new Ajv2020({ allErrors: true, strict: true, strictRequired: false }).compile(
    reportJsonSchema(unknownMembers),
  );
}

describe('the report schema', () => {
  test('the example of the contract parses, member by member', () => {
    expect(DynamicAnalysisReport.parse(example)).toEqual(example);
  });

  test('the example of the contract keeps the laws between members', () => {
    expect(brokenLaws(DynamicAnalysisReport.parse(example))).toEqual([]);
  });

  test.each([
    ['malicious', maliciousReport()],
    ['benign', benignReport()],
    ['large', largeReport(5000)],
  ])(
    'a produced report (%s) is valid under the published JSON Schema, with no member it does not know',
    (_name, report) => {
      const validate = validator('refused');
      expect(validate(JSON.parse(JSON.stringify(report))), JSON.stringify(validate.errors)).toBe(true);
    },
  );

  test('the contract example is valid under the published JSON Schema', () => {
    expect(validator('refused')(example)).toBe(true);
  });

  test('a reader of the published JSON Schema ignores members of later versions', () => {
    const later = { ...benignReport(), flavour: 'new' };
    expect(validator('ignored')(later)).toBe(true);
    expect(validator('refused')(later)).toBe(false);
  });

  test.each([
    ['null instead of an absent member', { task_id: null }],
    ['another engine', { engine: 'lastpymile' }],
    ['a list under not_measured missing its reason', { baseline: { status: 'not_measured' } }],
    ['a score above 100', { verdict: { ...benignReport().verdict, score: 101 } }],
    [
      'a phase that is neither measured nor not',
      { Analysis: { ...benignReport().Analysis, install: { Status: 'completed' } } },
    ],
    [
      'an isolation without its effect',
      { environment: { ...benignReport().environment, isolation: { requested: 'x' } } },
    ],
  ])('type and JSON Schema agree in refusing %s', (_name, change) => {
    const report = { ...benignReport(), ...change };
    expect(DynamicAnalysisReport.safeParse(report).success).toBe(false);
    expect(validator('ignored')(report)).toBe(false);
  });

  test('a phase that was not measured has no lists', () => {
    const phase = { Status: 'not_measured', StatusReason: 'no entry point', Files: [] };
    const parsed = DynamicAnalysisReport.parse({
      ...benignReport(),
      Analysis: { ...benignReport().Analysis, execute: phase },
    });
    expect(parsed.Analysis.execute).toEqual({ Status: 'not_measured', StatusReason: 'no entry point' });
  });

  test('5,001 events are refused', () => {
    const report = largeReport(5001);
    expect(DynamicAnalysisReport.safeParse(report).success).toBe(false);
  });
});
