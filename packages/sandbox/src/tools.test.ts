import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SandboxError } from './errors.ts';
import { debianPackageOf, findSystemTools } from './tools.ts';

let folder: string;
const required = Object.keys(debianPackageOf).filter((name) => name !== 'nft' && name !== 'faketime');

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tools-'));
  for (const name of required) {
    writeFileSync(path.join(folder, name), '');
    chmodSync(path.join(folder, name), 0o755);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function failureOf(directories: string[]): SandboxError {
  try {
    findSystemTools(directories);
  } catch (error) {
    if (error instanceof SandboxError) return error;
    throw error;
  }
  throw new Error('every tool was found');
}

it('programs are taken from the given folders, the first that has them', () => {
  expect(findSystemTools(['/nonexistent', folder])).toMatchObject({
    bwrap: path.join(folder, 'bwrap'),
    mount: path.join(folder, 'mount'),
  });
});

it('optional programs that are missing are left out, not an error', () => {
  expect(findSystemTools([folder])).not.toHaveProperty('nft');
});

it('everything that is missing is named at once, each package once', () => {
  const { code, facts, message } = failureOf(['/nonexistent']);
  expect(code).toBe('ISOLATION_UNAVAILABLE');
  expect(facts.missing).toEqual(expect.arrayContaining(required));
  expect(new Set(facts.packages as string[]).size).toBe((facts.packages as string[]).length);
  expect(message).toMatch(/nothing was run\. .*apt-get install .*bubblewrap.*iproute2/);
});

it('a program that may not be executed is missing', () => {
  writeFileSync(path.join(folder, 'strace'), '', { mode: 0o644 });
  chmodSync(path.join(folder, 'strace'), 0o644);
  expect(failureOf([folder]).facts.missing).toEqual(['strace']);
  chmodSync(path.join(folder, 'strace'), 0o755);
});
