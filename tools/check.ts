// SPDX-License-Identifier: Apache-2.0
// `npm run check`: everything about the sources that needs no run of them, the steps side by side. Prints one line per
// step, the output of those that failed, and at the end `N passed, N failed`. Arguments name steps; none means all.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkArrows } from './arrows.ts';
import { checkLock } from './lock.ts';
import { checkTree } from './rules.ts';
import { checkCheckout } from './simulant-lint.ts';

const root = join(import.meta.dirname, '..');

interface Result {
  ok: boolean;
  output: string;
}

/** Runs a JavaScript program of node_modules under the Node this runs under. */
function program(path: string, ...argv: string[]): () => Promise<Result> {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(root, 'node_modules', path), ...argv], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
      child.on('error', reject);
      child.on('close', (code) => resolve({ ok: code === 0, output }));
    });
}

/** A check of ours that returns one line per violation. */
function own(check: (root: string) => string[]): () => Promise<Result> {
  return async () => {
    const problems = check(root);
    return { ok: problems.length === 0, output: problems.map((line) => `${line}\n`).join('') };
  };
}

const steps: Record<string, () => Promise<Result>> = {
  types: program('typescript/bin/tsc', '-b'),
  'types of tools': program('typescript/bin/tsc', '-p', 'tools'),
  'lint and format': program('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--max-diagnostics=200'),
  'unused code': program('knip/bin/knip.js', '--no-progress', '--no-config-hints'),
  arrows: own(checkArrows),
  rules: own(checkTree),
  'lock file': own(checkLock),
  simulants: own(checkCheckout),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in steps));
if (unknown.length > 0) {
  process.stderr.write(`check: unknown step ${unknown.join(', ')}; there are: ${Object.keys(steps).join(', ')}\n`);
  process.exit(2);
}

const count = { passed: 0, failed: 0 };
await Promise.all(
  Object.entries(steps)
    .filter(([name]) => asked.length === 0 || asked.includes(name))
    .map(async ([name, run]) => {
      const begun = performance.now();
      const { ok, output } = await run();
      count[ok ? 'passed' : 'failed'] += 1;
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n${ok ? '' : `${output.trimEnd()}\n\n`}`);
    }),
);
process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
process.exitCode = count.failed === 0 ? 0 : 1;
