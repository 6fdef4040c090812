import type { TraceEvent } from '@assay/kernel';
import type { Evidence, RunEvidence } from '../evidence.ts';
import type { Canary, ProcessNode } from '../report/index.ts';

/** For tests: an event as little told as a test needs; time and id follow from its place. */
export type Told = Partial<TraceEvent> & Pick<TraceEvent, 'type'>;

/** For tests: a run of `subject` in which process `p1` is package code, `p2` a tool that it started, `p0` the package manager. */
export function recordingOf(told: readonly Told[], more: Partial<RunEvidence> = {}): RunEvidence {
  const events = told.map((one, index): TraceEvent => {
    const base = {
      id: `e${index + 1}`,
      run: 'r0',
      phase: 'install',
      t_ms: index,
      process: 'p1',
      outcome: 'ok',
    } as const;
    return { ...base, ...one };
  });
  return {
    run: 'r0',
    plan: { run: 'r0', persona: 'developer', clock: 'now', egress: 'sinkhole' },
    events,
    processes: new Map(nodes.map((node) => [node.key, node])),
    requests: new Map(),
    dropped: [],
    ran: [],
    phases: {},
    ...more,
  };
}

/** For tests: the whole of what rules read, with one run. */
export function evidenceWith(run: RunEvidence, more: Partial<Evidence['subject']> = {}): Evidence {
  return {
    subject: {
      name: 'subject',
      version: '1.0.0',
      declaredHosts: new Set(['api.example.test']),
      shipsDigests: false,
      tree: new Map(['subject', 'other', 'subjective'].map((name) => [name, { name, version: '1.0.0', hooks: [] }])),
      ...more,
    },
    canaries: new Map(canaries.map((canary) => [canary.id, canary])),
    signals: [],
    staticClaims: [],
    runs: [run],
  };
}

const node = (key: string, more: Partial<ProcessNode>): ProcessNode => ({
  key,
  pid: Number(key.slice(1)) + 1,
  process_name: 'node',
  argv: ['node', 'setup.js'],
  run: 'r0',
  phase: 'install',
  toolchain: false,
  start_ms: 0,
  ...more,
});
const nodes = [
  node('p0', { argv: ['node', 'npm-cli.js', 'install'], toolchain: true }),
  node('p1', { parent_key: 'p0', package: 'subject' }),
  node('p2', { parent_key: 'p1', package: 'subject', process_name: 'npm', argv: ['npm', 'publish'], toolchain: true }),
];

const canary = (id: string, kind: Canary['kind']): Canary => ({
  id,
  kind,
  location: `~/${kind}`,
  placed: true,
  reads: [],
  egress: [],
});
const canaries = [canary('c1', 'npm_token'), canary('c2', 'api_argument'), canary('c3', 'host_identity')];
