import type { Clipboard, World } from './drive.ts';

/**
 * The clipboard as the driver sees it: the text that was planted, what the fake browser's clipboard holds, and the file that
 * the clipboard's commands (`xclip`, `wl-copy` …) read and write. An address that became another one is said.
 */
function makeClipboard({ handle, input }: World): Clipboard {
  const fs = require('node:fs') as typeof import('node:fs');
  /** Matches `0x` and 40 hex digits, `bc1q…`, `1BoatSLRHtKNngkdXEeobR76b53LETtpyT`; not words. */
  const address = /\b(?:0x[0-9a-fA-F]{40}|(?:bc1|[13])[a-zA-Z0-9]{25,60})\b/;
  const stored = readStore();
  let held = input.clipboard?.text ?? '';
  let isSaid = false;

  function readStore(): string | undefined {
    const file = input.clipboard?.file;
    if (file === undefined) return undefined;
    try {
      return handle.silently(() => fs.readFileSync(file, 'utf8').slice(0, 4096));
    } catch {
      // No clipboard commands in these surroundings, or the package took the file away: nothing to compare.
      return undefined;
    }
  }

  function changed(before: string, after: string, caller: string | undefined): void {
    const from = address.exec(before)?.[0];
    const to = address.exec(after)?.[0];
    if (isSaid || from === undefined || to === undefined || after.includes(from)) return;
    isSaid = true;
    handle.call('driver.clipboard-swapped', `${from} became ${to}`, caller);
  }

  return {
    read: () => held,
    write(text, isOwn) {
      if (!isOwn) changed(held, text, handle.caller());
      held = text;
    },
    compare() {
      const now = readStore();
      if (stored !== undefined && now !== undefined && now !== stored) changed(stored, now, undefined);
    },
  };
}

module.exports = makeClipboard;
