import type { Severity } from '@assay/kernel';
import { type ClassifiedFile, type FileClass, isExtensionLie } from './classify.ts';
import { magicOf } from './code-kind.ts';

/** A finding of class `source` without its evidence ids: spans and proofs are numbered where the report is made. */
export type Concern = {
  id: `source.${string}`;
  severity: Severity;
  files: ClassifiedFile[];
  /** It leaves something unmeasured: the verdict cannot be benign. */
  blocksBenign: boolean;
};

/** Classes of the `coherent_files` bucket. */
const coherent: ReadonlySet<FileClass> = new Set(['exact', 'relocated', 'eol-only', 'metadata-verified']);

export function isCoherent(file: Pick<ClassifiedFile, 'class'>): boolean {
  return coherent.has(file.class);
}

/** What each class says against a file that runs (package-analysis contract §4.1). */
const accusations = {
  exact: undefined,
  relocated: 'source.relocated-executable',
  'eol-only': undefined,
  'metadata-verified': undefined,
  'history-only': 'source.history-replay',
  'side-ref-only': 'source.side-ref',
  modified: 'source.modified-executable',
  added: 'source.added-executable',
  unverifiable: 'source.unverifiable-binary',
} as const satisfies Record<FileClass, `source.${string}` | undefined>;

/** The concerns of one artifact, one per id with all its files, heaviest severity of any of them. */
export function concernsOf(files: readonly ClassifiedFile[]): Concern[] {
  const concerns = new Map<string, Concern>();
  for (const file of files) {
    for (const { id, severity } of accusationsOf(file)) {
      const known = concerns.get(id) ?? { id, severity, files: [], blocksBenign: id === 'source.unverifiable-binary' };
      known.files.push(file);
      if (severity === 'high') known.severity = 'high';
      concerns.set(id, known);
    }
  }
  return [...concerns.values()];
}

function* accusationsOf(file: ClassifiedFile): Generator<{ id: Concern['id']; severity: Severity }> {
  if (file.manifestChanges !== undefined) {
    if (file.manifestChanges.some(({ grave }) => grave)) yield { id: 'source.manifest-change', severity: 'high' };
    return;
  }
  if (file.class === 'unverifiable') yield { id: 'source.unverifiable-binary', severity: 'medium' };
  if (file.trivial || file.signs.length === 0) return;
  if (!isCoherent(file) && isExtensionLie(file)) {
    yield { id: 'source.extension-lie', severity: 'high' };
    return;
  }
  const id = accusations[file.class];
  if (id === undefined || file.class === 'unverifiable') return;
  // Native code from elsewhere in the repository is loaded as it is; a moved script may only be what a build copies.
  const isReached = file.reachableFrom.length > 0 || magicOf(file.file.bytes) !== undefined;
  yield { id, severity: file.class === 'relocated' && !isReached ? 'medium' : 'high' };
}
