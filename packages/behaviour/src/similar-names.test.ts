import { expect, test } from 'vitest';
import { mistakableFor } from './similar-names.ts';

test.each([
  ['1odash', 'lodash'],
  ['exprress', 'express'],
  ['lodahs', 'lodash'],
  ['reactrouter', 'react-router'],
  ['typescrpt', 'typescript'],
])('%s can be taken for %s', (name, known) => expect(mistakableFor(name)).toBe(known));

test.each(['lodash', 'preact', 'lodash-es', '@x/express', 'reacts', 'is-odd', 'vue2', 'koa-router'])(
  '%s is a name of its own',
  (name) => expect(mistakableFor(name)).toBeUndefined(),
);
