import { defineConfig } from 'vitest/config';

const everywhere = '{packages/*,apps/*,testing,bench,tools}';
const resolve = { conditions: ['source'] };

/**
 * Two projects, one after the other. `unit`: pure and in-process, many at once and without isolation, which is what
 * makes hundreds of files quick (so no test may leave global state behind). `sandbox`: real namespaces and child
 * processes, each file in a process of its own.
 */
export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [`${everywhere}/**/*.test.ts`],
          exclude: ['**/node_modules/**', '**/dist/**', '**/testdata/**', '**/*.sandbox.test.ts'],
          pool: 'threads',
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'sandbox',
          include: [`${everywhere}/**/*.sandbox.test.ts`],
          exclude: ['**/node_modules/**', '**/dist/**', '**/testdata/**'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
