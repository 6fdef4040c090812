// SPDX-License-Identifier: Apache-2.0
// Exits 0 when node_modules holds exactly what package-lock.json asks for, 1 when `npm ci` is needed. Plain JavaScript:
// any Node >= 20 runs it before the pinned one exists.
//
// npm writes node_modules/.package-lock.json as the last act of an installation and removes it with the first, so a
// killed `npm ci` or one of another lock file does not pass. Packages of other platforms are optional and may be absent.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Is the installed tree the locked one?
 *
 * *Shape:* both are npm lock files of version 3; `installed` is npm's hidden one, without the root entry.
 */
function isInstalled(locked, installed) {
  const wanted = Object.entries(locked.packages ?? {}).filter(([path]) => path !== '');
  for (const [path, entry] of wanted) {
    const found = installed.packages?.[path];
    if (found === undefined) {
      if (entry.optional === true || entry.devOptional === true || entry.peer === true) continue;
      return false;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false;
  }
  return Object.keys(installed.packages ?? {}).every((path) => path in locked.packages);
}

const root = process.argv[2] ?? '.';
const hidden = join(root, 'node_modules', '.package-lock.json');
if (!existsSync(hidden)) process.exit(1);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
process.exit(isInstalled(read(join(root, 'package-lock.json')), read(hidden)) ? 0 : 1);
