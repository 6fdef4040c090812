import type { Parts } from './drive.ts';

/**
 * Driver of the import phase: `index.js` of a consumer that loads the package, every way it can be loaded, and does nothing
 * else. One process per way of loading, so that what `require` left in the caches cannot stand in for what `import` would do.
 *
 * It obeys a package that ends the process, as a consumer would, and says what was not tried.
 */
declare const PARTS: Parts;

{
  const taken = (process as unknown as { _driver?: Parameters<Parts['world']>[0] })._driver;
  delete (process as unknown as { _driver?: unknown })._driver;
  const world = PARTS.world(taken);
  const { handle, input } = world;
  const describe = PARTS.failure(world);
  const clipboard = PARTS.clipboard(world);
  const settle = PARTS.settle(world);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      const { detail, ...facts } = describe(error);
      handle.step('later', 'threw', detail, facts);
    });
  }
  let hasExited = false;
  handle.onExit(() => {
    hasExited = true;
    return false;
  });
  world.atEnd(() => {
    clipboard.compare();
    // An exit code that the package only set is not ours: the driver did its work.
    if (!hasExited) process.exitCode = 0;
  });
  const importer = (specifier: string): Promise<unknown> => import(specifier);
  const load = PARTS.loading(world, describe, require, importer);
  const again = PARTS.again(world, describe, require, importer);

  async function drive(): Promise<void> {
    if (input.browserFirst === true) PARTS.browser(world, clipboard, PARTS.document());
    await load();
    handle.checkpoint('import');
    if (input.browser && input.browserFirst !== true && again.isWorthwhile()) {
      await settle.quiet();
      PARTS.browser(world, clipboard, PARTS.document());
      await again.all();
    }
    settle.end();
  }

  void drive().catch((error: unknown) => {
    handle.step('driver', 'threw', describe(error).detail);
    world.end(0);
  });
}
