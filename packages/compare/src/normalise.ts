import type { PathAttributes } from '@assay/vcs';

const bom = Buffer.from([0xef, 0xbb, 0xbf]);

/** The text with `\n` line ends and without a byte order mark; `$Id: …$` closed again when git is told to expand it. */
export function canonicalText(bytes: Buffer, attributes?: PathAttributes): Buffer {
  const text = withoutBom(bytes).toString('latin1').replaceAll('\r\n', '\n');
  // Matches `$Id: 01ab…$`, which git writes on checkout, and nothing over a line's end.
  const closed = attributes?.ident === true ? text.replace(/\$Id: [0-9a-f]{40,64} ?\$/g, '$Id$') : text;
  return Buffer.from(closed, 'latin1');
}

/**
 * The forms a text may have in the repository when it differs only in line ends and byte order mark: their blob ids find an
 * equal file without fetching it. A file of mixed line ends is not among them: it takes its bytes.
 */
export function textForms(bytes: Buffer): Buffer[] {
  const unix = canonicalText(bytes);
  const windows = Buffer.from(unix.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
  return [unix, windows, Buffer.concat([bom, unix]), Buffer.concat([bom, windows])];
}

function withoutBom(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(bom) ? bytes.subarray(3) : bytes;
}
