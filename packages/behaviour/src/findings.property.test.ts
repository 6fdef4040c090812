import { type Coverage, type Finding, reaches, Severity, verdictOf } from '@assay/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClaimId, claims } from './claims.ts';
import { findingsOf } from './findings.ts';
import { evidenceWith, recordingOf, type Told } from './rules/recording.ts';

const finding: fc.Arbitrary<Finding> = fc
  .record({
    id: fc.constantFrom(...(Object.keys(claims) as ClaimId[])),
    severity: fc.constantFrom(...Severity.options),
    confidence: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
    summary: fc.string(),
  })
  .map(({ id, ...rest }) => ({
    id,
    title: claims[id].title,
    category: id.slice(0, id.indexOf('.')),
    phase: 'install',
    package: 'subject',
    evidence: ['e1'],
    mitre: [],
    baseline: 'not_compared',
    ...rest,
  }));

test('adding a finding never lowers score or level', () => {
  fc.assert(
    fc.property(
      fc.array(finding),
      finding,
      fc.constantFrom<Coverage>('complete', 'partial'),
      (known, more, coverage) => {
        const before = verdictOf(known, coverage);
        const after = verdictOf([...known, more], coverage);
        expect(after.score).toBeGreaterThanOrEqual(before.score);
        expect(reaches(after.level, before.level)).toBe(true);
      },
    ),
  );
});

const effects: readonly Told[] = [
  { type: 'canary.read', canary: 'c1', path: '~/.npmrc' },
  { type: 'canary.egress', canary: 'c1', host: 'a.invalid', ip: '198.18.0.9' },
  { type: 'canary.egress', canary: 'c3', host: 'b.invalid', ip: '198.18.0.8' },
  { type: 'file.write', path: '~/.bashrc', mode: 'append' },
  { type: 'file.write', path: '{dep:other}/index.js', mode: 'modify' },
  { type: 'ptrace', api: 'ptrace' },
  { type: 'resource', api: 'processes' },
];
const words = fc.string({ minLength: 1, maxLength: 40 });

test('text of the package changes no weight', () => {
  fc.assert(
    fc.property(fc.subarray([...effects], { minLength: 1 }), words, words, (told, detail, pwd) => {
      const plain = findingsOf(evidenceWith(recordingOf(told)));
      const spoken = findingsOf(evidenceWith(recordingOf(told.map((one) => ({ ...one, detail, pwd })))));
      const weights = (all: readonly Finding[]) =>
        all.map(({ id, severity, confidence }) => [id, severity, confidence]);
      expect(weights(spoken)).toEqual(weights(plain));
    }),
  );
});

test('the order in which equal evidence is told to rules changes nothing but which of it is cited first', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...effects], { minLength: effects.length }), (told) => {
      const ids = (events: readonly Told[]) => findingsOf(evidenceWith(recordingOf(events))).map(({ id }) => id);
      expect(ids(told)).toEqual(ids(effects));
    }),
  );
});
