/**
 * Joins the built command line with its libraries into few files: what takes 300 ms to load as 700 modules takes a fraction of
 * it. Programs that are started by path (the sinkhole, what is mounted inside the sandbox) stay where tsc put them.
 *
 * *Input:* `apps/cli/dist/main.js`. *Output:* `apps/cli/dist/bundle/`.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const cli = join(import.meta.dirname, '../apps/cli/dist');
const bundle = join(cli, 'bundle');

const build = await rolldown({
  input: {
    main: join(cli, 'main.js'),
    'static-worker': join(cli, '../../../packages/behaviour/dist/static-worker.js'),
  },
  platform: 'node',
  // Loaded only when a registry is asked for something new, from where npm put them: they find their own files by path.
  external: [/^npm-registry-fetch/, /^npm$/, /^npm\//],
  onLog(level, log, handler) {
    // eval in a dependency's own feature detection.
    if (log.code !== 'EVAL') handler(level, log);
  },
});
await rm(bundle, { recursive: true, force: true });
await build.write({
  dir: bundle,
  format: 'esm',
  sourcemap: false,
  minify: false,
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await build.close();
