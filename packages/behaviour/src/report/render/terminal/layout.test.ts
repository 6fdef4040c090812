import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostileText } from '../../sample/hostile.ts';
import { visible } from '../../visible.ts';
import { cutTo, pad, widthOf, wrap } from './layout.ts';

test('wide letters take two columns, combining marks none', () => {
  expect(widthOf('漢字')).toBe(4);
  expect(widthOf('e\u0301')).toBe(1);
  expect(pad('漢字', 6)).toBe('漢字  ');
});

test('text is cut to its columns with an ellipsis', () => {
  expect(cutTo('abcdef', 4)).toBe('abc…');
  expect(cutTo('漢字漢字', 5)).toBe('漢字…');
});

test('wrapped lines fit, and hold every word in order', () => {
  fc.assert(
    fc.property(hostileText, fc.integer({ min: 4, max: 40 }), (text, width) => {
      const shown = visible(text);
      const lines = wrap(shown, width, Number.POSITIVE_INFINITY);
      expect(lines.every((line) => widthOf(line) <= width)).toBe(true);
      expect(lines.join('').replaceAll(' ', '')).toBe(shown.replaceAll(' ', ''));
    }),
  );
});
