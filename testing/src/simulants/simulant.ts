import type { Confidence, EventType, FindingPhase, RunId, Severity, VerdictLevel } from '@assay/kernel';
import type { BehaviourRow, NeighbourRow } from './rows.ts';

/** Bytes of a file; text may hold `{{now+90d}}`, which packing replaces by that instant (RFC 3339). */
export type SimulantFile = string | Uint8Array;

export interface SimulantPackage {
  /** Becomes `package.json`, unless `files` brings its own bytes for it. */
  manifest: { name: string; version: string } & Record<string, unknown>;
  /** By POSIX path inside the package. Files that begin with `#!` or an ELF header are packed executable. */
  files: Record<string, SimulantFile>;
  /** What the registry's document says for this version where it differs from the packed manifest. */
  packument?: Record<string, unknown>;
}

export type EvidenceType = EventType | 'signal';

export interface ExpectedFinding {
  id: string;
  severityAtLeast?: Severity;
  confidenceAtMost?: Confidence;
  /** Any of these. */
  phase?: readonly FindingPhase[];
  /** Whose finding it is; absent = the first package's. `any` = not asked. */
  package?: string;
  baseline?: 'new' | 'unchanged';
  /** Types that must occur among the cited evidence in this order; an inner list means any one of them. */
  evidenceTypes: readonly (EvidenceType | readonly EvidenceType[])[];
  /** Least number of events of the last type, folded counts included. */
  atLeast?: number;
  /** The cited events must come from one of these runs. */
  runs?: readonly RunId[];
}

export interface Expectation {
  findings: readonly ExpectedFinding[];
  /** Finding ids, or prefixes ending with a dot, that must not occur at any severity. */
  never: readonly string[];
  /** Highest severity per id that a neighbour may show; anything else above info is a false alarm. */
  allowed?: Readonly<Record<string, Severity>>;
  levelAtLeast?: VerdictLevel;
  levelAtMost?: VerdictLevel;
  /** The runs that show the behaviour; absent = r0. */
  runs?: readonly RunId[];
}

/**
 * One inert package (with what it needs) that shows a behaviour of the package-analysis contract §5, or its harmless look-alike.
 *
 * Safety, held by `tools/simulant-lint.mjs`: hosts only under `.invalid`, `.test` or documentation addresses; payloads are
 * markers; whatever reads secrets, starts programs or changes files outside its own folder first loads the latch, a package
 * that only the test registry has.
 */
export interface Simulant {
  id: string;
  row: BehaviourRow | NeighbourRow;
  /** Behaviours whose nearest benign neighbour this is (neighbours only). */
  near?: readonly BehaviourRow[];
  kind: 'positive' | 'neighbour' | 'evasion';
  /** How hard the text is to read: detection bars are set for plain and lightly obfuscated forms. */
  form: 'plain' | 'light' | 'heavy';
  /** The analysed package, then its dependencies. */
  packages: readonly [SimulantPackage, ...SimulantPackage[]];
  /** The version before the analysed one. */
  previous?: SimulantPackage;
  /** Submitted with the archive when it says something else than the manifest. */
  purl?: string;
  expect: Expectation;
  note: string;
}

export const latchName = '@assay-simulant/latch';

/** Present only in the test registry: a simulant that is installed anywhere else stops at its first line. */
export const latch: SimulantPackage = {
  manifest: {
    name: latchName,
    version: '1.0.0',
    description: 'Arms inert simulants.',
    license: 'Apache-2.0',
    main: 'index.js',
  },
  files: { 'index.js': "'use strict';\nmodule.exports = true;\n" },
};

export const latchLine = `require('${latchName}');`;
export const latchCommand = `node -e "${latchLine}" && `;

type Part = string | number;

/** Source text without its common indentation; backslashes stay as written. */
export function text(strings: TemplateStringsArray, ...values: Part[]): string {
  const lines = String.raw(strings, ...values)
    .replace(/^\n/, '')
    .trimEnd()
    .split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)?.[0].length ?? 0);
  const common = Math.min(...indents);
  return `${lines.map((line) => line.slice(common)).join('\n')}\n`;
}

/** CommonJS that stops without the latch. */
export function armed(strings: TemplateStringsArray, ...values: Part[]): string {
  return `${latchLine}\n${text(strings, ...values)}`;
}

/** An ES module that stops without the latch. */
export function armedModule(strings: TemplateStringsArray, ...values: Part[]): string {
  return `import '${latchName}';\n${text(strings, ...values)}`;
}

const harmless = text`
  'use strict';
  module.exports = function columns(rows) {
    return Array.from(rows ?? [], String).join('  ');
  };
`;

/**
 * A package `simulant-<name>` 1.0.1 with a manifest, a harmless `index.js` unless given, and the latch among its
 * dependencies when its files or scripts load it.
 */
export function pkg(
  name: string,
  files: Record<string, SimulantFile>,
  manifest: Record<string, unknown> = {},
  packument?: Record<string, unknown>,
): SimulantPackage {
  const all =
    'index.js' in files || 'main' in manifest || 'exports' in manifest ? files : { 'index.js': harmless, ...files };
  const loads = [...Object.values(all), JSON.stringify(manifest.scripts ?? {})].some(
    (content) => typeof content === 'string' && content.includes(latchName),
  );
  const dependencies = {
    ...(manifest.dependencies as Record<string, string> | undefined),
    ...(loads ? { [latchName]: '1.0.0' } : {}),
  };
  return {
    manifest: {
      name: name.startsWith('@') ? name : `simulant-${name}`,
      version: '1.0.1',
      description: 'Aligns rows of text.',
      license: 'Apache-2.0',
      ...('exports' in manifest ? {} : { main: 'index.js' }),
      ...manifest,
      ...(Object.keys(dependencies).length === 0 ? {} : { dependencies }),
    },
    files: all,
    ...(packument === undefined ? {} : { packument }),
  };
}

/** A package whose postinstall is `node setup.js`. */
export function hooked(name: string, setup: string, files: Record<string, SimulantFile> = {}): SimulantPackage {
  return pkg(name, { ...files, 'setup.js': setup }, { scripts: { postinstall: 'node setup.js' } });
}

/** The same package under a name and version of its own, for rows that are about names. */
export function called(name: string, version: string, of: SimulantPackage): SimulantPackage {
  return { ...of, manifest: { ...of.manifest, name, version } };
}

type Steps = ExpectedFinding['evidenceTypes'];

export function finding(
  id: string,
  severityAtLeast: Severity,
  evidenceTypes: Steps,
  more: Partial<ExpectedFinding> = {},
): ExpectedFinding {
  return { id, severityAtLeast, evidenceTypes, ...more };
}

export function fires(
  levelAtLeast: VerdictLevel,
  findings: readonly ExpectedFinding[],
  more: Partial<Expectation> = {},
): Expectation {
  return { findings, never: [], levelAtLeast, ...more };
}

/** What a benign neighbour must not show; it stays benign unless said otherwise. */
export function quiet(never: readonly string[], more: Partial<Expectation> = {}): Expectation {
  return { findings: [], never, levelAtMost: 'benign', ...more };
}
