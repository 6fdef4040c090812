import type { PackageArchive } from '@assay/archive';
import type { Signal, TraceEvent } from '@assay/kernel';
import { type Origin, originOf } from './encoded-origin.ts';
import type { HiddenText, RunEvidence } from './evidence.ts';
import { isEvaluation } from './rules/evaluation.ts';

const maxTexts = 60;
const rules = { encoded: 'js.encoded-text', invisible: 'doc.invisible-text', media: 'bin.hidden-text' } as const;

/**
 * For each text of the package that became code: where in the artifact it lay hidden, as signals and as pairs of event and
 * signal.
 *
 * *Shape:* ids of the signals go on after `known`.
 */
export function hiddenTexts(
  runs: readonly RunEvidence[],
  { archive, name }: { archive: PackageArchive; name: string },
  known: number,
): { signals: Signal[]; hidden: HiddenText[] } {
  const members = archive.kept?.members ?? new Map();
  const files = new Map([...members].map(([file, { bytes }]): [string, Uint8Array] => [file, bytes]));
  const found = new Map<string, { kind: Origin['kind']; signal: string } | undefined>();
  const signals: Signal[] = [];
  const hidden: HiddenText[] = [];
  for (const event of runs.flatMap((run) => [...run.events])) {
    if (!isEvaluation(event) || event.package !== name || event.detail === undefined) continue;
    const text = sourceOf(event);
    if (!found.has(text) && found.size < maxTexts) {
      const origin = originOf(text, files);
      const id = `s${known + signals.length + 1}`;
      if (origin !== undefined) signals.push({ id, ...signalOf(origin, files) });
      found.set(text, origin === undefined ? undefined : { kind: origin.kind, signal: id });
    }
    const one = found.get(text);
    if (one !== undefined) hidden.push({ event: event.id, ...one });
  }
  return { signals, hidden };
}

/** The text itself, without what the runtime or the hook put around it. */
function sourceOf({ api, detail = '' }: TraceEvent): string {
  if (api === 'import:data') return unescaped(detail.slice(detail.indexOf(',') + 1));
  return detail.replace(/^\[as [^\]]*\] /, '').replace(/^\((?:async )?function\*? anonymous\([^)]*\) \{\n/, '');
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%[0-9a-f]?$/i, ''));
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function signalOf({ kind, file, at }: Origin, files: ReadonlyMap<string, Uint8Array>): Omit<Signal, 'id'> {
  if (kind === 'media')
    return { rule: rules.media, file, line: 1, column: at + 1, snippet: `code in the bytes from ${at} on` };
  const source = Buffer.from(files.get(file) ?? '').toString('utf8');
  const before = source.slice(0, at).split('\n');
  const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  const snippet = kind === 'encoded' ? (source.slice(at, at + 80).split('\n', 1)[0] ?? '') : 'invisible characters';
  return { rule: rules[kind], ...place, snippet };
}
