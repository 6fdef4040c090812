import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostileText } from './sample/hostile.ts';
import { visible } from './visible.ts';

test('no control, bidi, zero-width, private, surrogate or odd blank character survives', () => {
  fc.assert(
    fc.property(fc.oneof(hostileText, fc.string({ unit: 'binary' })), (text) => {
      expect(visible(text)).not.toMatch(/(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u);
    }),
  );
});

test('in names only ASCII and control pictures survive', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      expect(visible(text, 'ascii')).toMatch(/^[\x20-\x7e\u2400-\u2421]*$/);
    }),
  );
});

test('what is already visible stays as it is', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      expect(visible(visible(text))).toBe(visible(text));
    }),
  );
});

test('plain text is not changed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      expect(visible(text)).toBe(text);
    }),
  );
});

test('combining marks never pile up more than three high', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\u0301', '\u0489', '\u20dd')), (marks) => {
      expect(visible(marks.join(''))).not.toMatch(/\p{M}{4}|^\p{M}/u);
    }),
  );
});
