import type { Phase, RunId, Signal, StaticClaim, TraceEvent } from '@assay/kernel';
import type { Canary, DroppedFile, NetworkRequest, ProcessNode } from './report/index.ts';
import type { RunPlan } from './runs.ts';

/**
 * What was recorded, in the form that rules read. Rules are pure functions of this: the same evidence gives the same
 * findings.
 */
export interface Evidence {
  subject: SubjectFacts;
  canaries: ReadonlyMap<string, Canary>;
  signals: readonly Signal[];
  staticClaims: readonly StaticClaim[];
  runs: readonly RunEvidence[];
  /** Code that ran and what it lay hidden in. */
  hidden?: readonly HiddenText[];
}

export interface HiddenText {
  /** Id of the evaluation's event. */
  event: string;
  signal: string;
  kind: 'encoded' | 'invisible' | 'media';
}

export interface SubjectFacts {
  /** Registry name of the package under analysis, e.g. `@scope/name`. */
  name: string;
  version: string;
  /** Hosts that its manifest or its own text names as places it talks to. */
  declaredHosts: ReadonlySet<string>;
  /** Whether the artifact itself ships digests (hex or SRI) that a download can be checked against. */
  shipsDigests: boolean;
  /** Files that are new or other than in the previous version; undefined when nothing was compared. */
  changedFiles?: ReadonlySet<string>;
  /** Every package of the installed tree by name. */
  tree: ReadonlyMap<string, TreePackage>;
}

export interface TreePackage {
  name: string;
  version: string;
  hooks: readonly string[];
  /** Not in the previous version's tree; undefined when nothing was compared. */
  isNew?: boolean;
  isImported?: boolean;
  /** A hook that the previous version did not have. */
  newHooks?: readonly string[];
}

export interface RequestEvidence extends NetworkRequest {
  response_sha256?: string;
  /** First bytes of the answer, base64. */
  response_head?: string;
  headers?: Readonly<Record<string, string>>;
}

export interface DroppedEvidence extends DroppedFile {
  /** The content came, whole or in part, out of an answer of the sinkhole. */
  isAnswer: boolean;
}

export interface WrittenAndRun {
  path: string;
  /** Event that last wrote or renamed the file before. */
  created: string;
  executed: string;
}

export interface RunEvidence {
  run: RunId;
  plan: RunPlan;
  /** In time order. */
  events: readonly TraceEvent[];
  processes: ReadonlyMap<string, ProcessNode>;
  /** By the id of their `net.http` event. */
  requests: ReadonlyMap<string, RequestEvidence>;
  dropped: readonly DroppedEvidence[];
  /** Every file that was written and then run, also when its content was gone before it could be read. */
  ran: readonly WrittenAndRun[];
  phases: Readonly<Partial<Record<Phase, string>>>;
}
