import type { TraceEvent } from '@assay/kernel';
import type { ClaimId } from '../claims.ts';
import { isDriverHost } from '../driver.ts';
import type { Evidence, RunEvidence } from '../evidence.ts';
import { words } from './credentials.ts';
import { isCarrier } from './hooks.ts';
import { isDeclared, nameOf } from './reached.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/**
 * Decoy values that left: proof, whatever the encoding and whoever the receiver. Two things are not egress: the package
 * manager presenting its own token to its own registry, and a client that hands its caller's key to the host it declares.
 */
export const canaryEgress: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'canary.egress') continue;
    const canary = all.canaries.get(event.canary ?? '');
    if (canary === undefined || isOwnRegistryLogin(run, event)) continue;
    if (canary.kind === 'api_argument' && isMeantFor(all, hostOf(run, event))) continue;
    // A client that names its user to the host its caller chose, as database clients do.
    if (canary.kind === 'host_identity' && isDriverHost(hostOf(run, event))) continue;
    drafts.push({
      id: claimOf(canary.kind),
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(
        ancestry(run, event.process),
        readsBefore(run, event),
        patchesBeside(run, event),
        event.request,
        event.id,
      ),
      summary: `${words(canary.kind)} decoy sent to ${event.host ?? event.ip ?? 'the network'}${event.encoding === undefined || event.encoding === 'raw' ? '' : ` as ${event.encoding}`}`,
    });
  }
  return drafts;
};

function claimOf(kind: string): ClaimId {
  if (kind === 'host_identity') return 'exfil.host-info';
  if (kind === 'api_argument') return 'exfil.argument-egress';
  return 'exfil.canary-egress';
}

function isOwnRegistryLogin(run: RunEvidence, event: TraceEvent): boolean {
  return event.egress === 'mirror' && !byPackage(run, event);
}

/** Where a caller's key may go: to the host that the package declares, or back to the driver that handed it over. */
function isMeantFor(all: Evidence, host: string | undefined): boolean {
  return isDriverHost(host) || isDeclared(all, host);
}

/** Names asked of a name server are themselves what was reached. */
function hostOf(run: RunEvidence, event: TraceEvent): string | undefined {
  return event.ip === undefined ? event.host : nameOf(run, event);
}

/** What the same process had replaced: the way by which a value that only passes is taken along. */
function patchesBeside(run: RunEvidence, egress: TraceEvent): string[] {
  return run.events
    .filter(
      (event) =>
        event.type === 'runtime.hook' &&
        event.api === 'patch' &&
        event.process === egress.process &&
        isCarrier(event.detail),
    )
    .slice(0, 2)
    .map((event) => event.id);
}

function readsBefore(run: RunEvidence, egress: TraceEvent): string[] {
  const reads = run.events.filter(
    (event) =>
      event.t_ms <= egress.t_ms &&
      byPackage(run, event) &&
      ((event.type === 'canary.read' && event.canary === egress.canary) ||
        (event.type === 'runtime.hook' && event.canary !== undefined && event.canary === egress.canary)),
  );
  // A step that was handed the decoy, or the last looks at it, say most.
  return reads.slice(-4).map((event) => event.id);
}

const minChunks = 5;
const minLabelChars = 20;

/** `exfil.dns-chunked`: at least five names of one domain whose first labels look like data. */
export const dnsChunked: RunRule = (run, all) => {
  const groups = new Map<string, TraceEvent[]>();
  for (const event of run.events) {
    if (event.type !== 'net.dns' || event.host === undefined || !byPackage(run, event)) continue;
    const labels = event.host.split('.');
    if (labels.length < 3 || !labels.slice(0, -2).some(looksLikeData)) continue;
    // One process per name is as good as one for all of them.
    const key = `${event.phase} ${ownerOf(run, all, event)} ${labels.slice(-2).join('.')}`;
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  const drafts: Draft[] = [];
  for (const events of groups.values()) {
    const first = events[0];
    if (first === undefined || new Set(events.map((event) => event.host)).size < minChunks) continue;
    drafts.push({
      id: 'exfil.dns-chunked',
      phase: first.phase,
      package: ownerOf(run, all, first),
      evidence: evidenceOf(
        ancestry(run, first.process),
        events.slice(0, 12).map((event) => event.id),
      ),
      summary: `${events.length} names under ${first.host?.split('.').slice(-2).join('.')} carry data`,
    });
  }
  return drafts;
};

/** A label that no person would choose: long and without vowels' rhythm, or numbered pieces of hex or base32. */
function looksLikeData(label: string): boolean {
  if (label.length < 8) return false;
  if (/^[0-9a-f]{12,}$/i.test(label) || /^[a-z2-7]{16,}$/i.test(label)) return true;
  return label.length >= minLabelChars && /[0-9]/.test(label);
}
