import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { SandboxError } from './errors.ts';

/** System programs the sandbox is made of, as absolute host paths. */
export interface SystemTools {
  bwrap: string;
  strace: string;
  nsenter: string;
  unshare: string;
  setpriv: string;
  prlimit: string;
  taskset: string;
  sh: string;
  bash: string;
  ip: string;
  mount: string;
  /** Optional: without it raw connections to unusual ports are refused instead of answered. */
  nft?: string;
  /** Optional library: without it clocks cannot be shifted. */
  faketime?: string;
}

/** Debian package that brings each program. */
export const debianPackageOf: Record<keyof SystemTools, string> = {
  bwrap: 'bubblewrap',
  strace: 'strace',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  prlimit: 'util-linux',
  taskset: 'util-linux',
  sh: 'dash',
  bash: 'bash',
  ip: 'iproute2',
  mount: 'mount',
  nft: 'nftables',
  faketime: 'libfaketime',
};

export const systemDirectories = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

export const faketimeLibraries = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib64/faketime/libfaketimeMT.so.1',
  '/usr/lib/faketime/libfaketimeMT.so.1',
];

/**
 * Finds the system programs in fixed system directories: the caller's PATH could be steered by a project it stands in.
 *
 * *Errors:* `SandboxError` ISOLATION_UNAVAILABLE naming every missing package at once.
 */
export function findSystemTools(directories: readonly string[] = systemDirectories): SystemTools {
  const missing: (keyof SystemTools)[] = [];
  const find = (name: keyof SystemTools) => {
    const found = directories.map((directory) => path.join(directory, name)).find(isExecutable);
    if (found === undefined) missing.push(name);
    return found ?? '';
  };
  const tools: SystemTools = {
    bwrap: find('bwrap'),
    strace: find('strace'),
    nsenter: find('nsenter'),
    unshare: find('unshare'),
    setpriv: find('setpriv'),
    prlimit: find('prlimit'),
    taskset: find('taskset'),
    sh: find('sh'),
    bash: find('bash'),
    ip: find('ip'),
    mount: find('mount'),
  };
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((name) => debianPackageOf[name]))];
    throw new SandboxError(
      'ISOLATION_UNAVAILABLE',
      `the sandbox needs ${missing.join(', ')}, which this machine does not have; nothing was run. On Debian or Ubuntu: apt-get install ${packages.join(' ')}`,
      { missing, packages },
    );
  }
  const nft = directories.map((directory) => path.join(directory, 'nft')).find(isExecutable);
  const faketime = faketimeLibraries.find(isReadable);
  return { ...tools, ...(nft === undefined ? {} : { nft }), ...(faketime === undefined ? {} : { faketime }) };
}

function isExecutable(file: string): boolean {
  return allows(file, constants.X_OK);
}

function isReadable(file: string): boolean {
  return allows(file, constants.R_OK);
}

function allows(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    // Absent and unreadable are the same answer here: the caller names what is missing.
    return false;
  }
}
