import fc from 'fast-check';
import type { Log } from 'sarif';
import { describe, expect, test } from 'vitest';
import { lawlessReport } from '../sample/arbitrary.ts';
import { benignReport } from '../sample/benign.ts';
import { maliciousReport } from '../sample/malicious.ts';
import type { DynamicAnalysisReport } from '../schema.ts';
import { renderSarif } from './sarif.ts';

const runOf = (report: DynamicAnalysisReport) => {
  const [run] = (JSON.parse(renderSarif(report)) as Log).runs;
  if (run === undefined) throw new Error('the log has no run');
  return run;
};

describe('the SARIF log', () => {
  const report = maliciousReport();
  const run = runOf(report);

  test('has one result per finding, each of a rule with help', () => {
    expect(run.results).toHaveLength(report.findings.length);
    for (const result of run.results ?? []) {
      const rule = run.tool.driver.rules?.[result.ruleIndex ?? -1];
      expect(rule?.id).toBe(result.ruleId);
      expect(rule?.help?.text.length).toBeGreaterThan(20);
      expect(result.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toMatch(/^[^/:]+/);
      expect(result.partialFingerprints?.['assayClaim/v1']).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test.each([
    ['exfil.canary-egress', 'error', 'fail'],
    ['install.lifecycle-hook', 'warning', 'fail'],
  ])('%s is an %s', (id, level, kind) => {
    expect(run.results?.find(({ ruleId }) => ruleId === id)).toMatchObject({ level, kind });
  });

  test('what is only information has no level', () => {
    expect(runOf(benignReport()).results?.[0]).toMatchObject({ level: 'none', kind: 'informational' });
  });

  test('a static signal is a place in the package, an event is a step of a process', () => {
    const exfil = run.results?.find(({ ruleId }) => ruleId === 'exfil.canary-egress');
    expect(exfil?.locations?.[0]?.physicalLocation).toMatchObject({
      artifactLocation: { uri: 'setup.js', uriBaseId: 'PACKAGE' },
      region: { startLine: 14, startColumn: 3 },
    });
    const steps = exfil?.codeFlows?.[0]?.threadFlows[0]?.locations ?? [];
    expect(steps.map(({ location }) => location?.message?.text?.split(':')[0])).toEqual(
      report.findings.find(({ id }) => id === 'exfil.canary-egress')?.evidence,
    );
    expect(steps.at(-1)?.location?.logicalLocations?.[0]?.fullyQualifiedName).toContain(
      '› sh -c node setup.js › node setup.js',
    );
  });

  test('a finding without any file points at the manifest and at its process', () => {
    const autostart = run.results?.find(({ ruleId }) => ruleId === 'persist.autostart');
    expect(autostart?.locations?.[0]).toMatchObject({
      physicalLocation: { artifactLocation: { uri: 'package.json', uriBaseId: 'PACKAGE' } },
      logicalLocations: [{ kind: 'process' }],
    });
  });

  test('the verdict and every gap are in it', () => {
    expect(run.properties?.verdict).toMatchObject({ level: 'malicious', score: 100, coverage: 'partial' });
    const notes = run.invocations?.[0]?.toolExecutionNotifications ?? [];
    expect(notes.filter(({ level }) => level === 'warning')).toHaveLength(2);
    expect(notes.map(({ message }) => message.text).join('\n')).toContain('execute stopped after 60 s');
  });

  test('the same claim about the same package has the same fingerprint in the next report', () => {
    const later = structuredClone(report);
    later.events = [];
    const prints = (of: DynamicAnalysisReport) =>
      runOf(of)
        .results?.map((r) => [r.ruleId, r.partialFingerprints?.['assayClaim/v1']])
        .sort();
    expect(prints(later)).toEqual(prints(report));
  });

  test('no package text becomes a link or a placeholder, or leaves the package by its path', () => {
    fc.assert(
      fc.property(lawlessReport(), (lawless) => {
        const lawlessRun = runOf(lawless);
        const texts: string[] = [];
        const uris: string[] = [];
        JSON.stringify(lawlessRun, (key, value: unknown) => {
          if (key === 'message') texts.push((value as { text: string }).text);
          if (key === 'uri' && typeof value === 'string') uris.push(value);
          return value;
        });
        expect(texts.filter((text) => /\]\(|(?<!\{)(\{\{)*\{(?!\{)/.test(text))).toEqual([]);
        expect(
          uris.filter((uri) => uri === '' || uri.startsWith('/') || /(^|\/)\.\.(\/|$)|^[a-z]+:/i.test(uri)),
        ).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });
});
