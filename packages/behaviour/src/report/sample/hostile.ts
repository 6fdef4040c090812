import fc from 'fast-check';

/** Texts that a terminal, a browser, a JSON block or a reader's eye may obey instead of show. */
const weapons = [
  '\u001b[2J\u001b[31m',
  '\u009b31m',
  '\u0007\b\r\n\t\0',
  '\u202e\u2066evil\u2069',
  'a\u200b\u200d\u2060\ufeffb',
  '\ufe0f\u{e0100}\u{e0041}',
  'e\u0301\u0301\u0301\u0301\u0301\u0301',
  '\ud800',
  '\udfff\ud83d',
  '\u3164\u2800\u00a0\u2028\u2029',
  'раураl.test',
  '</script><script>alert(1)</script>',
  '<!--<script>',
  '<img src=x onerror="alert(1)">',
  '"\'`&amp;&lt;',
  ']]>',
  '[click](https://evil.invalid/)',
  '{0} {{ }} ${x}',
  '__proto__',
  'constructor',
  '漢字😀👩‍👩‍👧',
  '',
];

/** Any text, often a hostile one. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...weapons) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...weapons), { maxLength: 4 }).map((parts) => parts.join('/')) },
  { weight: 1, arbitrary: fc.constantFrom(...weapons).map((weapon) => `{pkg}/lib/${weapon}.js`) },
);
