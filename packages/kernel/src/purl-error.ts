import { AppError } from './errors.ts';

/**
 * The stable words of each refusal, in the order in which they are checked: the first that applies is the one reported.
 * A row without `message` says what was wrong in the error's own message. *Source:* package-analysis contract §1.5.
 */
export const purlErrors = {
  PURL_MISSING: { row: 'E16', title: 'Missing PURL', message: 'PURL parameter is required' },
  PURL_SYNTAX: {
    row: 'E17',
    title: 'Invalid PURL format',
    message: 'PURL must be a valid package URL starting with pkg:',
  },
  PURL_TYPE_UNSUPPORTED: { row: 'E18', title: 'Unsupported package type' },
  PURL_NAME: { row: 'E19', title: 'Invalid package name' },
  PURL_VERSION: { row: 'E19', title: 'Invalid version' },
  PURL_QUALIFIER: { row: 'E19', title: 'Unsupported qualifier' },
  PURL_REPOSITORY_URL: { row: 'E19', title: 'Unsupported repository_url' },
  PURL_SUBPATH: { row: 'E19', title: 'Unsupported subpath' },
} as const satisfies Record<string, { row: string; title: string; message?: string }>;

export type PurlErrorCode = keyof typeof purlErrors;

/** A purl that we do not take: bad input, never our failure. */
export class PurlError extends AppError<PurlErrorCode> {
  get title(): string {
    return purlErrors[this.code].title;
  }
}

/** `text` as it may stand in a message: quoted, escaped, cut at 80 characters. */
export function quote(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  // Beyond JSON's own escapes: bidirectional and invisible characters would make the message read as something else.
  return JSON.stringify(cut).replace(/[^\x20-\x7e…]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
