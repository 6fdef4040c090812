import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { originOf } from './encoded-origin.ts';

const ran = "require('node:fs').writeFileSync('marker', 'hidden');";
const filesOf = (text: string, name = 'index.js') => new Map([[name, Buffer.from(text)]]);
const masked = Buffer.from(ran).map((byte) => byte ^ 77);

test.each([
  ['base64', `eval(atob('${Buffer.from(ran).toString('base64')}'))`],
  ['hex', `run('${Buffer.from(ran).toString('hex')}')`],
  ['character codes backwards', `f([${[...Buffer.from(ran)].reverse().join(',')}])`],
  ['layers', `g('${deflateRawSync(Buffer.from(masked).toString('base64')).toString('base64')}')`],
])('text that ran is found in %s', (_name, source) => {
  expect(originOf(ran, filesOf(source))).toMatchObject({ kind: 'encoded', file: 'index.js' });
});

test('text that ran is found in invisible characters', () => {
  const hidden = [...Buffer.from(ran)].map((byte) =>
    String.fromCodePoint(byte < 16 ? 0xfe00 + byte : 0xe0100 + byte - 16),
  );
  expect(originOf(ran, filesOf(`decode('${hidden.join('')}')`))).toMatchObject({ kind: 'invisible', at: 8 });
});

test('text that ran is found behind the picture', () => {
  expect(originOf(ran, filesOf(`\x89PNG…IEND${ran}`, 'logo.png'))).toMatchObject({ kind: 'media', file: 'logo.png' });
});

test('text that stands in a file as it is was not hidden, and made-up text comes from nowhere', () => {
  const encoded = Buffer.from(ran).toString('base64');
  expect(originOf(ran, filesOf(`${ran}\n//${encoded}`))).toBeUndefined();
  expect(originOf('return data.a + data.b + data.c;', filesOf(`x('${encoded}')`))).toBeUndefined();
});
