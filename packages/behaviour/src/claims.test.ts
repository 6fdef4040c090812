import { categoryOf } from '@assay/kernel';
import { expect, test } from 'vitest';
import { claims } from './claims.ts';

test.each(Object.keys(claims))('%s has a category, without which it would weigh nothing', (id) => {
  expect(categoryOf(id)).toMatch(/^[a-z0-9]+$/);
});

test.each(Object.entries(claims))('%s has a title and well-formed technique ids', (_id, { title, mitre }) => {
  expect(title).toMatch(/^[A-Z].*[^.]$/);
  for (const technique of mitre) expect(technique).toMatch(/^T\d{4}(?:\.\d{3})?$/);
});
