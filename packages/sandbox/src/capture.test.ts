import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { entropyOf, FileCapture, kindOf } from './capture.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'capture-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const limits = { maxFiles: 3, maxFileBytes: 1000, maxKeptBytes: 10 };
const capture = (overrides: Partial<typeof limits> = {}) =>
  new FileCapture({ ...limits, ...overrides }, (inside) =>
    inside.startsWith('/in/') ? path.join(root, inside.slice(4)) : undefined,
  );
const put = (name: string, content: string) => writeFileSync(path.join(root, name), content);
const descriptors = () => readdirSync('/proc/self/fd').length;

it('a file that erases itself is still read, and said to be gone', () => {
  put('a', 'payload');
  const held = capture();
  held.hold('/in/a');
  unlinkSync(path.join(root, 'a'));
  const sha256 = createHash('sha256').update('payload').digest('hex');
  expect(held.collect()).toMatchObject([{ path: '/in/a', sha256, sizeBytes: 7, deleted: true }]);
});

it('what is written after the opening counts, and another name keeps a file from being gone', () => {
  put('a', '');
  const held = capture();
  held.hold('/in/a');
  put('a', '#!/bin/sh');
  linkSync(path.join(root, 'a'), path.join(root, 'b'));
  unlinkSync(path.join(root, 'a'));
  expect(held.collect()).toMatchObject([{ sizeBytes: 9, deleted: false, head: Buffer.from('#!/bin/sh') }]);
});

it('a link is followed at no place of the path', () => {
  mkdirSync(path.join(root, 'host'));
  put('host/secret', 'secret');
  symlinkSync(path.join(root, 'host/secret'), path.join(root, 'link'));
  symlinkSync(path.join(root, 'host'), path.join(root, 'folder'));
  const held = capture();
  held.hold('/in/link');
  held.hold('/in/folder/secret');
  expect(held.collect()).toEqual([]);
});

it('pipes, folders and places outside are passed over without waiting', () => {
  execFileSync('mkfifo', [path.join(root, 'pipe')]);
  const held = capture();
  for (const inside of ['/in/pipe', '/in/', '/elsewhere/a']) held.hold(inside);
  expect(held.collect()).toEqual([]);
  expect(held.missed).toBe(0);
});

it('a file that is gone before it could be held is counted', () => {
  const held = capture();
  held.hold('/in/gone');
  expect(held.missed).toBe(1);
});

it('no more files, bytes and descriptors are held than the limits say', () => {
  for (const name of 'abcde') put(name, name.repeat(5000));
  const before = descriptors();
  const held = capture();
  for (const name of 'abcde') held.hold(`/in/${name}`);
  held.hold('/in/a');
  expect(descriptors() - before).toBe(3);
  const files = held.collect();
  expect(files.map(({ head, sizeBytes }) => [head.length, sizeBytes])).toEqual(Array(3).fill([10, 5000]));
  expect(descriptors()).toBe(before);
});

it('entropy is 0 for one letter, 1 for two, 8 for all bytes', () => {
  expect([entropyOf(Buffer.from('aaaa')), entropyOf(Buffer.from('abab')), entropyOf(Buffer.alloc(0))]).toEqual([
    0, 1, 0,
  ]);
  expect(entropyOf(Uint8Array.from({ length: 256 }, (_, byte) => byte))).toBe(8);
});

it('first bytes say what a file is', () => {
  const kinds = ['\x7fELF', 'MZ', '#!/bin/sh', '\x1f\x8b', '\x89PNG', 'text\n', '\x00\x01'].map(
    (text) => kindOf(Buffer.from(text, 'latin1')).kind,
  );
  expect(kinds).toEqual(['elf', 'pe', 'script', 'archive', 'media', 'text', 'data']);
});
