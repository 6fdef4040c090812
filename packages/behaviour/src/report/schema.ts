import { Capability, Channel, Finding, Limitation, TraceEvent, Verdict } from '@assay/kernel';
import { z } from 'zod';
import { Analysis } from './schema/analysis.ts';
import { BaselineReport, Explanation, Triggers } from './schema/comparison.ts';
import { Artifact, Environment, Timings, Truncation } from './schema/environment.ts';
import { Dependencies, Metadata, Source, StaticReading } from './schema/subject.ts';
import { Canary, DroppedFile, Network, ProcessTree } from './schema/trace.ts';

/** Most events a report holds; the raw trace artifact holds them all. */
export const maxEvents = 5_000;

/**
 * The report of engine `dynamic-analysis`, as stored, served and printed.
 *
 * *Shape:* an optional member is omitted, never `null`; what was not measured is omitted and said in `limitations` or as
 * `not_measured`. Readers ignore members they do not know. Laws between members: `assertReportLaws`.
 * *Source:* package-analysis contract §3 (OSSF package-analysis keys kept in capitals).
 */
export const DynamicAnalysisReport = z.object({
  schema_version: z.literal('1.0'),
  engine: z.literal('dynamic-analysis'),
  /** Absent when no server kept a task (the command line on its own). */
  task_id: z.number().int().min(1).optional(),
  purl: z.string(),
  requested_purl: z.string(),
  Package: z.object({ Ecosystem: z.string(), Name: z.string(), Version: z.string() }),
  /** Seconds since the Unix epoch, to the year 9999. */
  CreatedTimestamp: z.number().int().min(0).max(253_402_300_799),
  verdict: Verdict,
  findings: z.array(Finding),
  limitations: z.array(Limitation),
  Analysis,
  source: Source,
  dependencies: Dependencies.optional(),
  metadata: Metadata,
  static: StaticReading,
  process_tree: ProcessTree,
  events: z.array(TraceEvent).max(maxEvents),
  network: Network,
  canaries: z.array(Canary),
  dropped_files: z.array(DroppedFile),
  baseline: BaselineReport,
  triggers: Triggers,
  capabilities: z.partialRecord(Channel, Capability),
  environment: Environment,
  timings: Timings,
  artifacts: z.array(Artifact),
  truncation: z.array(Truncation),
  explanation: Explanation.optional(),
});
export type DynamicAnalysisReport = z.infer<typeof DynamicAnalysisReport>;
