import type { Phase } from '@assay/kernel';
import { boxDirectory, type Mount } from '@assay/sandbox';
import type { Toolchain } from './toolchain.ts';
import { npmDirectory } from './toolchain.ts';

/** One command of a phase: what is started, with what beside the usual surroundings. */
export interface PhaseStep {
  phase: Phase;
  name: string;
  argv: string[];
  mounts: Mount[];
  /** Package code runs (as opposed to the package manager alone). */
  runsPackageCode: boolean;
}

const npm = '/usr/local/lib/node_modules/npm/bin/npm-cli.js';

/** First half of the installation: the real package manager fetches and extracts the tree and starts no script. */
export function extractTree(spec: string, npmCache: string): PhaseStep {
  return {
    phase: 'install',
    name: 'extract',
    argv: ['node', npm, 'install', spec, '--ignore-scripts', '--cache', npmCache],
    mounts: [{ source: `${boxDirectory}/npm-cache`, target: npmCache, writable: true }],
    runsPackageCode: false,
  };
}

/**
 * Second half: life-cycle scripts of the whole tree, with npm's own code, under the command line that a person would have
 * typed. See `inside/install-hooks.cts` for why this equals one real `npm install`.
 */
export function runHooks(spec: string, toolchain: Toolchain, driver: string): PhaseStep {
  return {
    phase: 'install',
    name: 'hooks',
    argv: ['node', npm, 'install', spec],
    mounts: [{ source: toolchain.inBox(driver), target: `${npmDirectory}/lib/commands/install.js` }],
    runsPackageCode: true,
  };
}
