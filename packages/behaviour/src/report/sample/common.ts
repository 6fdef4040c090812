import { type Finding, type RunId, sha256, verdictOf } from '@assay/kernel';
import { coverageOf } from '../coverage.ts';
import type { TriggerRun } from '../schema/comparison.ts';
import type { DynamicAnalysisReport } from '../schema.ts';
import type { Tape } from './tape.ts';

/** Base64 of UTF-8 text, as `Stdout` wants it. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

const surroundings = {
  r0: { persona: 'developer', clock: 'now', egress: 'sinkhole' },
  r1: { persona: 'ci', clock: 'now', egress: 'sinkhole' },
  r2: { persona: 'developer', clock: 'now', egress: 'blocked' },
  r3: { persona: 'developer', clock: '+400d', egress: 'sinkhole' },
  r4: { persona: 'agent', clock: '+72h', egress: 'sinkhole' },
  r5: { persona: 'locale', clock: 'now', egress: 'sinkhole' },
} as const satisfies Record<RunId, Pick<TriggerRun, 'persona' | 'clock' | 'egress'>>;

export function completedRun(run: RunId, news: string[] = []): TriggerRun {
  const phases = { install: 'completed', import: 'completed', execute: 'completed' } as const;
  return { run, ...surroundings[run], status: 'completed', phases, new_behaviour: news };
}

/** The machine that made the sample reports. */
export const environment: DynamicAnalysisReport['environment'] = {
  assay_version: '0.1.0',
  ruleset: { version: '1.0.0', digest: `sha256:${sha256('sample ruleset')}` },
  isolation: {
    requested: 'bubblewrap',
    effective: 'bubblewrap',
    features: { user_ns: true, pid_ns: true, net_ns: true, seccomp: true, cgroup: false },
  },
  tools: { node: '24.21.0', npm: '11.21.2', strace: '6.1', bubblewrap: '0.8.0' },
  platform: { os: 'linux', arch: 'x64', kernel: '6.1.0' },
  sinkhole: { profile: 'default' },
  personas_version: '1',
};

type Told = Omit<
  DynamicAnalysisReport,
  'verdict' | 'process_tree' | 'events' | 'network' | 'schema_version' | 'engine'
>;

/** A report from a tape and what was concluded from it; the verdict follows by law. */
export function reportOf(tape: Tape, told: Told): DynamicAnalysisReport {
  const { nodes, roots, events, requests, dns, connections } = tape;
  return {
    schema_version: '1.0',
    engine: 'dynamic-analysis',
    ...told,
    process_tree: { nodes, roots },
    events,
    network: { requests, dns, connections, listeners: [] },
    verdict: verdictOf(told.findings, coverageOf(told)),
  };
}

/** A finding with the members that samples rarely vary. */
export function finding(
  id: string,
  title: string,
  parts: Pick<Finding, 'severity' | 'category' | 'phase' | 'evidence' | 'summary' | 'package'> & Partial<Finding>,
): Finding {
  return { id, title, confidence: 'high', runs: ['r0'], mitre: [], baseline: 'new', ...parts };
}
