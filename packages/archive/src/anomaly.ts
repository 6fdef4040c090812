/**
 * How unusual an oddity is, so that a reader of the list need not know the formats:
 * `attack`: no ordinary tool writes it, and it serves to reach outside or to exhaust the reader;
 * `conflict`: two readers of the same bytes see different things;
 * `quirk`: ordinary tools write it at times.
 */
export type AnomalyGravity = 'attack' | 'conflict' | 'quirk';

/** Every oddity an archive can show, and its gravity. The set is closed: a consumer's table over it must be complete. */
export const anomalyGravity = {
  'path-traversal': 'attack',
  'path-absolute': 'attack',
  'path-backslash': 'conflict',
  'path-control-characters': 'attack',
  'path-not-utf8': 'quirk',
  'path-too-long': 'conflict',
  'path-ambiguous': 'conflict',
  'duplicate-path': 'conflict',
  'case-collision': 'conflict',
  'unicode-collision': 'conflict',
  'path-conflict': 'conflict',
  'path-through-link': 'attack',
  symlink: 'quirk',
  hardlink: 'quirk',
  'link-escapes-root': 'attack',
  'special-file': 'attack',
  'unsupported-type': 'conflict',
  'sparse-file': 'conflict',
  'size-mismatch': 'conflict',
  'checksum-mismatch': 'conflict',
  'ratio-bomb': 'attack',
  'too-many-entries': 'attack',
  'unpacked-too-large': 'attack',
  'nesting-too-deep': 'attack',
  'nested-unreadable': 'quirk',
  truncated: 'conflict',
  'corrupt-data': 'conflict',
  'header-invalid': 'conflict',
  'missing-end': 'quirk',
  'trailing-data': 'conflict',
  'prepended-data': 'conflict',
  'multiple-streams': 'quirk',
  'header-mismatch': 'conflict',
  'hidden-entry': 'attack',
  'hidden-data': 'conflict',
  'overlapping-entries': 'attack',
  'ambiguous-end': 'conflict',
  'zip64-mismatch': 'conflict',
  'descriptor-mismatch': 'conflict',
  encrypted: 'conflict',
  'unsupported-method': 'conflict',
  'pax-conflict': 'conflict',
  'pax-duplicate-key': 'conflict',
  'outside-root-folder': 'conflict',
} as const satisfies Record<string, AnomalyGravity>;

export type AnomalyCode = keyof typeof anomalyGravity;

/** `path` is an entry's harmless path; `detail` is one line with package text escaped. */
export type ArchiveAnomaly = { code: AnomalyCode; path?: string; detail: string };

/** Kept per code. A cap over all codes would let a thousand decoys hide the one that matters. */
const keptPerCode = 100;

/** Collects oddities: the first hundred of each code in full, of the rest only the number. */
export class AnomalyLog {
  readonly kept: ArchiveAnomaly[];
  readonly counts: Partial<Record<AnomalyCode, number>>;

  /** Continues the lists given, which it changes. */
  constructor(kept: ArchiveAnomaly[] = [], counts: Partial<Record<AnomalyCode, number>> = {}) {
    this.kept = kept;
    this.counts = counts;
  }

  add(code: AnomalyCode, detail: string, path?: string): void {
    const count = (this.counts[code] ?? 0) + 1;
    this.counts[code] = count;
    if (count <= keptPerCode) this.kept.push(path === undefined ? { code, detail } : { code, path, detail });
  }
}

/** Package text for messages: JSON escapes, ASCII only, at most 120 characters of it. */
export function quote(text: string): string {
  const cut = text.length > 120 ? `${text.slice(0, 119)}…` : text;
  return JSON.stringify(cut).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
