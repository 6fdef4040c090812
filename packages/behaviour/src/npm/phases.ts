import type { Phase } from '@assay/kernel';
import type { Mount } from '@assay/sandbox';
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
  /** A bin that ends with an error is the package's own business. */
  mayFail?: boolean;
  /** Further configuration of the runtime hook. */
  hook?: { driver?: string; shorten?: { overMs: number; toMs: number } };
}

const npm = '/usr/local/lib/node_modules/npm/bin/npm-cli.js';

/** First half of the installation: the real package manager fetches and extracts the tree and starts no script. */
export function extractTree(spec: string, cache: Mount): PhaseStep {
  return {
    phase: 'install',
    name: 'extract',
    argv: ['node', npm, 'install', spec, '--ignore-scripts'],
    mounts: [cache],
    runsPackageCode: false,
  };
}

/**
 * Second half: life-cycle scripts of the whole tree, with npm's own code, under the command line that a person would have
 * typed. See `inside/install-hooks.cts` for why this equals one real `npm install`.
 */
export function runHooks(spec: string, toolchain: Toolchain): PhaseStep {
  return {
    phase: 'install',
    name: 'hooks',
    argv: ['node', npm, 'install', spec],
    mounts: [{ source: toolchain.installHooks, target: `${npmDirectory}/lib/commands/install.js` }],
    runsPackageCode: true,
  };
}

export function importSteps(subject: { name: string }, _session: unknown, _toolchain: Toolchain): PhaseStep[] {
  return [
    {
      phase: 'import',
      name: 'import',
      argv: [
        'node',
        '-e',
        `import(${JSON.stringify(subject.name)}).then(() => {}, (e) => { console.error(e); process.exit(1) })`,
      ],
      mounts: [],
      runsPackageCode: true,
    },
  ];
}

export function executeSteps(_subject: { name: string }, _session: unknown, _toolchain: Toolchain): PhaseStep[] {
  return [];
}
