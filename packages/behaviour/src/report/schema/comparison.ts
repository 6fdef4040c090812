import { RunId, VerdictLevel } from '@assay/kernel';
import { z } from 'zod';
import { PhaseStatus } from './analysis.ts';
import { EventId, Sha256Hex } from './ids.ts';

const names = z.array(z.string()).optional();

/** What one version has and the other has not; an absent member was not compared. */
export const Difference = z.object({
  hooks: names,
  dependencies: names,
  files: names,
  commands: names,
  hosts: names,
  canary_reads: names,
  writes_outside: names,
});
export type Difference = z.infer<typeof Difference>;

/** Previous = highest lower version published before, under the same ruleset. */
export const BaselineReport = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('compared'),
    previous_version: z.string(),
    previous_sha256: Sha256Hex,
    new: Difference,
    removed: Difference,
    findings_new: z.array(z.string()),
  }),
  z.object({ status: z.literal('no_previous_version'), reason: z.string().optional() }),
  z.object({ status: z.literal('not_measured'), reason: z.string() }),
]);
export type BaselineReport = z.infer<typeof BaselineReport>;

export const TriggerRun = z.object({
  run: RunId,
  persona: z.enum(['developer', 'ci', 'agent', 'locale']),
  clock: z.enum(['now', '+72h', '+400d']),
  egress: z.enum(['sinkhole', 'blocked']),
  status: PhaseStatus,
  reason: z.string().optional(),
  phases: z.object({
    install: PhaseStatus.optional(),
    import: PhaseStatus.optional(),
    execute: PhaseStatus.optional(),
  }),
  /** Events with no equivalent in r0. */
  new_behaviour: z.array(EventId),
});
export type TriggerRun = z.infer<typeof TriggerRun>;

export const Triggers = z.object({ runs: z.array(TriggerRun) });
export type Triggers = z.infer<typeof Triggers>;

/** Words of a language model; it may raise the level, never lower it. */
export const Explanation = z.object({ model: z.string(), text: z.string(), raised_to: VerdictLevel.optional() });
export type Explanation = z.infer<typeof Explanation>;
