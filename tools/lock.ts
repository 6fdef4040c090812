// SPDX-License-Identifier: Apache-2.0
// `npm run lock`: completes package-lock.json after an npm install.
//
// Some tools bring one package per platform, as optional dependencies. npm leaves those out of a new lock file that the
// registry at hand does not have, and then refuses that same lock file in `npm ci` ("Missing: … from lock file"). With an
// entry that says for which platform it is, npm passes over it everywhere else. *Seen:* npm 10.8 and 11.19.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Locked {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface LockFile {
  packages: Record<string, Locked>;
}

interface Gap {
  /** Path of the package that asks, as in the lock file. */
  from: string;
  name: string;
  range: string;
}

/** Optional dependencies that a lock file asks for and does not list. */
export function findGaps(lock: LockFile): Gap[] {
  return Object.entries(lock.packages).flatMap(([from, { optionalDependencies }]) =>
    Object.entries(optionalDependencies ?? {})
      .filter(([name]) => !resolves(lock, from, name))
      .map(([name, range]) => ({ from, name, range })),
  );
}

/** Node's own walk: the nearest node_modules upwards that has it. */
function resolves(lock: LockFile, from: string, name: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in lock.packages) return true;
    if (at === '') return false;
  }
}

/**
 * Adds an entry for each gap, at the top level, where npm would have put it.
 *
 * *Errors:* throws when a gap asks for a range or names no platform: only the registry can answer that.
 */
export function completeLock(lock: LockFile): LockFile {
  const added = findGaps(lock).map(({ from, name, range }): [string, Locked] => {
    const platform = platformOf(name);
    if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range) || platform === undefined) {
      throw new Error(`package-lock.json: ${from} wants ${name}@${range}, which cannot be told without the registry`);
    }
    const dev = lock.packages[from]?.dev === true ? { dev: true } : {};
    return [`node_modules/${name}`, { version: range, ...platform, ...dev, optional: true }];
  });
  const { '': top, ...rest } = { ...lock.packages, ...Object.fromEntries(added) };
  const sorted = Object.entries(rest).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: { ...(top === undefined ? {} : { '': top }), ...Object.fromEntries(sorted) } };
}

/** Platform from a name like `@scope/binding-linux-arm64-musl`, in npm's words; undefined when it names none. */
export function platformOf(name: string): Pick<Locked, 'os' | 'cpu' | 'libc'> | undefined {
  const words = name.split(/[-/]/);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  if (os === undefined || cpu === undefined) return undefined;
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : '';
  return { os: [os], cpu: [cpu], ...(os === 'linux' && libc !== '' ? { libc: [libc] } : {}) };
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** For `npm run check`: what `npm ci` on a fresh machine would refuse. */
export function checkLock(root: string): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
  return findGaps(lock).map(
    ({ from, name, range }) => `package-lock.json: ${from} wants ${name}@${range}, which is not listed: npm run lock`,
  );
}

if (import.meta.main) {
  const file = join(import.meta.dirname, '..', 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as LockFile;
  const gaps = findGaps(lock).length;
  if (gaps > 0) writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  process.stdout.write(`package-lock.json: ${gaps} entries added\n`);
}
