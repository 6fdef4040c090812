import type { Again, Describe, Importer, World } from './drive.ts';

/**
 * Loads the package a second time, when fake browser globals are there: code that waits for a window, a wallet or a clipboard
 * did nothing the first time. Modules that are not the package's or its dependencies' stay loaded.
 *
 * *Limits:* of ES modules only the entry runs again; where more is wanted, a process of its own has the globals from the start
 * (`browserFirst`).
 */
function makeAgain(world: World, describe: Describe, load: NodeJS.Require, importer: Importer): Again {
  const { handle, input, left, within, turn } = world;
  const fs = require('node:fs') as typeof import('node:fs');
  const { pathToFileURL } = require('node:url') as typeof import('node:url');
  const maxBytes = 4 * 1024 * 1024;
  /** Matches what only makes sense in a browser, plain or as a property name; a mere `window` counts in small packages only. */
  const strong = /\bethereum\b|\bclipboard\b|\bXMLHttpRequest\b|\bsolana\b|\bphantom\b/;
  const weak = /\bwindow\b|\bdocument\b/;
  const maxWeakBytes = 256 * 1024;

  function packageFiles(): string[] {
    return handle.files().filter((file) => file.includes('/node_modules/'));
  }

  async function one(specifier: string): Promise<void> {
    const step = `browser ${input.mode} ${specifier}`;
    try {
      if (input.mode === 'require') load(specifier);
      else {
        const entry = packageFiles().find((file) => file.includes(`/node_modules/${input.package}/`));
        if (entry === undefined) return;
        await within(importer(`${pathToFileURL(entry).href}?browser`), Math.min(input.loadMs, left()), undefined);
      }
      handle.step(step, 'ok', 'with browser globals');
    } catch (error) {
      const { detail, ...facts } = describe(error);
      handle.step(step, 'threw', detail, facts);
    }
  }

  return {
    isWorthwhile: () =>
      handle.silently(() => {
        let bytes = 0;
        let isStrong = false;
        let isWeak = false;
        for (const file of packageFiles()) {
          let text = '';
          try {
            text = fs.readFileSync(file, 'utf8');
          } catch {
            // Taken away since it was loaded: it cannot be loaded again either.
          }
          bytes += text.length;
          isStrong ||= strong.test(text);
          isWeak ||= weak.test(text);
          if (bytes > maxBytes) return false;
        }
        return isStrong || (isWeak && bytes < maxWeakBytes);
      }),
    async all() {
      for (const file of Object.keys(require.cache)) {
        if (file.includes('/node_modules/')) handle.silently(() => delete require.cache[file]);
      }
      for (const specifier of input.mode === 'require' ? input.specifiers : input.specifiers.slice(0, 1)) {
        if (left() <= 0) return;
        await one(specifier);
        await turn();
      }
      handle.checkpoint('browser');
    },
  };
}

module.exports = makeAgain;
