import type { Severity, Signal, TraceEvent } from '@assay/kernel';

type Maybe<T> = T | undefined;

export interface PageProcess {
  key: string;
  pid: number;
  parent_key?: Maybe<string>;
  process_name: string;
  executable_path?: Maybe<string>;
  argv: string[];
  pwd?: Maybe<string>;
  run: string;
  phase: string;
  package?: Maybe<string>;
  toolchain: boolean;
  start_ms: number;
  exit_ms?: Maybe<number>;
  exit_code?: Maybe<number>;
  signal?: Maybe<string>;
}

export interface PageRequest {
  event: string;
  run: string;
  phase: string;
  t_ms: number;
  process: string;
  scheme: string;
  host: string;
  sni?: Maybe<string>;
  ip: string;
  port: number;
  method?: Maybe<string>;
  path?: Maybe<string>;
  body_bytes?: Maybe<number>;
  body_sha256?: Maybe<string>;
  canary_hits: { canary: string; encoding: string; where: string }[];
  response?: Maybe<{ profile: string; status: number; bytes: number }>;
  decrypted: boolean;
  egress: string;
}

export interface PageHost {
  host: string;
  requests: PageRequest[];
  lookups: number;
  connections: number;
  decoys: string[];
  egress: string[];
  runs: string[];
  phases: string[];
}

export interface PagePath {
  path: string;
  read: boolean;
  write: boolean;
  delete: boolean;
  mode: boolean;
  where: string[];
  events: string[];
  cited: boolean;
}

export interface PageDependency {
  purl: string;
  hooks: string[];
  new?: Maybe<boolean>;
  imported?: Maybe<boolean>;
}

/** What the page's script is given: everything that is too long, or too lively, for plain HTML. Package text is raw in it. */
export interface PageData {
  package: string;
  findings: { id: string; title: string; severity: Severity; evidence: string[] }[];
  runs: string[];
  events: TraceEvent[];
  processes: PageProcess[];
  signals: Signal[];
  /** Kind of each decoy by id. */
  decoys: Record<string, string>;
  hosts: PageHost[];
  paths: PagePath[];
  dependencies: PageDependency[];
  /** Decoded tails of what phases printed. */
  output: { phase: string; stream: 'stdout' | 'stderr'; text: string }[];
  /** Events that r0 does not have, by run. */
  news: Record<string, string[]>;
}
