import fc from 'fast-check';
import { parse } from 'parse5';
import { expect, test } from 'vitest';
import { lawlessReport } from '../sample/arbitrary.ts';
import { openPage } from '../sample/browser.ts';
import { lawfulReport } from '../sample/lawful.ts';
import { renderHtml } from './html.ts';

test('no report, however lawless, makes the page ill-formed or lets its text act', () => {
  fc.assert(
    fc.property(fc.oneof(lawlessReport(), lawfulReport()), (report) => {
      const page = renderHtml(report);
      const errors: string[] = [];
      parse(page, { onParseError: ({ code }) => errors.push(code) });
      expect(errors).toEqual([]);
      expect(page.match(/<script/g)).toHaveLength(2);
      expect(page.match(/<img|<iframe|\sonerror="/g)).toBeNull();
      const markup = page.replace(/<script[\s\S]*?<\/script>/g, '').replaceAll('\n', '');
      expect(markup).not.toMatch(/(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u);
    }),
    { numRuns: 100 },
  );
});

test('no report, however lawless, makes the script throw or draw an element of its own', () => {
  fc.assert(
    fc.property(lawlessReport(), (report) => {
      const [first] = report.events;
      const { document } = openPage(renderHtml(report), `#${first?.id ?? 's1'}`);
      expect(document.querySelectorAll('main img, main script, aside img, aside script')).toHaveLength(0);
      expect(document.querySelector('aside.slip')?.hasAttribute('hidden')).toBe(false);
    }),
    { numRuns: 30 },
  );
});
