import { PurlError, purlErrors, quote } from './purl-error.ts';

/** A purl cut into decoded components; nothing is known yet about what the type allows. */
export type PurlParts = {
  type: string;
  /** Namespace segments and, last, the name. At least one. */
  segments: string[];
  version?: string;
  /** In the caller's order, keys lower-cased, values decoded. */
  qualifiers: { key: string; value: string }[];
  hasSubpath: boolean;
};

const maxPurlLength = 512;
// C0, DEL and C1. `%00` and `%0a` are the same attack as the raw character, so this is looked for after decoding, too.
const control = /\p{Cc}/u;

/**
 * Cuts a purl at its separators and decodes the parts.
 *
 * *Errors:* `PURL_MISSING`, `PURL_SYNTAX`. *Source:* purl specification, "how to parse a purl string", with the stricter
 * rules P03 and P13 of the package-analysis contract: no trimming, the scheme in lower case and present, no empty version.
 */
export function splitPurl(input: unknown): PurlParts {
  if (input === undefined || input === null || (typeof input === 'string' && input.trim() === '')) {
    throw new PurlError('PURL_MISSING', purlErrors.PURL_MISSING.message);
  }
  if (typeof input !== 'string') throw malformed(`it is a ${typeof input}, not a string`);
  if (input.length > maxPurlLength) throw malformed(`it is longer than ${maxPurlLength} characters`);
  if (!input.startsWith('pkg:')) throw malformed(`got ${quote(input)}`);
  if (/\s/.test(input)) throw malformed('it holds a blank');
  if (!input.isWellFormed() || control.test(decode(input))) throw malformed('it holds a control character');

  const hash = input.indexOf('#');
  const beforeHash = hash < 0 ? input : input.slice(0, hash);
  const question = beforeHash.indexOf('?');
  const body = (question < 0 ? beforeHash : beforeHash.slice(0, question)).slice('pkg:'.length).replace(/^\/+/, '');
  const slash = body.indexOf('/');
  if (slash < 0) throw malformed('it has no package name');
  const type = body.slice(0, slash).toLowerCase();
  if (!/^[a-z][a-z0-9.+-]*$/.test(type)) throw malformed('it has no valid package type');
  return {
    type,
    ...splitPath(body.slice(slash + 1)),
    qualifiers: question < 0 ? [] : splitQualifiers(beforeHash.slice(question + 1)),
    hasSubpath: hash >= 0,
  };
}

/** `@scope/name@1.0.0` → segments and version: an `@` that opens a segment belongs to a scope, not to a version. */
function splitPath(path: string): { segments: string[]; version?: string } {
  const at = path.lastIndexOf('@');
  const hasVersion = at > 0 && path[at - 1] !== '/';
  if (hasVersion && at === path.length - 1) throw malformed('nothing follows the @');
  const raw = (hasVersion ? path.slice(0, at) : path).split('/');
  const last = raw.at(-1) ?? '';
  if (last === '' || last.startsWith('@')) throw malformed('it has no package name');
  const segments = raw.filter((segment) => segment !== '').map(decode);
  return hasVersion ? { segments, version: decode(path.slice(at + 1)) } : { segments };
}

function splitQualifiers(query: string): PurlParts['qualifiers'] {
  return query.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    const [key, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    return { key: decode(key).toLowerCase(), value: decode(value) };
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw malformed('it holds a bad % escape', cause);
  }
}

/** The refusal of E17: the catalogue's sentence, then what is wrong. */
export function malformed(why: string, cause?: unknown): PurlError {
  return new PurlError('PURL_SYNTAX', `${purlErrors.PURL_SYNTAX.message} (${why})`, {}, { cause });
}
