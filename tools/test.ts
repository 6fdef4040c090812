// SPDX-License-Identifier: Apache-2.0
// `npm test`: runs vitest under the pinned Node and ends with one line, `N passed, N failed`. Arguments go to vitest
// (file filters, -t, --project). Without --project: unit and sandbox tests.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Count } from './count-reporter.ts';

const root = join(import.meta.dirname, '..');
const countFile = join(root, '.assay', `test-count.${process.pid}.json`);
const asked = process.argv.slice(2);
const projects = asked.some((argument) => argument.startsWith('--project'))
  ? []
  : ['--project', 'unit', '--project', 'sandbox'];
const reporters = ['--reporter', 'default', '--reporter', join(root, 'tools', 'count-reporter.ts')];

const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...projects, ...reporters, ...asked],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ASSAY_TEST_COUNT: countFile } },
);
const count = readCount();
// Whatever vitest found wrong that is in no test is still one failure.
if (status !== 0 && count.failed === 0) count.failed = 1;
process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
process.exitCode = count.failed === 0 ? 0 : 1;

function readCount(): Count {
  try {
    const count = JSON.parse(readFileSync(countFile, 'utf8')) as Count;
    rmSync(countFile);
    return count;
  } catch (error) {
    process.stderr.write(`npm test: vitest left no count: ${String(error)}\n`);
    return { passed: 0, failed: 1 };
  }
}
