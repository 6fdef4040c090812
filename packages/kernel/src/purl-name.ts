import type { Ecosystem } from './ecosystem.ts';
import { PurlError, quote } from './purl-error.ts';
import { malformed } from './purl-syntax.ts';

export type PackageName = {
  /** npm scope with its `@`, or the extension's publisher. */
  namespace?: string;
  name: string;
  /** As the ecosystem writes it: `@scope/name`, `publisher.name`. */
  packageName: string;
};

/**
 * The legal name that the segments of a purl spell, before any normalisation of npm's letter case.
 *
 * The accepted characters need no escape in a URL, a file name or a shell, and no name is `.` or `..`.
 * *Errors:* `PURL_NAME`; `PURL_SYNTAX` when a required part is missing. *Source:* package-analysis contract P02, P04–P06, P13.
 */
export function nameOf(ecosystem: Ecosystem, segments: readonly string[]): PackageName {
  switch (ecosystem) {
    case 'npm':
      return npmName(segments);
    case 'pypi':
      return pypiName(segments);
    case 'vscode-extension':
      return extensionName(segments);
  }
}

const maxNpmNameLength = 214;
// npm's own refusals for any name: they would collide with its files (validate-npm-package-name, `exclusionList`).
const npmReserved = ['node_modules', 'favicon.ico'];

function npmName(segments: readonly string[]): PackageName {
  // `%40scope%2Fname` is one segment that spells two parts.
  const [only = ''] = segments;
  const slash = segments.length === 1 && only.startsWith('@') ? only.indexOf('/') : -1;
  const parts = slash < 0 ? segments : [only.slice(0, slash), only.slice(slash + 1)];
  const name = parts.at(-1) ?? '';
  if (name === '' || (parts.length === 1 && name.startsWith('@'))) throw malformed('it has no package name');
  if (parts.length > 2) throw illegal('npm', parts, 'it has more than one namespace');
  const namespace = parts.length === 2 ? parts[0] : undefined;
  if (namespace !== undefined && !/^@[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(namespace)) {
    throw illegal('npm', parts, 'its namespace is not a scope: @ and URL-safe characters');
  }
  // Legacy names with ~ ! ' ( ) * exist and are refused: shell metacharacters (P13).
  if (!/^[A-Za-z0-9-][A-Za-z0-9._-]*$/.test(name)) {
    throw illegal('npm', parts, 'it must be URL-safe and not begin with a dot or an underscore');
  }
  if (npmReserved.includes(name.toLowerCase())) throw illegal('npm', parts, 'npm reserves it');
  const packageName = namespace === undefined ? name : `${namespace}/${name}`;
  if (packageName.length > maxNpmNameLength) {
    throw illegal('npm', parts, `it is longer than ${maxNpmNameLength} characters`);
  }
  return { ...(namespace === undefined ? {} : { namespace }), name, packageName };
}

function pypiName(segments: readonly string[]): PackageName {
  const [name = ''] = segments;
  if (segments.length !== 1) throw illegal('pypi', segments, 'PyPI names have no namespace');
  // PEP 508 names, normalised by PEP 503.
  if (!/^([a-z0-9]|[a-z0-9][a-z0-9._-]*[a-z0-9])$/i.test(name)) {
    throw illegal('pypi', segments, 'it must be letters, digits and . _ - between them');
  }
  const normal = name.toLowerCase().replace(/[-_.]+/g, '-');
  return { name: normal, packageName: normal };
}

function extensionName(segments: readonly string[]): PackageName {
  if (segments.length < 2) throw malformed('an extension needs its publisher: pkg:vscode-extension/publisher/name');
  const [publisher = '', name = ''] = segments;
  // No dots: an extension's id is `publisher.name`, and a dot inside either part would let two of them share one id.
  const legal = /^[a-z0-9][a-z0-9_-]*$/i;
  if (segments.length !== 2 || !legal.test(publisher) || !legal.test(name)) {
    throw illegal('vscode-extension', segments, 'publisher and name must be letters, digits, - and _');
  }
  const namespace = publisher.toLowerCase();
  return { namespace, name: name.toLowerCase(), packageName: `${namespace}.${name.toLowerCase()}` };
}

function illegal(ecosystem: Ecosystem, segments: readonly string[], why: string): PurlError {
  return new PurlError('PURL_NAME', `${quote(segments.join('/'))} is not a legal ${ecosystem} package name: ${why}`);
}
