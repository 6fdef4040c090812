import { z } from 'zod';

/**
 * What the evidence channels say to the orchestrator, as newline-delimited JSON: the sinkhole on its standard output, the
 * runtime hook and the phase drivers through one FIFO per run. Hook lines come from inside the package's process and are
 * therefore hostile: bounded per line and in number, parsed before use, never trusted to be complete.
 *
 * *Units:* `at` milliseconds of CLOCK_MONOTONIC (fractional), which libfaketime leaves alone.
 */

/** A decoy value seen in bytes that left. `where`: `host path query header:<name> body dns raw`. */
export const CanaryHit = z.object({ canary: z.string(), encoding: z.string(), where: z.string() });
export type CanaryHit = z.infer<typeof CanaryHit>;

export const SinkholeRecord = z.discriminatedUnion('kind', [
  /** Listening; nothing may start inside before this line. */
  z.object({ kind: z.literal('ready'), ports: z.number(), anyPort: z.boolean() }),
  z.object({
    kind: z.literal('dns'),
    at: z.number(),
    name: z.string(),
    type: z.string(),
    /** `NOERROR`, `NXDOMAIN`, … */
    rcode: z.string(),
    address: z.string().optional(),
    sourcePort: z.number(),
    /** `https`: asked through DNS over HTTPS. */
    transport: z.enum(['udp', 'tcp', 'https']),
    canaryHits: z.array(CanaryHit),
  }),
  z.object({
    kind: z.literal('connection'),
    at: z.number(),
    /** Unique within the run. */
    connection: z.number(),
    protocol: z.enum(['tcp', 'udp']),
    ip: z.string(),
    /** As the package asked for it; 0 when the sinkhole cannot know: the tracer's call with this source port says it. */
    port: z.number(),
    sourcePort: z.number(),
    /** The name whose answer this address was, if any. */
    host: z.string().optional(),
    egress: z.enum(['sinkhole', 'blocked', 'mirror']),
  }),
  z.object({
    kind: z.literal('tls'),
    at: z.number(),
    connection: z.number(),
    sni: z.string().optional(),
    decrypted: z.boolean(),
    reason: z.string().optional(),
  }),
  z.object({
    kind: z.literal('http'),
    at: z.number(),
    connection: z.number(),
    request: z.number(),
    scheme: z.enum(['http', 'https']),
    host: z.string(),
    sni: z.string().optional(),
    ip: z.string(),
    port: z.number(),
    method: z.string(),
    /** Path and query, cut at 512 characters. */
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    bodyBytes: z.number(),
    bodySha256: z.string(),
    /** First 2 KiB of the body, base64. */
    bodyHead: z.string(),
    canaryHits: z.array(CanaryHit),
    /** `head`: first bytes of the answer, base64; says what evaluated text was made of. */
    response: z.object({
      profile: z.string(),
      status: z.number(),
      bytes: z.number(),
      sha256: z.string(),
      head: z.string().optional(),
    }),
    egress: z.enum(['sinkhole', 'blocked', 'mirror']),
  }),
  z.object({
    kind: z.literal('raw'),
    at: z.number(),
    connection: z.number(),
    bytes: z.number(),
    /** First 2 KiB of what was received outside HTTP, base64. */
    head: z.string(),
    canaryHits: z.array(CanaryHit),
  }),
  z.object({
    kind: z.literal('close'),
    at: z.number(),
    connection: z.number(),
    bytesIn: z.number(),
    bytesOut: z.number(),
  }),
  /** Something was cut or refused for the sinkhole's own protection. */
  z.object({ kind: z.literal('limit'), at: z.number(), what: z.string(), text: z.string() }),
]);
export type SinkholeRecord = z.infer<typeof SinkholeRecord>;

const hookBase = {
  /** Process id as seen inside the sandbox. */
  pid: z.number().int(),
  at: z.number(),
  /** 1, 2, 3 … per thread: a gap means that lines were lost or removed. */
  seq: z.number().int(),
  /** Worker thread id, 0 = main. */
  thread: z.number().int(),
};

export const HookRecord = z.discriminatedUnion('kind', [
  z.object({ ...hookBase, kind: z.literal('start'), runtime: z.enum(['node', 'python']), version: z.string() }),
  z.object({
    ...hookBase,
    kind: z.literal('call'),
    /** e.g. `eval`, `Function`, `vm.runInThisContext`, `child_process.spawn`, `http.request`, `process.env`, `setTimeout`. */
    api: z.string().max(80),
    /** First 1,000 characters of what was passed (code text, command line, variable name, URL). */
    detail: z.string().max(1000),
    /** `file:line:column` of the nearest caller that is not the runtime's own code. */
    caller: z.string().max(500).optional(),
    /** Duration asked for, e.g. of a timer. */
    ms: z.number().optional(),
    /** Digest of the whole text for code evaluation. */
    sha256: z.string().optional(),
    bytes: z.number().optional(),
    /** How many calls of this (api, caller) were looked at so far; very frequent ones are looked at once a millisecond. */
    count: z.number().int().optional(),
  }),
  /**
   * A global or built-in that package code replaced, seen by comparing identities. `detail`: `assigned` (at that moment), or
   * the checkpoint that saw it (`main`, `beforeExit`, `exit`, `end`, or a driver's step).
   */
  z.object({
    ...hookBase,
    kind: z.literal('patch'),
    target: z.string().max(80),
    caller: z.string().max(500).optional(),
    detail: z.string().max(200).optional(),
  }),
  /** Written by the phase drivers: what they tried and how it ended. */
  z.object({
    ...hookBase,
    kind: z.literal('driver'),
    step: z.string().max(200),
    outcome: z.enum(['ok', 'threw', 'skipped', 'timeout']),
    detail: z.string().max(1000).optional(),
    /** What was missing when it threw, if that is no fault of the package (contract §3, `phase_threw`). */
    missing: z.enum(['peer', 'optional', 'platform', 'browser']).optional(),
    /** Ids of the decoys that were passed as arguments. */
    canaries: z.array(z.string().max(40)).max(40).optional(),
  }),
  /** Last line of an orderly exit: how many lines this thread wrote. */
  z.object({ ...hookBase, kind: z.literal('end'), written: z.number().int() }),
]);
export type HookRecord = z.infer<typeof HookRecord>;
