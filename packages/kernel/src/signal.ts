import { z } from 'zod';
import type { Confidence, Severity } from './severity.ts';

/** One static observation in a file, a manifest or metadata: evidence, not yet a claim. */
export const Signal = z.object({
  id: z.string().regex(/^s[0-9]+$/),
  /** Rule id with its engine's prefix: `js. py. sh. bin. doc. meta.` (shared/seams.md §5). */
  rule: z.string().regex(/^(js|py|sh|bin|doc|meta)\.[a-z0-9-]+$/),
  /** Path inside the artifact, or `<dependency>/…` for a dependency's file. */
  file: z.string(),
  line: z.number().int().min(1),
  column: z.number().int().min(1),
  snippet: z.string().max(200),
});
export type Signal = z.infer<typeof Signal>;

/** A claim that static analysis makes by itself, over the signals it cites (ids are given later). */
export type StaticClaim = {
  id: string;
  severity: Severity;
  confidence: Confidence;
  /** Indexes into the signals returned beside it. */
  signals: number[];
  summary: string;
};
