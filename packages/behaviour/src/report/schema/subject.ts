import { measured, Signal } from '@assay/kernel';
import { z } from 'zod';
import { Count, Sha256Hex } from './ids.ts';

export const SourceFile = z.object({
  name: z.string(),
  sha256: Sha256Hex,
  size_bytes: Count,
  integrity: z.enum(['verified', 'mismatch', 'not_published']),
});

/** Exactly what was analysed. */
export const Source = z.object({
  kind: z.enum(['registry', 'archive']),
  files: z.array(SourceFile).min(1),
  source_url: z.string().optional(),
});
export type Source = z.infer<typeof Source>;

export const Dependency = z.object({
  purl: z.string(),
  sha256: Sha256Hex.optional(),
  /** Lifecycle hooks it declares; they run too. */
  hooks: z.array(z.string()),
  /** Not in the previous version's tree; absent when nothing was compared. */
  new: z.boolean().optional(),
  /** Loaded during import or execute; absent when neither was measured. */
  imported: z.boolean().optional(),
});
export type Dependency = z.infer<typeof Dependency>;

/** The whole installed tree. Absent from the report when there was none to look at (install failed). */
export const Dependencies = z.object({ count: Count, packages: z.array(Dependency) });
export type Dependencies = z.infer<typeof Dependencies>;

export const Provenance = z.object({
  attested: z.boolean(),
  repository: z.string().optional(),
  commit: z.string().optional(),
});

/** Each member measured or saying why not. An absent member was not asked for. */
export const Metadata = z.object({
  published_at: measured(z.string()).optional(),
  age_days: measured(Count).optional(),
  yanked: measured(z.boolean()).optional(),
  deprecated: measured(z.boolean()).optional(),
  provenance: measured(Provenance).optional(),
  maintainers_changed: measured(z.boolean()).optional(),
  similar_names: measured(z.array(z.string())).optional(),
});
export type Metadata = z.infer<typeof Metadata>;

export const ParseFailure = z.object({ file: z.string(), reason: z.string() });

export const StaticReading = z.object({
  files_scanned: Count,
  bytes: Count,
  parse_failures: z.array(ParseFailure),
  signals: z.array(Signal),
});
export type StaticReading = z.infer<typeof StaticReading>;
