import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, TestRunEndReason } from 'vitest/node';

export interface Count {
  passed: number;
  failed: number;
}

/** What counting reads of one test module; vitest's `TestModule` is one. */
export interface CountedModule {
  ok(): boolean;
  children: { allTests(): Iterable<{ result(): { state: string } }> };
}

/**
 * Counts a run so that nothing which went wrong is lost: a module that failed without a failing test (it did not load, or
 * a hook threw), an error outside any test and a run that was cut short each count as one failure. So does a test that
 * did not run: nothing here may be skipped.
 */
export function countRun(modules: Iterable<CountedModule>, errorCount: number, interrupted: boolean): Count {
  const count = { passed: 0, failed: errorCount + (interrupted ? 1 : 0) };
  for (const module of modules) {
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      if (test.result().state === 'passed') count.passed += 1;
      else failedHere += 1;
    }
    count.failed += failedHere === 0 && !module.ok() ? 1 : failedHere;
  }
  return count;
}

/** Writes the count to the file named by `ASSAY_TEST_COUNT`, for tools/test.ts. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[], reason: TestRunEndReason): void {
    const path = process.env.ASSAY_TEST_COUNT;
    if (path === undefined) throw new Error('ASSAY_TEST_COUNT is not set: start the tests with npm test');
    writeFileSync(path, JSON.stringify(countRun(modules, errors.length, reason === 'interrupted')));
  }
}
