import type { TraceEvent } from '@assay/kernel';
import { isDriverHost } from '../driver.ts';
import type { Evidence, RunEvidence } from '../evidence.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

const shells = /^(sh|bash|dash|zsh|ksh|cmd|powershell|pwsh|busybox)(\.exe)?$/;
const minerPorts = new Set([3333, 4444, 5555, 7777, 14433, 14444, 45560, 45700]);

export function isLocal(event: Pick<TraceEvent, 'ip' | 'host'>): boolean {
  return /^(127\.|::1$|0\.0\.0\.0$|::$)/.test(event.ip ?? '') || /^(localhost|ip6-localhost)$/.test(event.host ?? '');
}

/** Contacts to the outside by package code: one event per (process, host or address), requests preferred over connects. */
export function contacts(run: RunEvidence): TraceEvent[] {
  const seen = new Map<string, TraceEvent>();
  for (const event of run.events) {
    if (event.type !== 'net.http' && event.type !== 'net.connect' && event.type !== 'net.tls') continue;
    if (
      isLocal(event) ||
      isDriverHost(event.host) ||
      event.egress === 'mirror' ||
      event.protocol === 'unix' ||
      (event.ip === undefined && event.host === undefined) ||
      event.port === 53 ||
      !byPackage(run, event)
    )
      continue;
    const key = `${event.process} ${event.host ?? event.ip}`;
    const known = seen.get(key);
    if (known === undefined || (known.type !== 'net.http' && event.type === 'net.http')) seen.set(key, event);
  }
  return [...seen.values()];
}

/**
 * `net.import-egress`: merely importing the package contacts a host that neither its manifest nor its own text declares.
 * `net.egress`: the same on explicit use, for the record.
 */
export const egress: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of contacts(run)) {
    const direct = event.host === undefined;
    const name = event.host ?? event.ip ?? 'an address';
    if (event.phase === 'import' && !isDeclared(all, event.host)) {
      drafts.push({
        id: 'net.import-egress',
        phase: 'import',
        package: ownerOf(run, all, event),
        severity: direct ? 'high' : 'medium',
        evidence: evidenceOf(ancestry(run, event.process), connectOf(run, event), event.id),
        summary: `contacted ${name}${direct ? ' without a name' : ''} when imported`,
      });
    } else if (event.phase === 'execute') {
      drafts.push({
        id: 'net.egress',
        phase: 'execute',
        package: ownerOf(run, all, event),
        evidence: evidenceOf(event.id),
        summary: `contacted ${name} when its functions were called`,
      });
    }
  }
  return drafts;
};

export function isDeclared(all: Evidence, host: string | undefined): boolean {
  if (host === undefined) return false;
  for (const declared of all.subject.declaredHosts) if (host === declared || host.endsWith(`.${declared}`)) return true;
  return false;
}

function connectOf(run: RunEvidence, event: TraceEvent): string | undefined {
  return run.events.find(
    (other) => other.type === 'net.connect' && other.process === event.process && other.ip === event.ip,
  )?.id;
}

/**
 * `c2.dead-drop`: an answer carried a planted address and the same package then contacted it. Reading a public page alone is
 * not a claim.
 */
export const deadDrop: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  const planters = [...run.requests.values()].filter((request) => request.response?.profile.startsWith('dead-drop'));
  for (const planter of planters) {
    const followed = run.events.find(
      (event) =>
        (event.type === 'net.http' || event.type === 'net.connect' || event.type === 'net.dns') &&
        event.t_ms >= planter.t_ms &&
        event.host !== undefined &&
        isPlanted(event.host) &&
        event.id !== planter.event,
    );
    const service = run.events.find((event) => event.id === planter.event);
    if (service === undefined || !byPackage(run, service)) continue;
    if (followed === undefined && planter.phase === 'execute') continue;
    const interesting = followed !== undefined || /rpc|chain|memo|paste|calendar/.test(planter.response?.profile ?? '');
    if (!interesting || (followed === undefined && isDeclared(all, planter.host))) continue;
    drafts.push({
      id: 'c2.dead-drop',
      phase: planter.phase,
      package: ownerOf(run, all, service),
      severity: followed === undefined ? 'high' : 'critical',
      evidence: evidenceOf(ancestry(run, planter.process), planter.event, followed?.id),
      summary:
        followed === undefined
          ? `read a public page at ${planter.host} for an address`
          : `took an address from ${planter.host} and contacted it`,
    });
  }
  return drafts;
};

/** Hosts that only exist in what the sinkhole plants. */
export function isPlanted(host: string): boolean {
  return /^(dd|drop|planted)-[a-z0-9-]+\.[a-z0-9.-]*invalid$/.test(host);
}

/** `c2.reverse-shell`: a shell whose input or output is a network connection. */
export const reverseShell: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const connect of run.events) {
    if (connect.type !== 'net.connect' || isLocal(connect) || connect.protocol !== 'tcp' || !byPackage(run, connect))
      continue;
    const shell = run.events.find((event) => {
      if (event.type !== 'process.exec' || event.t_ms < connect.t_ms) return false;
      const program = (event.argv?.[0] ?? '').split('/').at(-1) ?? '';
      if (!shells.test(program)) return false;
      const interactive = (event.argv ?? []).length === 1 || (event.argv ?? []).includes('-i');
      const process = run.processes.get(event.process);
      const sameProcess = event.process === connect.process;
      const child = process?.parent_key === connect.process;
      return event.detail === 'stdio:socket' || (interactive && (sameProcess || child));
    });
    if (shell === undefined) continue;
    drafts.push({
      id: 'c2.reverse-shell',
      phase: connect.phase,
      package: ownerOf(run, all, connect),
      evidence: evidenceOf(ancestry(run, connect.process), connect.id, shell.id),
      summary: `shell on a connection to ${connect.host ?? connect.ip}:${connect.port}`,
    });
  }
  return drafts;
};

/** `resource.miner`: a mining handshake, or a known pool port under CPU load. */
export const miner: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'net.connect' && event.type !== 'net.http') continue;
    if (isLocal(event) || !byPackage(run, event)) continue;
    const handshake =
      event.detail === 'stratum' || /(^|\.)(pool|xmr|stratum|mining|moner[o0]\w*)[.-]/.test(event.host ?? '');
    const load = run.events.find(
      (other) => other.type === 'resource' && other.api === 'cpu' && other.phase === event.phase,
    );
    if (!(handshake || (minerPorts.has(event.port ?? 0) && load !== undefined))) continue;
    if (event.detail !== 'stratum' && load === undefined) continue;
    drafts.push({
      id: 'resource.miner',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id, load?.id),
      summary: `mining pool handshake with ${event.host ?? event.ip}:${event.port}`,
    });
  }
  return drafts;
};
