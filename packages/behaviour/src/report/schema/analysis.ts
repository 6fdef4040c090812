import { z } from 'zod';
import { Count, Port } from './ids.ts';

/** How a phase ended. A package's own failure is `error_other`, ours is `error_analysis`; neither is a verdict. */
export const PhaseStatus = z.enum(['completed', 'error_timeout', 'error_analysis', 'error_other', 'not_measured']);
export type PhaseStatus = z.infer<typeof PhaseStatus>;

/** Sorted by `Path`; writes inside the package folder are folded per directory and counted, writes elsewhere never. */
export const FileAccess = z.object({
  Path: z.string(),
  Read: z.boolean(),
  Write: z.boolean(),
  Delete: z.boolean(),
  Count: Count.optional(),
});
export type FileAccess = z.infer<typeof FileAccess>;

export const SocketAccess = z.object({
  Address: z.string(),
  Port,
  Hostnames: z.array(z.string()),
  Protocol: z.enum(['tcp', 'udp', 'unix', 'icmp', 'raw']),
});
export type SocketAccess = z.infer<typeof SocketAccess>;

/** `Environment`: only the `K=V` that differ from the persona's. */
export const CommandRun = z.object({ Command: z.array(z.string()), Environment: z.array(z.string()) });
export type CommandRun = z.infer<typeof CommandRun>;

export const DnsClass = z.object({
  Class: z.string(),
  Queries: z.array(z.object({ Hostname: z.string(), Types: z.array(z.string()) })),
});
export type DnsClass = z.infer<typeof DnsClass>;

/** The last 4 KiB of a stream, base64, decoy values masked. */
const OutputTail = z
  .string()
  .regex(/^[A-Za-z0-9+/]*={0,2}$/)
  .max(5464);

export const MeasuredPhase = z.object({
  Status: z.enum(['completed', 'error_timeout', 'error_analysis', 'error_other']),
  StatusReason: z.string().optional(),
  Files: z.array(FileAccess),
  Sockets: z.array(SocketAccess),
  Commands: z.array(CommandRun),
  DNS: z.array(DnsClass),
  Stdout: OutputTail,
  Stderr: OutputTail,
  /** Only when the tracer counts; absent is not zero. */
  SyscallCounts: z.record(z.string(), Count).optional(),
});
export type MeasuredPhase = z.infer<typeof MeasuredPhase>;

/** The lists are absent: nothing was looked at, so nothing is `[]`. */
export const UnmeasuredPhase = z.object({ Status: z.literal('not_measured'), StatusReason: z.string() });

export const PhaseReport = z.discriminatedUnion('Status', [MeasuredPhase, UnmeasuredPhase]);
export type PhaseReport = z.infer<typeof PhaseReport>;

/** OSSF keys, from run `r0`. */
export const Analysis = z.object({ install: PhaseReport, import: PhaseReport, execute: PhaseReport });
export type Analysis = z.infer<typeof Analysis>;
