import { describe, expect, test } from 'vitest';
import { ReportError } from './errors.ts';
import { assertReportLaws, brokenLaws } from './laws.ts';
import { benignReport } from './sample/benign.ts';
import { base64 } from './sample/common.ts';
import { maliciousReport } from './sample/malicious.ts';
import type { DynamicAnalysisReport } from './schema.ts';

/** The malicious sample after a change. */
function broken(change: (report: DynamicAnalysisReport) => void): string[] {
  const report = structuredClone(maliciousReport());
  change(report);
  return brokenLaws(report);
}
const first = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined) throw new Error('the sample has no such member');
  return item;
};

describe('laws between the members of a report', () => {
  test('the samples keep them all', () => {
    expect(brokenLaws(maliciousReport())).toEqual([]);
    expect(brokenLaws(benignReport())).toEqual([]);
  });

  test.each<[string, (report: DynamicAnalysisReport) => void, RegExp]>([
    [
      'evidence that does not resolve',
      (r) => first(r.findings).evidence.push('e99999'),
      /cites e99999, which is not in/,
    ],
    ['evidence cited before what caused it', (r) => first(r.findings).evidence.reverse(), /cites e66 before e65/],
    [
      'a reason without its finding',
      (r) => (r.findings = r.findings.slice(1)),
      /a reason cites finding cred.decoy-read/,
    ],
    ['events out of order', (r) => r.events.reverse(), /stands after/],
    ['two events of one id', (r) => (r.events[1] = { ...first(r.events) }), /event e1 occurs twice/],
    ['two signals of one id', (r) => r.static.signals.push(first(r.static.signals)), /signal s1 occurs twice/],
    [
      'two findings of one claim about one package',
      (r) => r.findings.push(first(r.findings)),
      /finding cred.decoy-read of @example\/columns occurs twice/,
    ],
    [
      'an event of an unknown process',
      (r) => (first(r.events).process = 'p999'),
      /process p999, which is not in the tree/,
    ],
    ['a process whose parent is missing', (r) => delete r.process_tree.nodes.p1, /parent that is not in the tree/],
    [
      'a ring of processes',
      (r) => {
        r.process_tree.roots = r.process_tree.roots.filter((key) => key !== 'p1');
        Object.assign(r.process_tree.nodes.p1 ?? {}, { parent_key: 'p7' });
      },
      /members that no root leads to/,
    ],
    [
      'a process under another name',
      (r) => Object.assign(r.process_tree.nodes.p1 ?? {}, { key: 'p2' }),
      /calls itself p2/,
    ],
    [
      'a milder verdict than the findings',
      (r) => (r.verdict.level = 'benign'),
      /verdict is benign 100, its findings say malicious/,
    ],
    ['a score of its own', (r) => (r.verdict.score = 12), /verdict is malicious 12/],
    ['a finding that was not weighed', (r) => (r.verdict.reasons = r.verdict.reasons.slice(1)), /its findings say/],
    [
      'complete coverage beside a gap',
      (r) => (r.verdict.coverage = 'complete'),
      /coverage is complete, measured is partial/,
    ],
    [
      'a weaker isolation than asked for',
      (r) => (r.environment.isolation.effective = 'none'),
      /isolation ran as none, asked for was bubblewrap/,
    ],
    [
      'a channel that is not measured for no reason',
      (r) => (r.capabilities.http = { measured: false, how: 'none' }),
      /channel http was not measured/,
    ],
    [
      'a truncation that cut nothing',
      (r) => r.truncation.push({ field: 'events', kept: 9, total: 9 }),
      /nothing was cut/,
    ],
    [
      'a truncation that counts wrong',
      (r) => r.truncation.push({ field: 'events', kept: 9, total: 999 }),
      /says 9 were kept, 139 are there/,
    ],
    ['a pointer to an event that was never cut', (r) => first(r.canaries).reads.push('e5555'), /c1 points at e5555/],
  ])('%s is noticed', (_law, change, words) => {
    expect(broken(change).join('\n')).toMatch(words);
  });

  test('a pointer to an event is allowed to hang when events were cut and the cut is named', () => {
    const laws = broken((report) => {
      first(report.canaries).reads.push('e5555');
      report.truncation.push({ field: 'events', kept: report.events.length, total: 9000 });
    });
    expect(laws).toEqual([]);
  });

  test('a model may raise the level and never lower it', () => {
    const report = benignReport();
    const explanation = { model: 'm', text: 't' };
    const raised = { ...report, explanation: { ...explanation, raised_to: 'suspicious' as const } };
    expect(brokenLaws({ ...raised, verdict: { ...report.verdict, level: 'suspicious' } })).toEqual([]);
    const bad = maliciousReport();
    const lowered = { ...bad, explanation: { ...explanation, raised_to: 'benign' as const } };
    expect(brokenLaws({ ...lowered, verdict: { ...bad.verdict, level: 'benign' } })).not.toEqual([]);
  });

  test.each<[string, (report: DynamicAnalysisReport) => void]>([
    ['a command line', (r) => first(Object.values(r.process_tree.nodes)).argv.push('--token=S3CRET"\n-value')],
    ['a snippet', (r) => (first(r.static.signals).snippet = 'x="S3CRET"\n-value"')],
    ['what a phase printed', (r) => Object.assign(r.Analysis.install, { Stdout: base64('token S3CRET"\n-value') })],
  ])('the value of a decoy in %s is noticed and not repeated', (_place, change) => {
    const report = structuredClone(maliciousReport());
    change(report);
    const laws = brokenLaws(report, { canaryValues: ['unseen', 'S3CRET"\n-value'] });
    expect(laws).toEqual(['the value of decoy number 2 stands in the report']);
  });

  test('a broken report is our failure, with every broken law in its facts', () => {
    const report = { ...maliciousReport(), verdict: benignReport().verdict };
    const attempt = () => assertReportLaws(report);
    expect(attempt).toThrow(ReportError);
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: 'REPORT_LAW_BROKEN', facts: { broken: brokenLaws(report) } });
    }
  });
});
