import { createHash } from 'node:crypto';
import type { AnomalyCode } from './anomaly.ts';

/** Longest name of one path segment that common file systems can hold, in bytes. */
const maxSegmentBytes = 255;

/** C0, DEL, C1, and the bidirectional controls that make a name read backwards. Matches "a\u0000", not "a b". */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
/** Plain names, by far the most: nothing in them needs a closer look. Matches "lib/a-b.js", not "a//b" or "C:x". */
const plain = /^[A-Za-z0-9_@+~-][\w@+~ .-]*(\/[A-Za-z0-9_@+~-][\w@+~ .-]*)*\/?$/;

export type InspectedPath = {
  path: string;
  safe: boolean;
  problems: { code: AnomalyCode; detail: string }[];
};

/**
 * Judges one entry name and makes the harmless path that stands for it (see `MemberHead.path`).
 *
 * *Shape:* `raw` is the decoded name. A trailing slash and leading `./` are ordinary and vanish. The root is `.`.
 */
export function inspectPath(raw: string, maxPathBytes: number): InspectedPath {
  if (raw.length <= maxSegmentBytes && plain.test(raw)) {
    return { path: raw.endsWith('/') ? raw.slice(0, -1) : raw, safe: true, problems: [] };
  }
  const problems: InspectedPath['problems'] = [];
  const report = (code: AnomalyCode, detail: string) => problems.push({ code, detail });

  if (controlCharacter.test(raw)) report('path-control-characters', 'control characters in the name');
  if (raw.includes('\\')) report('path-backslash', 'a backslash, which separates folders on Windows');
  if (/^[/\\]{2}/.test(raw)) report('path-absolute', 'a network (UNC) path');
  else if (/^[/\\]/.test(raw)) report('path-absolute', 'begins at the root of the file system');

  const segments = raw.split('/');
  if (segments.some((segment) => /^[A-Za-z]:/.test(segment))) report('path-absolute', 'a drive letter');
  if (raw.split(/[/\\]/).includes('..')) report('path-traversal', 'climbs with ".."');
  const bytes = Buffer.byteLength(raw);
  if (bytes > maxPathBytes) report('path-too-long', `${bytes} bytes`);
  else if (segments.some((segment) => segment.length > 84 && Buffer.byteLength(segment) > maxSegmentBytes)) {
    report('path-too-long', `a segment longer than ${maxSegmentBytes} bytes`);
  }
  const safe = problems.length === 0;

  const kept = segments.filter((segment) => segment !== '' && segment !== '.');
  // Readers that strip a first folder turn "package//etc/x" into "/etc/x": an inner empty or "." segment is no accident.
  const inner = raw.replace(/^(\.\/+)+/, '').replace(/\/$/, '');
  if (raw === '') report('path-ambiguous', 'an empty name');
  else if (!raw.startsWith('/') && /(^|\/)(\.?\/|\.$)/.test(inner) && inner !== '.') {
    report('path-ambiguous', 'empty or "." segments');
  }

  let path = kept.map(escapeSegment).join('/');
  if (/^[/\\]/.test(raw) && raw.startsWith('/')) path = `%2F${path}`;
  if (bytes > maxPathBytes) path = shortened(path);
  return { path: path === '' ? '.' : path, safe, problems };
}

function escapeSegment(segment: string): string {
  if (segment === '..') return '%2E%2E';
  return segment
    .replace(/\\/g, '%5C')
    .replace(/^([A-Za-z]):/, '$1%3A')
    .replace(controlCharacters, (character) => encodeURIComponent(character));
}

/** Keeps over-long names apart without keeping them. */
function shortened(path: string): string {
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return `${cut(path, 200)}…${digest}`;
}

/** The first characters as a string of their own: a plain slice would keep the whole text in memory behind it. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : Buffer.from(text.slice(0, length)).toString();
}

/**
 * Does a link leave the archive's root?
 *
 * *Shape:* a symbolic link's target counts from the link's folder, a hard link's from the root of the archive.
 */
export function linkEscapes(path: string, target: string, type: 'symlink' | 'hardlink'): boolean {
  if (/^[/\\]|^[A-Za-z]:/.test(target)) return true;
  let depth = type === 'symlink' ? path.split('/').length - 1 : 0;
  for (const segment of target.split(/[/\\]/)) {
    if (segment === '' || segment === '.') continue;
    depth += segment === '..' ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}
