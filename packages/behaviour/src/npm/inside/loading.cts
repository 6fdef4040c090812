import type { Describe, Importer, Loaded, World } from './drive.ts';

/** Loads a package as a consumer does, each way of loading a step of its own. */
function makeLoading(
  world: World,
  describe: Describe,
  load: NodeJS.Require,
  importer: Importer,
): () => Promise<Loaded[]> {
  const { handle, input, left, within, turn, atEnd } = world;

  function shapeOf(exports: unknown): string {
    try {
      const isObject = (typeof exports === 'object' && exports !== null) || typeof exports === 'function';
      return `${exports === null ? 'null' : typeof exports}, ${isObject ? Reflect.ownKeys(exports).length : 0} keys`;
    } catch {
      // A proxy of the package that refuses to list its keys.
      return typeof exports;
    }
  }

  async function one(specifier: string): Promise<Loaded | undefined> {
    const step = `${input.mode} ${specifier}`;
    if (left() <= 0) {
      handle.step(step, 'skipped', 'the time for loading was over');
      return undefined;
    }
    try {
      let exports: unknown;
      if (input.mode === 'require') exports = load(specifier);
      else {
        const late = {};
        exports = await within(importer(specifier), Math.min(input.loadMs, left()), late);
        if (exports === late) {
          handle.step(step, 'timeout', 'its top-level code was still waiting');
          return undefined;
        }
      }
      handle.step(step, 'ok', shapeOf(exports));
      return { specifier, exports };
    } catch (error) {
      const { detail, ...facts } = describe(error);
      handle.step(step, 'threw', detail, facts);
      return undefined;
    }
  }

  return async () => {
    const loaded: Loaded[] = [];
    let pending = [...input.specifiers];
    atEnd(() => {
      for (const specifier of pending.slice(0, 50))
        handle.step(`${input.mode} ${specifier}`, 'skipped', 'the process ended before');
    });
    for (const [index, specifier] of input.specifiers.entries()) {
      const result = await one(specifier);
      pending = input.specifiers.slice(index + 1);
      if (result !== undefined) loaded.push(result);
      // What the module left for the next turn of the loop runs before the next one is loaded: the order stays the same.
      await turn();
    }
    return loaded;
  };
}

module.exports = makeLoading;
