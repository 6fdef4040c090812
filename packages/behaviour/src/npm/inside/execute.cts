import type { Browser, Parts } from './drive.ts';

/**
 * Driver of the execute phase: `index.js` of a consumer that loads the package, uses shared functions around it, calls what
 * it exports with generated arguments, decoy keys among them, and uses shared functions again if the calls replaced any.
 *
 * A package that ends the process is recorded and not obeyed.
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
  world.atEnd(() => {
    clipboard.compare();
    // An exit code that the package set is not ours: the driver did its work.
    process.exitCode = 0;
  });
  handle.onExit(() => true);
  const importer = (specifier: string): Promise<unknown> => import(specifier);
  const load = PARTS.loading(world, describe, require, importer);
  const again = PARTS.again(world, describe, require, importer);

  async function drive(): Promise<void> {
    const { execute } = input;
    const install = (): Browser => PARTS.browser(world, clipboard, PARTS.document());
    const browser = input.browserFirst === true ? install() : undefined;
    const exercise = execute === undefined ? undefined : PARTS.exercise(world, execute);
    const loaded = await load();
    handle.checkpoint('import');
    await exercise?.around(browser);
    const patches = handle.patches();
    if (execute !== undefined) await PARTS.calls(world, describe, execute, PARTS)(loaded);
    handle.checkpoint('execute');
    if (handle.patches() > patches && world.left() > 0) await exercise?.around(browser);
    if (input.browser && browser === undefined && again.isWorthwhile()) {
      await settle.quiet();
      const late = install();
      await again.all();
      await exercise?.browser(late);
    }
    exercise?.close();
    handle.onExit(() => false);
    settle.end();
  }

  void drive().catch((error: unknown) => {
    handle.step('driver', 'threw', describe(error).detail);
    world.end(0);
  });
}
