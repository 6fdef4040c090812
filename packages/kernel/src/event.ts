import { z } from 'zod';

/** Runs of the trigger matrix (package-analysis contract §3, `triggers`). */
export const RunId = z.enum(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
export type RunId = z.infer<typeof RunId>;

export const Phase = z.enum(['install', 'import', 'execute']);
export type Phase = z.infer<typeof Phase>;

export const EventType = z.enum([
  'process.exec',
  'process.exit',
  'file.read',
  'file.write',
  'file.delete',
  'file.rename',
  'file.chmod',
  'file.link',
  'net.dns',
  'net.connect',
  'net.listen',
  'net.http',
  'net.tls',
  'canary.read',
  'canary.egress',
  'memory.exec',
  'ptrace',
  'sleep',
  'clock.read',
  'resource',
  'runtime.hook',
  'vscode.api',
  'phase.start',
  'phase.end',
]);
export type EventType = z.infer<typeof EventType>;

/** `ok`, `denied` (EACCES/EPERM, or refused by the sandbox) or `error:<ERRNO>`. */
export const EventOutcome = z.string().regex(/^(ok|denied|error:[A-Z0-9_]{1,24})$/);

/**
 * One thing that happened inside the sandbox, normalised from all channels (tracer, sinkhole, runtime hook, watchdog).
 *
 * *Units:* `t_ms` milliseconds from the start of its run. *Paths* are in report form: `~/…`, `{pkg}/…`, `{dep:<name>}/…`,
 * `{tmp}/…`, else as seen inside the sandbox. Which optional members a type carries: docs/report.md.
 */
export const TraceEvent = z.object({
  id: z.string().regex(/^e[0-9]+$/),
  run: RunId,
  phase: Phase,
  t_ms: z.number().int().min(0),
  /** Key of the process in `process_tree.nodes`. */
  process: z.string(),
  type: EventType,
  outcome: EventOutcome,
  /** How many identical consecutive events were folded into this one (absent = 1). */
  count: z.number().int().min(2).optional(),
  /** No call of any process explains it; `process` is the likeliest one. */
  attribution: z.literal('inferred').optional(),
  // process.exec
  argv: z.array(z.string()).optional(),
  executable: z.string().optional(),
  env: z.array(z.string()).optional(),
  pwd: z.string().optional(),
  // process.exit
  exit_code: z.number().int().optional(),
  signal: z.string().optional(),
  // file.*, canary.read
  path: z.string().optional(),
  to: z.string().optional(),
  mode: z.string().optional(),
  bytes: z.number().int().min(0).optional(),
  /** The file had been made or changed by this phase's own processes before. */
  own: z.literal(true).optional(),
  /** Digest of the file when it was captured (`dropped_files`). */
  sha256: z.string().optional(),
  // net.*
  host: z.string().optional(),
  ip: z.string().optional(),
  port: z.number().int().min(0).max(65535).optional(),
  protocol: z.enum(['tcp', 'udp', 'unix', 'icmp', 'raw']).optional(),
  scheme: z.string().optional(),
  method: z.string().optional(),
  url_path: z.string().optional(),
  status: z.number().int().optional(),
  query_type: z.string().optional(),
  egress: z.enum(['sinkhole', 'blocked', 'mirror']).optional(),
  // canary.*
  canary: z.string().optional(),
  encoding: z.string().optional(),
  where: z.string().optional(),
  /** Event id of the request that carried the canary. */
  request: z.string().optional(),
  // runtime.hook, sleep, clock.read, resource, memory.exec, ptrace
  /** What was called, e.g. `eval`, `child_process.spawn`, `process.env`, `setTimeout`, `timerfd`. */
  api: z.string().optional(),
  detail: z.string().optional(),
  /** Package whose code made the call, from the stack (runtime.hook only). */
  package: z.string().optional(),
  /** File in report form and position of the caller (runtime.hook only). */
  caller: z.string().optional(),
  ms: z.number().min(0).optional(),
});
export type TraceEvent = z.infer<typeof TraceEvent>;
