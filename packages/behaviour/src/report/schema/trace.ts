import { Phase, RunId } from '@assay/kernel';
import { z } from 'zod';
import { CanaryId, Count, EventId, Ms, Port, Sha256Hex, SignalId } from './ids.ts';

export const ProcessNode = z.object({
  key: z.string(),
  pid: z.number().int(),
  parent_key: z.string().optional(),
  process_name: z.string(),
  executable_path: z.string().optional(),
  argv: z.array(z.string()),
  pwd: z.string().optional(),
  run: RunId,
  phase: Phase,
  /** Package of the tree whose code started it. */
  package: z.string().optional(),
  /** Package manager, build frontend, compiler or linker that is not interpreting package code. */
  toolchain: z.boolean(),
  start_ms: Ms,
  exit_ms: Ms.optional(),
  exit_code: z.number().int().optional(),
  signal: z.string().optional(),
});
export type ProcessNode = z.infer<typeof ProcessNode>;

export const ProcessTree = z.object({ nodes: z.record(z.string(), ProcessNode), roots: z.array(z.string()) });
export type ProcessTree = z.infer<typeof ProcessTree>;

const Egress = z.enum(['sinkhole', 'blocked', 'mirror']);
const Protocol = z.enum(['tcp', 'udp', 'unix', 'icmp', 'raw']);
const seen = { event: EventId, run: RunId, phase: Phase, process: z.string() };

export const CanaryHit = z.object({ canary: CanaryId, encoding: z.string(), where: z.string() });
export type CanaryHit = z.infer<typeof CanaryHit>;

/** One request as the sinkhole saw it. */
export const NetworkRequest = z.object({
  ...seen,
  t_ms: Ms,
  scheme: z.string(),
  host: z.string(),
  sni: z.string().optional(),
  ip: z.string(),
  port: Port,
  method: z.string().optional(),
  path: z.string().max(512).optional(),
  body_bytes: Count.optional(),
  body_sha256: Sha256Hex.optional(),
  canary_hits: z.array(CanaryHit),
  /** Absent when nothing was answered (refused egress, TLS that stayed closed). */
  response: z.object({ profile: z.string(), status: z.number().int(), bytes: Count }).optional(),
  decrypted: z.boolean(),
  egress: Egress,
});
export type NetworkRequest = z.infer<typeof NetworkRequest>;

/** Folded per (process, name); `event` is the first one. */
export const DnsLookup = z.object({ ...seen, host: z.string(), types: z.array(z.string()), count: Count });
export type DnsLookup = z.infer<typeof DnsLookup>;

/** Folded per (process, address, port); `event` is the first one. */
export const Connection = z.object({
  ...seen,
  protocol: Protocol,
  host: z.string().optional(),
  ip: z.string(),
  port: Port,
  egress: Egress.optional(),
  count: Count,
});
export type Connection = z.infer<typeof Connection>;

/** Folded per (process, address, port); `event` is the first one. */
export const Listener = z.object({ ...seen, protocol: Protocol, ip: z.string(), port: Port, count: Count });
export type Listener = z.infer<typeof Listener>;

export const Network = z.object({
  requests: z.array(NetworkRequest),
  dns: z.array(DnsLookup),
  connections: z.array(Connection),
  listeners: z.array(Listener),
});
export type Network = z.infer<typeof Network>;

export const CanaryKind = z.enum([
  'npm_token',
  'pypi_token',
  'git_token',
  'ssh_key',
  'aws',
  'gcp',
  'azure',
  'kube',
  'docker',
  'netrc',
  'dotenv',
  'env_token',
  'browser_profile',
  'wallet',
  'clipboard',
  'shell_history',
  'cloud_metadata',
  'ai_config',
  'vscode_secret',
  'api_argument',
  'host_identity',
]);
export type CanaryKind = z.infer<typeof CanaryKind>;

/** A decoy by its id; its value is never in a report. */
export const Canary = z.object({
  id: CanaryId,
  kind: CanaryKind,
  location: z.string(),
  placed: z.boolean(),
  reads: z.array(EventId),
  egress: z.array(EventId),
});
export type Canary = z.infer<typeof Canary>;

/** Captured when it was closed, before any deletion. */
export const DroppedFile = z.object({
  path: z.string(),
  sha256: Sha256Hex,
  size_bytes: Count,
  kind: z.enum(['elf', 'pe', 'macho', 'script', 'archive', 'media', 'text', 'data']),
  mime: z.string(),
  /** Bits per byte, 0–8. */
  entropy: z.number().min(0).max(8),
  /** Event that made it. */
  created: EventId,
  /** Event that ran it. */
  executed: EventId.optional(),
  deleted: z.boolean(),
  /** Name in `artifacts`. */
  artifact: z.string().optional(),
  signals: z.array(SignalId),
});
export type DroppedFile = z.infer<typeof DroppedFile>;
