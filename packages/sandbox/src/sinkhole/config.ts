import { z } from 'zod';

const pem = z.string().startsWith('-----BEGIN ');
const port = z.number().int().min(1).max(65535);

/** A registry origin whose reads are answered by a server on a Unix socket that speaks HTTP/1.1. */
export const Mirror = z.object({
  /** Host name, or a loopback address literal for a registry on the user's own machine. */
  host: z.string().min(1),
  port,
  tls: z.boolean(),
  socketPath: z.string().min(1),
  /** Made beforehand with `issueLeaf`, so that the common case signs nothing. */
  leaf: z.object({ certPem: pem, keyPem: pem }).optional(),
});
export type Mirror = z.infer<typeof Mirror>;

/** An answer that a run wants given. The first one that matches wins over every built-in answer. */
export const ScriptedAnswer = z.object({
  /** Exact name; absent: any host. */
  host: z.string().optional(),
  method: z.string().optional(),
  /** Path without query; a trailing `*` stands for any rest. */
  path: z.string(),
  status: z.number().int().min(200).max(599),
  headers: z.record(z.string(), z.string()).default({}),
  bodyBase64: z.base64().default(''),
});
export type ScriptedAnswer = z.infer<typeof ScriptedAnswer>;

/** Account that answers to a stolen token: what a worm asks for before it goes on. */
export const Identity = z.object({
  user: z.string(),
  fullName: z.string(),
  email: z.string(),
  organisation: z.string(),
  /** Names of packages that the account seems to own. */
  packages: z.array(z.string()),
});

export const Geo = z.object({
  ip: z.string(),
  country: z.string(),
  region: z.string(),
  city: z.string(),
  timeZone: z.string(),
  languages: z.string(),
});

/** *Units:* bytes and counts. */
export const SinkholeLimits = z.object({
  records: z.number().int().default(200_000),
  /** Open at one time; more are reset. */
  connections: z.number().int().default(2000),
  /** Of one request; a longer one is cut off. */
  bodyBytes: z
    .number()
    .int()
    .default(512 * 1024 * 1024),
  headBytes: z.number().int().default(2048),
  udpFlows: z.number().int().default(1024),
});

/** First line of the sinkhole's standard input. */
export const SinkholeConfig = z.object({
  run: z.string(),
  egress: z.enum(['sinkhole', 'blocked']),
  mirrors: z.array(Mirror).default([]),
  ca: z.object({ certPem: pem, keyPem: pem, leafKeyPem: pem }),
  canaries: z.array(z.object({ id: z.string(), kind: z.string(), value: z.string().min(16) })).default([]),
  /** Ports to answer on besides the well-known ones, where redirection of every port is not to be had. */
  ports: z.array(port).default([]),
  responses: z.array(ScriptedAnswer).default([]),
  /** Addresses that dead drops hand out: `https://<unique>.invalid/…`. */
  planted: z.array(z.string()).default([]),
  identity: Identity,
  geo: Geo,
  /** Whether the namespace has IPv6, with all of it local; names get IPv6 addresses only then. */
  ipv6: z.boolean().default(true),
  /** Program that redirects ports, by name or path; null: do not try. */
  nft: z.string().nullable().default('nft'),
  limits: SinkholeLimits.default(SinkholeLimits.parse({})),
});
export type SinkholeConfig = z.infer<typeof SinkholeConfig>;

/** The configuration line for a sinkhole program. *Errors:* ZodError. */
export function encodeConfig(config: z.input<typeof SinkholeConfig>): string {
  return `${JSON.stringify(SinkholeConfig.parse(config))}\n`;
}
