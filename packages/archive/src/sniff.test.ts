import { tarOf, tgzOf, zipOf } from '@assay/testing';
import { expect, test } from 'vitest';
import { formatOfSuffix, sniffFormat } from './sniff.ts';

test('bytes tell the format, also of an archive without entries', () => {
  expect(sniffFormat(tgzOf([{ name: 'a' }]))).toBe('tar.gz');
  expect(sniffFormat(tarOf([{ name: 'a' }]))).toBe('tar');
  expect(sniffFormat(zipOf([{ name: 'a' }]))).toBe('zip');
  expect(sniffFormat(zipOf([]))).toBe('zip');
  expect(sniffFormat(Buffer.from('<html>'))).toBeUndefined();
  expect(sniffFormat(new Uint8Array(0))).toBeUndefined();
});

test('a suffix promises a format, whatever its case', () => {
  const names = ['a.tgz', 'A.TAR.GZ', 'a.tar', 'a.zip', 'a-1-py3-none-any.whl', 'a.VSIX', 'a.gz', 'tgz'];
  expect(names.map(formatOfSuffix)).toEqual(['tar.gz', 'tar.gz', 'tar', 'zip', 'zip', 'zip', undefined, undefined]);
});
