import { Capability, Finding, Limitation, Signal, TraceEvent, Verdict } from '@assay/kernel';
import { z } from 'zod';
import { PhaseReport } from './schema/analysis.ts';
import { BaselineReport, TriggerRun } from './schema/comparison.ts';
import { Environment } from './schema/environment.ts';
import { Dependency } from './schema/subject.ts';
import { Canary, DroppedFile, NetworkRequest, ProcessNode } from './schema/trace.ts';
import { DynamicAnalysisReport } from './schema.ts';

const named = {
  Finding,
  Limitation,
  Capability,
  Signal,
  TraceEvent,
  Verdict,
  PhaseReport,
  BaselineReport,
  TriggerRun,
  Environment,
  Dependency,
  Canary,
  DroppedFile,
  NetworkRequest,
  ProcessNode,
};

/**
 * JSON Schema (draft 2020-12) of a report, generated from the type that produces it.
 *
 * *Shape:* `ignored` is the published one, for readers of this and later versions; `refused` is what our own output is
 * held to, where a member nobody declared is a mistake.
 */
export function reportJsonSchema(unknownMembers: 'ignored' | 'refused' = 'ignored'): Record<string, unknown> {
  const names = z.registry<{ id?: string; title?: string; description?: string }>();
  for (const [id, schema] of Object.entries(named)) names.add(schema, { id });
  names.add(DynamicAnalysisReport, {
    title: 'DynamicAnalysisReport',
    description: 'What one version of a package did in a sandbox, and the verdict that follows from it.',
  });
  return z.toJSONSchema(DynamicAnalysisReport, {
    target: 'draft-2020-12',
    metadata: names,
    io: unknownMembers === 'refused' ? 'output' : 'input',
  });
}
