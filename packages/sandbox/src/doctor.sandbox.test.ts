import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { defaultProbeOptions, probeCapabilities } from './doctor.ts';

const options = { ...defaultProbeOptions, node: process.execPath, dataDirectory: tmpdir(), timeoutMs: 30_000 };

const children = (): string[] =>
  readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim().split(' '),
  );

it('every wall can be put up on the machine that runs the sandbox tests', async () => {
  const capabilities = await probeCapabilities(options);
  // Without an npm to look for, that one is missing; gVisor and Python are not needed by these tests.
  const asked = capabilities.filter(({ id, required }) => required && id !== 'npm');
  expect(asked.filter(({ status }) => status !== 'ok')).toEqual([]);
});

it('probing leaves no process and no file behind', async () => {
  // A temporary directory that no other test uses; it belongs to this process only.
  const scratch = mkdtempSync(path.join(tmpdir(), 'assay-doctor-scratch-'));
  process.env.TMPDIR = scratch;
  const before = { children: children(), mounts: readFileSync('/proc/self/mounts', 'utf8') };
  await probeCapabilities(options);
  expect({ children: children(), mounts: readFileSync('/proc/self/mounts', 'utf8') }).toEqual(before);
  expect(readdirSync(scratch)).toEqual([]);
  rmdirSync(scratch);
});
