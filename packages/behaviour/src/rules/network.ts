import type { TraceEvent } from '@assay/kernel';
import { isDriverHost } from '../driver.ts';
import type { RunEvidence } from '../evidence.ts';
import { isDeclared, isLocal, nameOf } from './reached.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, programOf, type RunRule } from './rule.ts';

/** Contacts to the outside by package code: one event per (process, host or address), requests preferred over connects. */
export function contacts(run: RunEvidence): TraceEvent[] {
  const seen = new Map<string, TraceEvent>();
  for (const event of run.events) {
    if (event.type !== 'net.http' && event.type !== 'net.connect' && event.type !== 'net.tls') continue;
    if (isLocal(event) || event.ip === undefined || isDriverHost(nameOf(run, event)) || event.egress === 'mirror')
      continue;
    if (event.protocol === 'unix' || event.protocol === 'raw' || event.port === 53 || !byPackage(run, event)) continue;
    const key = `${event.process} ${event.ip} ${event.port}`;
    const known = seen.get(key);
    if (known === undefined || (known.type !== 'net.http' && event.type === 'net.http')) seen.set(key, event);
  }
  return [...seen.values()];
}

/**
 * `net.import-egress`: merely importing the package contacts a host that neither its manifest nor its documents declare.
 * `net.egress`: the same on explicit use, for the record.
 */
export const egress: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of contacts(run)) {
    const host = nameOf(run, event);
    const name = host ?? event.ip ?? 'an address';
    if (event.phase === 'import' && !isDeclared(all, host)) {
      drafts.push({
        id: 'net.import-egress',
        phase: 'import',
        package: ownerOf(run, all, event),
        severity: host === undefined ? 'high' : 'medium',
        evidence: evidenceOf(ancestry(run, event.process), connectOf(run, event), event.id),
        summary: `contacted ${name}${host === undefined ? ' without a name' : ''} when imported`,
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

function connectOf(run: RunEvidence, event: TraceEvent): string | undefined {
  return run.events.find(
    (other) => other.type === 'net.connect' && other.process === event.process && other.ip === event.ip,
  )?.id;
}

/**
 * `c2.dead-drop`: an answer carried a planted address and the same package then contacted it. Reading a public page alone is
 * not a claim; asking an undeclared chain node for text before anybody called anything is.
 */
export const deadDrop: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const planter of run.requests.values()) {
    if (planter.response?.profile !== 'dead-drop') continue;
    const service = run.events.find((event) => event.id === planter.event);
    if (service === undefined || !byPackage(run, service)) continue;
    const followed = run.events.find(
      (event) => isFollowing(event) && event.t_ms >= planter.t_ms && event.id !== planter.event,
    );
    const isEarlyChain =
      planter.method === 'POST' && planter.phase !== 'execute' && !isDeclared(all, nameOf(run, service));
    if (followed === undefined && !isEarlyChain) continue;
    drafts.push({
      id: 'c2.dead-drop',
      phase: planter.phase,
      package: ownerOf(run, all, service),
      severity: followed === undefined ? 'high' : 'critical',
      evidence: evidenceOf(ancestry(run, planter.process), planter.event, followed?.id),
      summary:
        followed === undefined
          ? `asked a chain node at ${planter.host} for text`
          : `took an address from ${planter.host} and contacted it`,
    });
  }
  return drafts;
};

function isFollowing(event: TraceEvent): boolean {
  return (
    (event.type === 'net.http' || event.type === 'net.connect' || event.type === 'net.dns') &&
    isPlanted(event.host ?? '')
  );
}

/** Hosts that only exist in what the sinkhole plants. Matches `dd-0a1b2c3d4e.invalid`; not `add-1.invalid`. */
export function isPlanted(host: string): boolean {
  return /^dd-[0-9a-f]{6,}\.invalid$/.test(host);
}

const shells = /^(sh|bash|dash|zsh|ksh|ash|fish|cmd|powershell|pwsh|busybox)(\.exe)?$/;

/**
 * `c2.reverse-shell`: a shell whose input or output is a connection, or one that takes its commands from its input and was
 * started by a process that holds a connection to the outside.
 */
export const reverseShell: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  const started = run.events.filter(
    (event) => event.type === 'process.exec' && event.outcome === 'ok' && shells.test(programOf(event)),
  );
  for (const connect of run.events) {
    if (
      connect.type !== 'net.connect' ||
      isLocal(connect) ||
      connect.protocol !== 'tcp' ||
      connect.egress === 'mirror' ||
      !byPackage(run, connect)
    )
      continue;
    const shell = started.find((event) => {
      if (event.t_ms < connect.t_ms) return false;
      const parent = run.processes.get(event.process)?.parent_key;
      const isNear = event.process === connect.process || parent === connect.process;
      return (
        isNear &&
        (event.detail === 'stdio:socket' ||
          (!isDeclared(all, nameOf(run, connect)) && readsCommands(event) && !isDownload(run, connect)))
      );
    });
    if (shell === undefined) continue;
    drafts.push({
      id: 'c2.reverse-shell',
      phase: connect.phase,
      package: ownerOf(run, all, connect),
      evidence: evidenceOf(ancestry(run, connect.process), connect.id, shell.id),
      summary: `shell on a connection to ${nameOf(run, connect) ?? connect.ip}:${connect.port}`,
    });
  }
  return drafts;
};

/** A shell without a script and without `-c`. Matches `sh -i`; not `sh -c ls`, `sh build.sh`. */
function readsCommands({ argv = [] }: TraceEvent): boolean {
  return argv.slice(1).every((word) => /^[-+](?!.*c)/.test(word) || word === '-' || word === '--');
}

/** An HTTP connection ends with its answer; what is piped into a shell then is `exec.fetched-code`. */
function isDownload(run: RunEvidence, connect: TraceEvent): boolean {
  return run.events.some(
    (event) =>
      event.type === 'net.http' &&
      event.process === connect.process &&
      event.ip === connect.ip &&
      event.port === connect.port,
  );
}
