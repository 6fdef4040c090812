import type { Ecosystem } from './ecosystem.ts';
import { PurlError, quote } from './purl-error.ts';

/**
 * The normal form of an exact version.
 *
 * *Errors:* `PURL_VERSION` for ranges, specifiers, tags and anything else that does not name one version.
 * *Source:* package-analysis contract P07–P09; semver.org 2.0.0; PEP 440 appendix B and "Normalization".
 */
export function exactVersion(ecosystem: Ecosystem, text: string): string {
  const version = text.length > maxVersionLength ? undefined : forms[ecosystem](text);
  if (version === undefined) {
    throw new PurlError('PURL_VERSION', `${quote(text)} is not an exact ${ecosystem} version: ${wanted[ecosystem]}`);
  }
  return version;
}

// As the semver library, so that no version passes here and fails there.
const maxVersionLength = 256;

const wanted: Record<Ecosystem, string> = {
  npm: 'give a semantic version such as 1.2.3, or leave it out for the latest',
  pypi: 'give a PEP 440 version such as 1.2.3, or leave it out for the latest',
  'vscode-extension': 'give 2 to 4 numbers such as 1.2.3, or leave it out for the latest',
};

const forms: Record<Ecosystem, (text: string) => string | undefined> = {
  npm: semanticVersion,
  pypi: pep440Version,
  'vscode-extension': extensionVersion,
};

// The expression that semver.org suggests. Matches 1.0.0-rc.1+b7; not v1.0.0, 1.0, 01.0.0, 1.0.0-01.
const number = '(?:0|[1-9]\\d*)';
const semver = new RegExp(
  `^(${number})\\.(${number})\\.(${number})` +
    `(?:-(?:${number}|\\d*[A-Za-z-][0-9A-Za-z-]*)(?:\\.(?:${number}|\\d*[A-Za-z-][0-9A-Za-z-]*))*)?` +
    '(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$',
);

function semanticVersion(text: string): string | undefined {
  const match = semver.exec(text);
  // Numbers beyond 2^53 − 1 are no versions to npm: two of them would compare equal.
  const safe = match?.slice(1, 4).every((part) => Number.isSafeInteger(Number(part)));
  return safe ? text : undefined;
}

// PEP 440 appendix B without the surrounding blanks. Matches v1.0-RC1, 2!1.0.post1.dev0+ubuntu.1; not ==1.0, 1.0.*, 1.x.
const pep440 =
  /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<preKind>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>\d*))?(?:-(?<implicitPost>\d+)|[-_.]?(?<postKind>post|rev|r)[-_.]?(?<postNumber>\d*))?(?:[-_.]?(?<devKind>dev)[-_.]?(?<devNumber>\d*))?(?:\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i;

const preKinds: Record<string, string> = { alpha: 'a', beta: 'b', c: 'rc', pre: 'rc', preview: 'rc' };

function pep440Version(text: string): string | undefined {
  const part = pep440.exec(text.toLowerCase())?.groups;
  if (part === undefined) return undefined;
  const epoch = integer(part.epoch ?? '0');
  const kind = part.preKind;
  const hasPost = part.postKind !== undefined || part.implicitPost !== undefined;
  return [
    epoch === '0' ? '' : `${epoch}!`,
    part.release?.split('.').map(integer).join('.'),
    kind === undefined ? '' : `${preKinds[kind] ?? kind}${integer(part.preNumber)}`,
    hasPost ? `.post${integer(part.implicitPost ?? part.postNumber)}` : '',
    part.devKind === undefined ? '' : `.dev${integer(part.devNumber)}`,
    part.local === undefined ? '' : `+${part.local.split(/[-_.]/).map(localPart).join('.')}`,
  ].join('');
}

// Matches 1.2, 1.2.3.4, 1.2.3-pre; not 1, v1.2.3, ^1.2.3. Extension ids and versions are case-insensitive.
function extensionVersion(text: string): string | undefined {
  return /^\d+(\.\d+){1,3}(-[0-9a-z][0-9a-z.-]*)?$/i.test(text) ? text.toLowerCase() : undefined;
}

/** Without leading zeros; a missing number is 0. Kept as text: PEP 440 sets no upper bound. */
function integer(digits: string | undefined): string {
  return (digits ?? '').replace(/^0+/, '') || '0';
}

function localPart(part: string): string {
  return /^\d+$/.test(part) ? integer(part) : part;
}
