import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { benignReport } from '../sample/benign.ts';
import { maliciousReport } from '../sample/malicious.ts';
import { renderTerminal } from './terminal.ts';

describe('the terminal report', () => {
  test.each([
    ['malicious', maliciousReport()],
    ['benign', benignReport()],
  ])('of the %s sample reads like its golden file', async (name, report) => {
    await expect(renderTerminal(report)).toMatchFileSnapshot(`../testdata/${name}.terminal.txt`);
  });

  test('the verdict stands before the reasons, and gaps before anything that was merely seen', () => {
    const text = renderTerminal(maliciousReport());
    const places = [
      'MALICIOUS',
      'WHY',
      'ALSO SEEN',
      'NOT MEASURED',
      'CHANGES',
      'RUNS',
      'PROCESSES',
      'NETWORK',
      'FILES',
    ];
    const found = places.map((heading) => text.search(new RegExp(`(^| )${heading} `, 'm')));
    expect(found).not.toContain(-1);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
  });

  test('reasons are told in the order things happened, not by weight', () => {
    const text = renderTerminal(maliciousReport());
    const [read, fetched, wiped] = ['Decoy credential left', 'Runs code that it downloaded', 'Many files outside'].map(
      (title) => text.indexOf(title),
    );
    expect([read, fetched, wiped]).toEqual([read, fetched, wiped].toSorted((a = 0, b = 0) => a - b));
  });

  test('evidence is told with the processes that led to it', () => {
    expect(renderTerminal(maliciousReport())).toContain('› sh -c node setup.js › node setup.js');
  });

  test('a partial coverage is never shown without its reasons', () => {
    const text = renderTerminal(maliciousReport());
    expect(text).toContain('coverage partial: 2 gaps');
    expect(text.match(/^■ /gm)).toHaveLength(2);
  });

  test('a phase that did not complete is a gap even when no limitation tells of it', () => {
    const text = renderTerminal({ ...maliciousReport(), limitations: [] });
    expect(text).toContain('■ r0 execute · error_timeout');
  });

  test.each([40, 60, 80, 120])('no line is wider than %i columns', (width) => {
    const lines = renderTerminal(maliciousReport(), { width }).split('\n');
    expect(lines.filter((line) => [...line].length > width)).toEqual([]);
  });

  test('without colour there is no escape sequence, with colour the words are the same', () => {
    const plain = renderTerminal(maliciousReport());
    const coloured = renderTerminal(maliciousReport(), { colour: true });
    expect(plain).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[');
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  test('told in full, every piece of evidence is there', () => {
    const report = maliciousReport();
    const text = renderTerminal(report, { full: true });
    const cited = report.findings.flatMap(({ evidence }) => evidence);
    expect(cited.filter((id) => !text.includes(`     ${id} `))).toEqual([]);
  });
});
