import type { Deadlines, Phase } from '@assay/kernel';
import { boxDirectory, type HookConfig, type Mount } from '@assay/sandbox';
import { driverHost } from '../driver.ts';
import type { DriverInput } from './inside/drive.ts';
import { executeLoad, type Plan, planSteps } from './plan.ts';
import type { NpmSession } from './session.ts';
import type { Subject } from './subject.ts';
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
  hook?: Partial<HookConfig>;
  /** What the driver should say it loaded, the package itself first: `require name`. */
  loads?: string[];
  /** Earlier than the phase's own. */
  deadlineMs?: number;
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

const quietMs = 120;
const loadMs = 10_000;

/** Loads the package in every way its manifest offers, then starts its programs. */
export function importSteps(subject: Subject, session: NpmSession, deadlines: Deadlines): PhaseStep[] {
  const plan = planOf(subject);
  const loads = plan.loads.map((load, index) =>
    driverStep('import', `import ${index + 1} (${load.mode})`, session, {
      ...common(subject, session, deadlines.importMs),
      mode: load.mode,
      specifiers: load.specifiers,
    }),
  );
  const bins = plan.bins
    .filter(({ argv }) => argv.includes('--help'))
    .map(
      (bin): PhaseStep => ({
        phase: 'import',
        name: `bin ${bin.name} ${bin.argv.join(' ')}`.trim(),
        // Through a shell: a program that is not there, or has no interpreter, is the package's own failure. npm makes no link
        // for folders of programs that only the archive's manifest names.
        argv: [
          'sh',
          '-c',
          startBin,
          `node_modules/.bin/${bin.name}`,
          `node_modules/${subject.name}/${bin.path}`,
          ...bin.argv,
        ],
        mounts: [],
        runsPackageCode: true,
        mayFail: true,
        deadlineMs: binDeadlineMs,
      }),
    );
  return [...loads, ...bins];
}

/** Calls what the package exports, decoy keys among the arguments. */
export function executeSteps(subject: Subject, session: NpmSession, deadlines: Deadlines): PhaseStep[] {
  const load = executeLoad(planOf(subject), maxExecuted);
  if (load === undefined) return [];
  const canaries = session.decoys
    .filter(({ kind }) => kind === 'api_argument')
    .map(({ id, values }) => ({ id, values: [...values] }));
  return [
    driverStep('execute', 'execute', session, {
      ...common(subject, session, deadlines.executeMs),
      // Code that waits for a browser is loaded once more with its globals, and then used: once per run is enough.
      browser: true,
      mode: load.mode,
      specifiers: load.specifiers,
      execute: {
        canaries,
        host: driverHost,
        addresses: {
          ethereum: '0x00000000000000000000000000000000DeCaFBaD',
          bitcoin: '1BoatSLRHtKNngkdXEeobR76b53LETtpyT',
        },
        callMs: 1_000,
        awaitMs: 300,
        maxCalls: 150,
      },
    }),
  ];
}

const maxExecuted = 3;
const binDeadlineMs = 5_000;

function planOf({ archive }: Subject): Plan {
  return planSteps(archive.manifest.manifest, [...archive.files.keys()]);
}

function common(subject: Subject, session: NpmSession, budgetMs: number): Omit<DriverInput, 'mode' | 'specifiers'> {
  const clipboard = session.decoys.find(({ kind }) => kind === 'clipboard');
  const store = clipboard?.files.find(({ path }) => path.endsWith('/selection'));
  return {
    package: subject.name,
    browser: false,
    loadMs,
    quietMs,
    budgetMs: Math.floor(budgetMs * 0.8),
    ...(clipboard === undefined || store === undefined
      ? {}
      : { clipboard: { text: clipboard.value, file: `${session.persona.home}/${store.path}` } }),
  };
}

/** A consumer whose `index.js` is the driver. */
function driverStep(phase: 'import' | 'execute', name: string, session: NpmSession, input: DriverInput): PhaseStep {
  const main = `${session.project}/index.js`;
  return {
    phase,
    name,
    argv: ['node', 'index.js'],
    mounts: [{ source: `${boxDirectory}/app/inside/${phase}.cjs`, target: main }],
    runsPackageCode: true,
    loads: input.specifiers.map((specifier) => `${input.mode} ${specifier}`),
    hook: { driver: main, input, shorten: { overMs: 1_500, toMs: 100 } },
  };
}

const startBin = 'program=$0; [ -e "$program" ] || program=$1; shift; exec "$program" "$@"';
