import { expect, it } from 'vitest';
import { type CountedModule, countRun } from './count-reporter.ts';

const module = (ok: boolean, ...states: string[]): CountedModule => ({
  ok: () => ok,
  children: { allTests: () => states.map((state) => ({ result: () => ({ state }) })) },
});

it('a module that failed to load counts as one failure', () => {
  expect(countRun([module(true, 'passed', 'passed'), module(false)], 0, false)).toEqual({ passed: 2, failed: 1 });
});

it('a failing test counts once, not again for its module', () => {
  expect(countRun([module(false, 'failed', 'passed')], 0, false)).toEqual({ passed: 1, failed: 1 });
});

it('a test that did not run counts as failed', () => {
  expect(countRun([module(true, 'skipped', 'pending')], 0, false)).toEqual({ passed: 0, failed: 2 });
});

it('an error outside any test and an interrupted run count', () => {
  expect(countRun([module(true, 'passed')], 2, true)).toEqual({ passed: 1, failed: 3 });
});
