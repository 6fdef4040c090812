import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { elfProgram, scripts, tarGzip, windowsProgram, zipArchive } from './payloads.ts';

const marker = 'inert marker 42';
const folder = mkdtempSync(join(tmpdir(), 'payloads-'));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  chmodSync(path, 0o755);
  return path;
}

test('the ELF program prints the marker, exits 0 and makes two system calls', () => {
  const path = put('tool', elfProgram(marker));
  expect(execFileSync(path, { encoding: 'utf8' })).toBe(`${marker}\n`);
  const trace = join(folder, 'trace');
  execFileSync('strace', ['-o', trace, path]);
  const calls = readFileSync(trace, 'utf8').match(/^\w+(?=\()/gm);
  expect(calls).toEqual(['execve', 'write', 'exit']);
});

test.each([
  ['sh', 'sh'],
  ['js', process.execPath],
  ['cjs', process.execPath],
  ['mjs', process.execPath],
])('the %s script prints the marker', (extension, interpreter) => {
  expect(
    execFileSync(interpreter, [put(`script.${extension}`, scripts[extension]!(marker))], { encoding: 'utf8' }),
  ).toBe(`${marker}\n`);
});

test('the gzipped tar unpacks with the program executable', () => {
  const path = put('tool-v1.tgz', tarGzip('tool-v1.tgz', marker));
  execFileSync('tar', ['-xzf', path, '-C', folder]);
  expect(execFileSync(join(folder, 'package/bin/tool-v1'), { encoding: 'utf8' })).toBe(`${marker}\n`);
  expect(JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8')).name).toBe('tool-v1');
});

test('the zip unpacks with the program executable', () => {
  const path = put('pack.zip', zipArchive('pack.zip', marker));
  const script =
    'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip()); print(oct(z.getinfo("pack").external_attr >> 16)); print(z.read("pack").decode())';
  expect(execFileSync('python3', ['-c', script, path], { encoding: 'utf8' })).toContain(
    `None\n0o100755\n#!/bin/sh\necho '${marker}'`,
  );
});

test('the Windows program has its signatures', () => {
  const bytes = windowsProgram(marker);
  expect(bytes.toString('latin1', 0, 2)).toBe('MZ');
  expect(bytes.toString('latin1', bytes.readUInt32LE(60), bytes.readUInt32LE(60) + 2)).toBe('PE');
});
