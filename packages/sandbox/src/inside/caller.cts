import type { Frame, Primordials, Runtime } from './kit.ts';

/**
 * Who called: the nearest stack frame that is neither the runtime's own nor the hook's. The hook is compiled under a
 * `node:internal/` name, so both are told by their name. Frames come from `util.getCallSites`, which package code can
 * influence neither through `Error.stackTraceLimit` nor through `Error.prepareStackTrace`.
 *
 * *Limits:* code that package code compiled under a name beginning with `node:` passes for the runtime's; `vm` calls record
 * the names they give.
 */
function makeCaller(p: Primordials, runtime: Runtime) {
  const isRuntime = (name: string): boolean => p.startsWith(name, 'node:');

  function place(frame: Frame): string {
    const { scriptName } = frame;
    const file =
      scriptName === '' ? '<eval>' : p.startsWith(scriptName, 'file://') ? p.slice(scriptName, 7) : scriptName;
    return `${file.length > 460 ? p.slice(file, 0, 460) : file}:${frame.lineNumber}:${frame.column}`;
  }

  function search(depth: number): { found: Frame | undefined; complete: boolean } {
    const frames = runtime.callSites(depth);
    let evaluated: Frame | undefined;
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i];
      if (frame === undefined || isRuntime(frame.scriptName)) continue;
      // Evaluated text has no name of its own: the file that evaluated it says more, if it is still on the stack.
      if (frame.scriptName !== '') return { found: frame, complete: true };
      evaluated ??= frame;
    }
    return { found: evaluated, complete: frames.length < depth };
  }

  function frame(): Frame | undefined {
    let result = search(12);
    if (!result.complete) result = search(100);
    return result.found;
  }

  return {
    frame,
    caller(): string | undefined {
      const found = frame();
      return found === undefined ? undefined : place(found);
    },
    calledByRuntime(): boolean {
      const frames = runtime.callSites(8);
      for (let i = 0; i < frames.length; i++) {
        const name = frames[i]?.scriptName;
        if (name !== undefined && name !== runtime.ownName) return isRuntime(name);
      }
      return true;
    },
    place,
  };
}

module.exports = makeCaller;
