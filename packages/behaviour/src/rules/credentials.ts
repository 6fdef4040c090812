import type { Severity, TraceEvent } from '@assay/kernel';
import type { RunEvidence } from '../evidence.ts';
import { nameOf } from './reached.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** Kinds whose reading is high: nothing but its own tool has business there (package-analysis contract §5, last line). */
const highKinds = new Set(['ssh_key', 'aws', 'gcp', 'azure', 'kube', 'browser_profile', 'wallet', 'shell_history']);

/** Kinds that ordinary code may touch without meaning harm: their reading alone says nothing. */
const silentKinds = new Set(['host_identity', 'api_argument', 'cloud_metadata', 'clipboard']);

/**
 * `cred.decoy-read`: package code opened a planted credential. The project's own `.env` read when imported or called is
 * what a configuration library is for and is not a claim; leaving with it is (`exfil.canary-egress`).
 */
export const decoyRead: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'canary.read' || event.outcome !== 'ok' || !byPackage(run, event)) continue;
    const kind = all.canaries.get(event.canary ?? '')?.kind;
    if (kind === undefined || silentKinds.has(kind)) continue;
    if (kind === 'dotenv' && event.phase !== 'install') continue;
    // One variable seen in passing while the whole environment is copied is not a look at the secret.
    if (kind === 'env_token' && event.detail === 'enumerate') continue;
    const severity: Severity = highKinds.has(kind) && event.phase !== 'execute' ? 'high' : 'medium';
    drafts.push({
      id: 'cred.decoy-read',
      phase: event.phase,
      package: ownerOf(run, all, event),
      severity,
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `read the ${words(kind)} decoy${event.path === undefined ? '' : ` at ${event.path}`}`,
    });
  }
  return drafts;
};

const metadataHosts =
  /^(169\.254\.169\.254|169\.254\.170\.2|fd00:ec2::254|metadata\.google\.internal|100\.100\.100\.200|kubernetes\.default(\.svc.*)?)$/;

/** `cred.metadata-service`: cloud metadata or the cluster's API asked for by package code. */
export const metadataService: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'net.http' && event.type !== 'net.connect') continue;
    if (!byPackage(run, event)) continue;
    const address = [nameOf(run, event), event.ip].find((name) => name !== undefined && metadataHosts.test(name));
    if (address === undefined) continue;
    drafts.push({
      id: 'cred.metadata-service',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), requestsTo(run, event)),
      summary: `asked ${address} for credentials`,
    });
  }
  return drafts;
};

function requestsTo(run: RunEvidence, event: TraceEvent): string[] {
  return run.events
    .filter((other) => other.process === event.process && other.ip === event.ip && other.type.startsWith('net.'))
    .map((other) => other.id);
}

export function words(kind: string): string {
  return kind.replaceAll('_', ' ');
}
