import type { Bag, Part } from './kit.ts';

/**
 * Worker threads. A worker repeats the `--require` of its parent unless it is given an environment or options of its own;
 * then the hook is put in front of those. The configuration travels as environment data of the thread, which only code that
 * knows its key can ask for, and is taken away again before code of the package runs.
 */
const installWorkers: Part = (kit) => {
  const { p, runtime } = kit;
  const injectedOption = `--require ${runtime.hookPath}`;

  kit.whenLoaded('worker_threads', (threads) => {
    const share = p.get(threads, 'setEnvironmentData');

    function prepared(options: unknown): object {
      const given = (typeof options === 'object' && options !== null ? options : {}) as Bag;
      const copy: Bag = { ...given };
      const env = given.env;
      if (typeof env === 'object' && env !== null && !p.isArray(given.execArgv)) {
        const nodeOptions = p.get(env, 'NODE_OPTIONS');
        copy.env = {
          ...env,
          NODE_OPTIONS: typeof nodeOptions === 'string' ? `${injectedOption} ${nodeOptions}` : injectedOption,
        };
      }
      if (p.isArray(given.execArgv)) {
        const execArgv = ['--require', runtime.hookPath];
        for (let i = 0; i < given.execArgv.length; i++) p.push(execArgv, given.execArgv[i]);
        copy.execArgv = execArgv;
      }
      if (given.workerData === runtime.process.env) copy.workerData = { ...runtime.process.env };
      return copy;
    }

    kit.observeConstructor(
      threads,
      'Worker',
      (args) => {
        const evaluates = typeof args[1] === 'object' && args[1] !== null && p.get(args[1], 'eval') === true;
        const text = p.string(args[0]);
        kit.call('Worker', text, evaluates ? { bytes: p.byteLength(text), sha256: kit.digest(text) } : {});
        p.apply(share, threads, [runtime.variable, p.stringify(kit.config)]);
        return [args[0], prepared(args[1]), args[2]];
      },
      () => p.apply(share, threads, [runtime.variable, undefined]),
    );
  });
};

module.exports = installWorkers;
