import { styleText } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

export type Style = Parameters<typeof styleText>[0];

/** Columns that already visible text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!/\p{M}/u.test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return width;
}

/** Cut to `width` columns, with an ellipsis. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let taken = '';
  let used = 0;
  for (const character of text) {
    const wide = widthOf(character);
    if (used + wide > width - 1) break;
    taken += character;
    used += wide;
  }
  return width < 1 ? '' : `${taken}…`;
}

/** Filled up with blanks, or cut, to exactly `width` columns. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const fitted = cutTo(text, width);
  const blanks = ' '.repeat(Math.max(0, width - widthOf(fitted)));
  return side === 'left' ? fitted + blanks : blanks + fitted;
}

/** Broken into lines of at most `width` columns, at blanks where there are any; at most `maxLines`, the last one cut. */
export function wrap(text: string, width: number, maxLines = 6): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => pieces(part, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  lines.push(line);
  if (lines.length <= maxLines) return lines;
  return [...lines.slice(0, maxLines - 1), cutTo(lines.slice(maxLines - 1).join(' '), width)];
}

function pieces(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const parts = [''];
  for (const character of word) {
    const last = parts.length - 1;
    if (widthOf((parts[last] ?? '') + character) > width) parts.push(character);
    else parts[last] += character;
  }
  return parts;
}

/** Styles text, or leaves it alone. Measure and pad before painting. */
export type Paint = (style: Style, text: string) => string;

export function painter(colour: boolean): Paint {
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}
