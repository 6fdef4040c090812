/** Records of one pax extended header, in order. `malformed` is set when the bytes do not follow the format. */
export type PaxRecords = { records: { key: string; value: Buffer }[]; malformed: boolean };

/**
 * Parses pax records by their lengths, as the standard says and GNU tar, bsdtar and Python do.
 *
 * npm's reader splits at line ends instead: a value with a line end in it reads differently there, and that difference
 * is what the caller looks for.
 *
 * *Source:* POSIX.1-2017, pax, "pax Extended Header": `"%d %s=%s\n", length, keyword, value`.
 */
export function parsePax(body: Buffer): PaxRecords {
  const records: PaxRecords['records'] = [];
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const digits = space < 0 ? '' : body.toString('latin1', at, Math.min(space, at + 10));
    const length = /^[0-9]{1,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = body.indexOf(0x3d, space);
    if (length === 0 || end > body.length || body[end - 1] !== 0x0a || equals < 0 || equals >= end || space >= end) {
      // NULs after the last record are padding that some writers count into the size.
      return { records, malformed: body.subarray(at).some((byte) => byte !== 0) };
    }
    records.push({ key: body.toString('utf8', space + 1, equals), value: body.subarray(equals + 1, end - 1) });
    at = end;
  }
  return { records, malformed: false };
}
