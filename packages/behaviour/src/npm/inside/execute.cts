import type { Parts } from './drive.ts';

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
  const browser = input.browser ? PARTS.browser(world, clipboard, PARTS.document()) : undefined;
  const settle = PARTS.settle(world);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      const { detail, ...facts } = describe(error);
      handle.step('later', 'threw', detail, facts);
    });
  }
  world.atEnd(clipboard.compare);
  handle.onExit(() => true);
  const load = PARTS.loading(world, describe, require, (specifier) => import(specifier));

  async function drive(): Promise<void> {
    const execute = input.execute;
    const exercise = execute === undefined ? undefined : PARTS.exercise(world, execute, browser);
    const loaded = await load();
    handle.checkpoint('import');
    await exercise?.();
    const patches = handle.patches();
    if (execute !== undefined) await PARTS.calls(world, describe, execute, PARTS)(loaded);
    handle.checkpoint('execute');
    if (handle.patches() > patches && world.left() > 0) await exercise?.();
    handle.onExit(() => false);
    await settle();
  }

  void drive().catch((error: unknown) => {
    handle.step('driver', 'threw', describe(error).detail);
    world.end(0);
  });
}
