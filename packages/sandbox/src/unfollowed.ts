import { closeSync, constants, openSync } from 'node:fs';

/** Not among Node's constants. *Source:* open(2), asm-generic/fcntl.h. */
const pathOnly = 0o10000000;

/**
 * Opens a file that hostile code may have put there, for reading, without following a link at any place of its path: a link
 * that is exchanged between two looks would lead to the files of whoever started us. Never waits on a pipe.
 *
 * *Shape:* `file` is absolute and normal; the link `/proc/<pid>/root` at its beginning is the one that is followed. The
 * caller closes the descriptor. *Errors:* those of open(2): ELOOP and ENOTDIR for a link, ENOENT.
 */
export function openUnfollowed(file: string): number {
  const [, base = '', rest = ''] = /^(\/proc\/\d+\/root)?\/(.*)$/.exec(file) ?? [];
  const names = rest.split('/');
  const last = names.pop() ?? '';
  let folder = openSync(`${base}/`, pathOnly | constants.O_DIRECTORY);
  try {
    for (const name of names) {
      if (name === '..') throw new RangeError('the path is not normal');
      const next = openSync(`/proc/self/fd/${folder}/${name}`, pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      closeSync(folder);
      folder = next;
    }
    return openSync(
      `/proc/self/fd/${folder}/${last}`,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } finally {
    closeSync(folder);
  }
}
