import { expect, test } from 'vitest';
import { visible } from './visible.ts';

test.each([
  ['\u001b[31m', '␛[31m', 'an escape sequence'],
  ['a\nb\tc\u007f', 'a␊b␉c␡', 'line ends, tabs and delete'],
  ['\u009b2J', '\\u{9b}2J', 'an eight-bit control sequence'],
  ['x\u202egpj.exe', 'x\\u{202e}gpj.exe', 'a bidi override'],
  ['ad\u200bmin', 'ad\\u{200b}min', 'a zero-width space'],
  ['a\ufe0f\u{e0041}', 'a\\u{fe0f}\\u{e0041}', 'a variation selector and a tag'],
  ['a\u00a0b\u2800c\u3164', 'a\\u{a0}b\\u{2800}c\\u{3164}', 'blanks that are not the blank'],
  ['\ud800', '\\u{d800}', 'a lone surrogate'],
  ['漢字 é 😀', '漢字 é 😀', 'honest text of any script'],
])('%j is shown as %s: %s', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('a Cyrillic look-alike in a name is spelled out', () => {
  expect(visible('pаypal', 'ascii')).toBe('p\\u{430}ypal');
});
