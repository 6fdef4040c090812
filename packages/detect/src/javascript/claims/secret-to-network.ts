import { type CredentialKind, credentialNamed, isHomeOf, isSecretName } from '../../credentials.ts';
import type { Effect } from '../abstract/effect.ts';
import { readable, type Source } from '../abstract/taint.ts';
import { hole } from '../abstract/value.ts';
import type { ClaimDraft } from './claim.ts';

/** Kinds that a program of the user's own may well read and send. */
const settingsKinds: readonly CredentialKind[] = ['dotenv', 'system'];
/** Kinds that no service on the network is the rightful receiver of. */
const nobodysKinds: readonly CredentialKind[] = ['ssh', 'gpg', 'browser', 'wallet', 'history', 'keychain'];
/** Vendors' secrets in one place on the network that belongs to none of them. */
const minForeignVendors = 3;
const maxKindsAtHome = 1;
/** `h.io`, encoded. */
const minHiddenChars = 8;

/**
 * `flow.secret-to-network`: somebody's secrets leave for a place that is not theirs.
 *
 * A secret that goes to its own vendor is what a client library does, and one whose receiver the user configures is what
 * the user wants. The whole environment, other programs' credential files and several vendors' secrets at once are neither.
 */
export function secretToNetwork(effect: Effect): ClaimDraft | undefined {
  if (effect.kind !== 'network') return undefined;
  const secrets = readable(effect.taint).filter(
    ({ label, name }) =>
      label === 'environment' || label === 'credential' || (label === 'setting' && isSecretName(name)),
  );
  if (secrets.length === 0) return undefined;
  const hosts = hostsOf(effect);
  if (hosts.length > 0 && hosts.every((host) => isLocal(host))) return undefined;
  const reason =
    wholeEnvironment(secrets) ?? credentialFiles(secrets, hosts, effect) ?? foreignVariables(secrets, hosts, effect);
  if (reason === undefined) return undefined;
  return {
    id: 'flow.secret-to-network',
    sources: reason.sources,
    effect,
    summary: `${reason.what} can reach ${hosts[0] ?? 'the network'} by ${effect.what}`,
  };
}

interface Reason {
  what: string;
  sources: Source[];
}

function wholeEnvironment(secrets: readonly Source[]): Reason | undefined {
  const sources = secrets.filter(({ label }) => label === 'environment');
  return sources.length === 0 ? undefined : { what: 'the whole environment', sources };
}

function credentialFiles(secrets: readonly Source[], hosts: readonly string[], effect: Effect): Reason | undefined {
  const files = secrets.filter(({ label }) => label === 'credential');
  const kinds = [...new Set(files.map(({ name }) => name as CredentialKind))];
  const foreign = kinds.filter((kind) => !hosts.some((host) => isHomeOf(kind, host)));
  if (foreign.length === 0) return undefined;
  const isFixed =
    hosts.length > 0 || isHidden(effect) || (isFetched(effect) && foreign.some((kind) => nobodysKinds.includes(kind)));
  // To a receiver nobody knows, one file of settings says little.
  if (!isFixed && (kinds.length <= maxKindsAtHome || foreign.every((kind) => settingsKinds.includes(kind))))
    return undefined;
  return { what: `credentials (${foreign.slice(0, 3).join(', ')})`, sources: files };
}

function foreignVariables(secrets: readonly Source[], hosts: readonly string[], effect: Effect): Reason | undefined {
  if (hosts.length === 0 && !isHidden(effect)) return undefined;
  const variables = secrets.filter(({ label }) => label === 'setting');
  const foreign = variables.filter(({ name }) => !hosts.some((host) => isOwn(name, host)));
  const wellKnown = foreign.filter(({ name }) => credentialNamed(name) !== undefined);
  const vendors = new Set(foreign.map(({ name }) => name.split('_')[0]));
  if (wellKnown.length > 0 && foreign.length === variables.length) {
    return {
      what: `secrets (${wellKnown
        .slice(0, 3)
        .map(({ name }) => name)
        .join(', ')})`,
      sources: wellKnown,
    };
  }
  return vendors.size >= minForeignVendors
    ? { what: `secrets of ${vendors.size} vendors`, sources: foreign }
    : undefined;
}

/** Whether the receiver shares a word with the variable: `STRIPE_API_KEY` and `api.stripe.example`. */
function isOwn(variable: string, host: string): boolean {
  const kind = credentialNamed(variable);
  if (kind !== undefined && isHomeOf(kind, host)) return true;
  const name = host.toLowerCase();
  return variable
    .toLowerCase()
    .split('_')
    .some(
      (word) =>
        word.length > 2 &&
        !/^(?:api|key|token|secret|auth|access|password|pass|private|client|app|the|url|webhook|user|npm)$/.test(
          word,
        ) &&
        name.includes(word),
    );
}

/** The receiver is decoded: nobody was meant to read it. */
function isHidden(effect: Effect): boolean {
  return effect.destinationTaint.some(({ label, size }) => label === 'decoded' && size >= minHiddenChars);
}

/** The receiver is an answer of the network. */
function isFetched(effect: Effect): boolean {
  return effect.destinationTaint.some(({ label }) => label === 'fetched');
}

/** Names and addresses that are known among the destinations; of a URL, a command or an option. */
export function hostsOf(effect: Effect): string[] {
  const hosts = new Set<string>();
  for (const text of effect.destinations) {
    for (const [, host] of text.matchAll(/(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^/\s@'"]*@)?([^/\s:'"?#]+)/gi))
      if (host !== undefined) hosts.add(host);
    if (!text.includes('/') && !/\s/.test(text) && /[a-z0-9]\.[a-z0-9]/i.test(text))
      hosts.add(text.replace(/:\d+$/, ''));
    for (const [host] of text.matchAll(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g)) hosts.add(host);
  }
  return [...hosts]
    .filter((host) => host.replaceAll(hole, '') !== '' && isSpecific(host))
    .map((host) => host.replaceAll(hole, '*'));
}

/** At least the registrable end of a name is known: `*.example.com`, not `api.*`. */
function isSpecific(host: string): boolean {
  return !host.endsWith(hole) && host.replaceAll(hole, '').replaceAll('.', '').length > 2;
}

function isLocal(host: string): boolean {
  return /^(?:localhost|127\.|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal|\*?\.?local)/.test(host);
}
