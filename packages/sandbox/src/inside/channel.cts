import type { Bag, Channel, Primordials, Runtime } from './kit.ts';

/**
 * The way out: one line of at most 4096 bytes per record, appended with one system call (atomic on a pipe).
 *
 * Package code can close the descriptor, replace every function of `fs`, or fill the pipe. The native functions were captured
 * before it ran; before each line the descriptor is compared with the one that was opened, and opened again if it is
 * another's; a full pipe is waited for, and after that the line is lost and its number with it, which the reader sees.
 */
function openChannel(p: Primordials, runtime: Runtime, path: string): Channel | undefined {
  const maxLine = 4096;
  const deviceAt = 0;
  const inodeAt = 7;
  const fs = runtime.require('node:fs') as typeof import('node:fs');
  const { openSync, fstatSync, writeSync, constants } = fs;
  const { writeString, fstat } = runtime.binding('fs');
  let fd = -1;
  let device = -1;
  let inode = -1;
  let sequence = 0;
  let patienceMs = 2000;
  let ended = false;
  let reopened = 0;

  function isOurs(): boolean {
    try {
      const stat = p.apply(fstat, undefined, [fd, false, undefined, true]) as ArrayLike<number> | undefined;
      return stat?.[deviceAt] === device && stat[inodeAt] === inode;
    } catch {
      // EBADF in runtimes whose binding throws: the descriptor is gone.
      return false;
    }
  }

  function open(): boolean {
    try {
      // Without a reader this fails (ENXIO) instead of hanging: the process then runs unobserved, and no `start` line says so.
      fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
      const stat = fstatSync(fd);
      device = stat.dev;
      inode = stat.ino;
      return isOurs();
    } catch {
      // No channel: nothing can be said from here, and package code must run all the same.
      fd = -1;
      return false;
    }
  }

  function append(line: string): boolean {
    for (let waitedMs = 0; ; waitedMs += 1) {
      const context: { code?: string } = { __proto__: null } as never;
      try {
        p.apply(writeString, undefined, [fd, line, null, 'utf8', undefined, context]);
      } catch {
        // Another signature of the native function: the public one, captured as well, does the same.
        p.apply(writeSync, undefined, [fd, line]);
      }
      if (context.code === undefined) return true;
      if (context.code !== 'EAGAIN' || waitedMs >= patienceMs) break;
      p.pause(1);
    }
    // The reader is gone or hopelessly behind: later lines wait less, so that package code still gets on.
    patienceMs = p.min(patienceMs, 20);
    return false;
  }

  function render(record: Bag): string {
    const line = `${p.stringify(record)}\n`;
    if (p.byteLength(line) <= maxLine) return line;
    const detail = typeof record.detail === 'string' ? record.detail : '';
    const half = p.floor(detail.length / 2);
    if (half > 0) return render({ ...record, __proto__: null, detail: p.slice(detail, 0, half) } as Bag);
    return render({ ...record, __proto__: null, detail: '', caller: undefined } as Bag);
  }

  function write(record: Bag): boolean {
    if (ended) return false;
    sequence += 1;
    if (!isOurs()) {
      reopened += 1;
      if (reopened > 100 || !open()) return false;
    }
    const full = {
      __proto__: null,
      pid: runtime.pid,
      at: runtime.now(),
      seq: sequence,
      thread: runtime.thread,
      ...record,
    };
    try {
      return append(render(full as unknown as Bag));
    } catch {
      // EPIPE and the like: the gap in the numbers tells.
      return false;
    }
  }

  if (!open()) return undefined;
  return {
    write,
    end() {
      write({ kind: 'end', written: sequence + 1 });
      ended = true;
    },
  };
}

module.exports = openChannel;
