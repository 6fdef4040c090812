import type { Persona } from '../persona.ts';
import { cloudDecoys } from './cloud-credentials.ts';
import { desktopDecoys } from './desktop-secrets.ts';
import { forgeDecoys } from './forge-credentials.ts';
import { identityDecoys } from './host-identity.ts';
import type { Canary } from './needles.ts';
import type { RandomSource } from './random.ts';

/** Kinds of package-analysis contract §3, `canaries[]`. */
export const decoyKinds = [
  'npm_token',
  'pypi_token',
  'git_token',
  'ssh_key',
  'aws',
  'gcp',
  'azure',
  'kube',
  'docker',
  'netrc',
  'dotenv',
  'env_token',
  'browser_profile',
  'wallet',
  'clipboard',
  'shell_history',
  'cloud_metadata',
  'ai_config',
  'vscode_secret',
  'api_argument',
  'host_identity',
] as const;
export type DecoyKind = (typeof decoyKinds)[number];

/** A file to lay out. `path` is relative to the persona's home, or absolute as seen inside the sandbox. */
export type PlantedFile = { path: string; content: string | Uint8Array; mode: number };

export type Decoy = {
  id: string;
  kind: DecoyKind;
  /** Where it lies, in report form: `~/.npmrc`, `env:NPM_TOKEN`, `metadata service`. */
  location: string;
  /** The text whose appearance in outgoing bytes is proof; the first of `values`. At least 16 characters, unique per run. */
  value: string;
  /** Every text that proves it, e.g. an access key and its secret. */
  values: readonly string[];
  files: readonly PlantedFile[];
  env?: Readonly<Record<string, string>>;
};

/** What one kind contributes, before ids are given. */
export type DecoyPart = Omit<Decoy, 'id' | 'value'>;

export type DecoyOptions = {
  /**
   * Host names of registries that decoy configuration names, as the user's own configuration says. Without one, a company
   * registry under `.example` stands there. A package manager sends its token to the registry it belongs to.
   */
  registryHosts: { npm?: string; pypi?: string };
};

/**
 * Credentials with nothing behind them, for every kind that the persona would plausibly hold.
 *
 * *Shape:* formats (prefix, length, alphabet) are those of real ones, values are random, so that no service accepts them.
 * Ids are `c1`, `c2`, … in a fixed order.
 */
export function makeDecoys(random: RandomSource, persona: Persona, options: DecoyOptions): Decoy[] {
  const parts = [
    ...forgeDecoys(random, persona, options),
    ...cloudDecoys(random, persona),
    ...(persona.name === 'ci' ? [] : desktopDecoys(random, persona)),
    ...identityDecoys(random, persona),
  ];
  return parts.map((part, at) => {
    const value = part.values[0];
    if (value === undefined) throw new TypeError(`decoy ${part.kind} has no value`);
    return { ...part, id: `c${at + 1}`, value };
  });
}

/** What the search looks for: one entry per value. */
export function canariesOf(decoys: readonly Decoy[]): Canary[] {
  return decoys.flatMap(({ id, kind, values }) => values.map((value) => ({ id, kind, value })));
}

/** The decoy that lies at a path of the sandbox, for `canary.read`. Keys are absolute paths. */
export function decoyPaths(decoys: readonly Decoy[], persona: Persona): Map<string, Decoy> {
  const paths = new Map<string, Decoy>();
  for (const decoy of decoys) {
    for (const { path } of decoy.files) paths.set(path.startsWith('/') ? path : `${persona.home}/${path}`, decoy);
  }
  return paths;
}
