import { alphabets, type RandomSource, randomPick, randomText, randomUuid } from './decoys/random.ts';
import { type Geo, type Hardware, type PersonaTraits, personas } from './persona-traits.ts';

export { type Geo, type Hardware, personas };

export type PersonaName = keyof typeof personas;

/** Whose machine the package believes to be on. Part of the ruleset digest through `personasVersion`. */
export type Persona = {
  name: PersonaName;
  /** Unique per run where a person's machine would be (`host_identity` decoy). */
  user: string;
  fullName: string;
  email: string;
  organisation: string;
  /** Name of the accounts that the decoy tokens seem to belong to, and packages that exist nowhere else than with it. */
  account: { user: string; packages: readonly string[] };
  /** Unique per run, at least 16 characters. */
  hostname: string;
  /** Absolute. */
  home: string;
  uid: number;
  shell: string;
  /** The consumer project, relative to `home`. */
  project: { name: string; directory: string };
  /** Environment of a login shell, without secrets; the sandbox puts its toolchain before `PATH`. */
  env: Record<string, string>;
  hardware: Hardware;
  geo: Geo;
};

/** Changes with anything that a package could notice about the personas. */
export const personasVersion = 1;

/**
 * A persona with its run's unique values.
 *
 * *Source:* personas and runs of package-analysis contract §3 (`triggers`).
 */
export function makePersona(name: PersonaName, random: RandomSource): Persona {
  const traits: PersonaTraits = personas[name];
  const [given, family] = randomPick(random, traits.people);
  const tag = randomText(random, 6, alphabets.lower);
  const ascii = `${given}${family}`
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z]/g, '');
  const user = traits.user ?? `${ascii.slice(0, 18)}-${tag}`;
  const home = `/home/${user}`;
  const project = { name: traits.project, directory: traits.projectDirectory.replaceAll('<project>', traits.project) };
  const hostname = traits.hostname.replace('<tag>', randomText(random, 10, alphabets.lower));
  return {
    name,
    user,
    fullName: `${given} ${family}`,
    email: `${ascii}.${tag}@${traits.domain}`,
    organisation: traits.organisation,
    account: {
      user: `${ascii}${tag}`,
      packages: [`${traits.organisation}-ui-${tag}`, `@${traits.organisation}-${tag}/core`],
    },
    hostname,
    home,
    uid: traits.uid,
    shell: '/bin/bash',
    project,
    env: environmentOf(traits, { user, home, hostname, project: `${home}/${project.directory}` }, random),
    hardware: hardwareOf(traits, random),
    geo: traits.geo,
  };
}

/** The account as the sinkhole's services answer for it (`SinkholeConfig.identity`). */
export function identityOf({ account, fullName, email, organisation }: Persona) {
  return { user: account.user, fullName, email, organisation, packages: [...account.packages] };
}

function environmentOf(
  traits: PersonaTraits,
  own: { user: string; home: string; hostname: string; project: string },
  random: RandomSource,
): Record<string, string> {
  const filled = Object.entries(traits.env).map(([name, value]) => [
    name,
    value
      .replaceAll('<home>', own.home)
      .replaceAll('<project>', own.project)
      .replaceAll('<number>', randomText(random, 10, '123456789'))
      .replaceAll('<commit>', randomText(random, 40, alphabets.hex))
      .replaceAll('<uuid>', randomUuid(random)),
  ]);
  return {
    PATH: `${own.home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: own.home,
    USER: own.user,
    LOGNAME: own.user,
    HOSTNAME: own.hostname,
    SHELL: '/bin/bash',
    PWD: own.project,
    ...Object.fromEntries(filled),
  };
}

function hardwareOf(traits: PersonaTraits, random: RandomSource): Hardware {
  const mac = randomText(random, 6, alphabets.hex);
  return {
    ...traits.hardware,
    machineId: randomText(random, 32, alphabets.hex),
    productUuid: randomUuid(random),
    macAddress: `${traits.macVendor}:${mac.slice(0, 2)}:${mac.slice(2, 4)}:${mac.slice(4, 6)}`,
  };
}
