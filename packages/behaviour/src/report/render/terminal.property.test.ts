import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lawlessReport } from '../sample/arbitrary.ts';
import { lawfulReport } from '../sample/lawful.ts';
import { widthOf } from './terminal/layout.ts';
import { renderTerminal } from './terminal.ts';

const options = fc.record({ width: fc.integer({ min: 0, max: 300 }), full: fc.boolean() });

test('no report, however lawless, makes it throw, and nothing in it can act on a terminal', () => {
  fc.assert(
    fc.property(fc.oneof(lawlessReport(), lawfulReport()), options, (report, given) => {
      const text = renderTerminal(report, given);
      expect(text.replaceAll('\n', '')).not.toMatch(/(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u);
      expect(text).toContain(report.verdict.level.toUpperCase());
      const width = Math.max(40, Math.min(given.width, 160));
      expect(text.split('\n').filter((line) => widthOf(line) > width)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test('with colour, the only control sequences are those of styling', () => {
  fc.assert(
    fc.property(lawlessReport(), options, (report, given) => {
      const text = renderTerminal(report, { ...given, colour: true });
      const words = stripVTControlCharacters(text).replaceAll('\n', '');
      expect(words).not.toMatch(/\p{Cc}/u);
    }),
    { numRuns: 100 },
  );
});
