import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TracePipe } from './pipe.ts';

let folder = '';
let fifo = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'pipe-'));
  fifo = path.join(folder, 'trace');
  execFileSync('mkfifo', ['-m', '0600', fifo]);
});
afterEach(() => rmSync(folder, { recursive: true }));

function writer(script: string) {
  return once(spawn('sh', ['-c', script, 'sh', fifo], { stdio: 'ignore' }), 'exit');
}

it('everything written before the end is read, in order, whoever opens and closes the pipe meanwhile', async () => {
  const parts: string[] = [];
  const pipe = new TracePipe(fifo, (chunk) => parts.push(chunk.toString('latin1')));
  await writer('seq 1 30000 > "$1"');
  await writer('seq 30001 60000 > "$1"');
  await pipe.end();
  expect(parts.join('')).toBe(Array.from({ length: 60_000 }, (_, index) => `${index + 1}\n`).join(''));
});

it('a reader that fails does not hold the writer up, and the failure comes out at the end', async () => {
  const pipe = new TracePipe(fifo, () => {
    throw new Error('no');
  });
  // More than fits into a pipe: it ends only if somebody goes on reading.
  await writer('seq 1 60000 > "$1"');
  await expect(pipe.end()).rejects.toThrow('no');
});

it('a pipe that nobody wrote to ends at once', async () => {
  const pipe = new TracePipe(fifo, () => expect.unreachable());
  await expect(pipe.end()).resolves.toBeUndefined();
});
