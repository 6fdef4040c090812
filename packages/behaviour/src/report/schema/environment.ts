import { RunId } from '@assay/kernel';
import { z } from 'zod';
import { Count, Ms, Sha256Digest, Sha256Hex } from './ids.ts';

/** What did the measuring. */
export const Environment = z.object({
  assay_version: z.string(),
  ruleset: z.object({ version: z.string(), digest: Sha256Digest }),
  isolation: z.object({
    requested: z.string(),
    effective: z.string(),
    features: z.record(z.string(), z.boolean()),
  }),
  tools: z.record(z.string(), z.string()),
  platform: z.object({ os: z.string(), arch: z.string(), kernel: z.string() }),
  sinkhole: z.object({ profile: z.string() }),
  personas_version: z.string(),
});
export type Environment = z.infer<typeof Environment>;

const PhaseTimings = z.object({ install: Ms.optional(), import: Ms.optional(), execute: Ms.optional() });

/** Milliseconds; a step that did not take place is absent. */
export const Timings = z.object({
  queued: Ms.optional(),
  resolve: Ms.optional(),
  fetch: Ms.optional(),
  static: Ms.optional(),
  runs: z.partialRecord(RunId, PhaseTimings),
  baseline: Ms.optional(),
  report: Ms.optional(),
  total: Ms,
});
export type Timings = z.infer<typeof Timings>;

export const Artifact = z.object({ name: z.string(), sha256: Sha256Hex, size_bytes: Count });
export type Artifact = z.infer<typeof Artifact>;

/** A list that was cut: members kept and members there were. For `….text` fields the unit is characters. */
export const Truncation = z.object({ field: z.string(), kept: Count, total: Count });
export type Truncation = z.infer<typeof Truncation>;
