import type { Ecosystem } from './ecosystem.ts';
import { PurlError, quote } from './purl-error.ts';
import type { PurlParts } from './purl-syntax.ts';

/** The registries that a purl may name by `repository_url`; addresses come from configuration, never from a purl. */
export type Repositories = { default?: string; extra?: readonly string[] };

const takenBy: Record<string, readonly Ecosystem[]> = {
  repository_url: ['npm', 'pypi', 'vscode-extension'],
  checksum: ['npm', 'pypi', 'vscode-extension'],
  file_name: ['pypi'],
  platform: ['vscode-extension'],
};

const shapes: Record<string, RegExp> = {
  checksum: /^sha256:[0-9a-f]{64}$/i,
  // The filename rule of uploads (contract §1.2); `..` is refused beside it.
  file_name: /^[A-Za-z0-9][A-Za-z0-9._+!@-]{0,149}$/,
  // linux-x64, alpine-arm64, web; not ../x, Linux x64.
  platform: /^[a-z0-9]+(-[a-z0-9]+)*$/,
};

/**
 * Qualifiers that the type takes, each at most once, in their normal form.
 *
 * *Errors:* `PURL_QUALIFIER`. `repository_url` is only known to be there and not empty: see `acceptedRepository`.
 * *Source:* package-analysis contract P11.
 */
export function qualifiersOf(ecosystem: Ecosystem, pairs: PurlParts['qualifiers']): Map<string, string> {
  const taken = new Map<string, string>();
  for (const { key, value } of pairs) {
    if (!(Object.hasOwn(takenBy, key) && takenBy[key]?.includes(ecosystem))) {
      throw refused(`${ecosystem} packages take no qualifier ${quote(key)}`);
    }
    if (taken.has(key)) throw refused(`qualifier ${key} is given twice`);
    if (value === '') throw refused(`qualifier ${key} is empty`);
    const shape = shapes[key];
    if ((shape && !shape.test(value)) || (key === 'file_name' && value.includes('..'))) {
      throw refused(`qualifier ${key} has a value that is not supported: ${quote(value)}`);
    }
    taken.set(key, key === 'checksum' ? value.toLowerCase() : value);
  }
  return taken;
}

/**
 * The configured registry that a `repository_url` names, or `undefined` when it is the type's default (written without).
 *
 * *Errors:* `PURL_REPOSITORY_URL` for any other address, so that no one can point us at a registry of their own.
 * *Source:* package-analysis contract P12.
 */
export function acceptedRepository(value: string, known: Repositories | undefined): string | undefined {
  const wanted = addressOf(value);
  if (wanted === undefined) {
    throw new PurlError('PURL_REPOSITORY_URL', 'repository_url must be an https address without user and password');
  }
  if (known?.default !== undefined && addressOf(known.default) === wanted) return undefined;
  if (known?.extra?.some((address) => addressOf(address) === wanted)) return wanted;
  throw new PurlError('PURL_REPOSITORY_URL', `repository_url ${quote(value)} is not one of the configured registries`);
}

/** Normal form for comparing: lower-case host, no default port, no trailing slash. */
function addressOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '' || text.includes('@')) return undefined;
  return url.href.replace(/\/+$/, '');
}

function refused(message: string): PurlError {
  return new PurlError('PURL_QUALIFIER', message);
}
