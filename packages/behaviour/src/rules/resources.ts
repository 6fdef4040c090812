import type { TraceEvent } from '@assay/kernel';
import type { RunEvidence } from '../evidence.ts';
import { isLocal, nameOf } from './reached.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** `resource.cpu-spin` and `resource.fork-bomb`, from what the watchdog saw. */
export const resources: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'resource') continue;
    const base = {
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
    };
    if (event.api === 'processes') {
      drafts.push({ ...base, id: 'resource.fork-bomb', summary: `${event.detail ?? 'too many processes'} at once` });
    } else if (event.api === 'spin' && event.phase !== 'execute') {
      // In execute a function that was handed nonsense may loop; at install and import nobody asked for it.
      drafts.push({ ...base, id: 'resource.cpu-spin', summary: `used the processor until the deadline` });
    }
  }
  return drafts;
};

const minerPorts = new Set([3333, 4444, 5555, 7777, 14433, 14444, 45560, 45700]);

/** `resource.miner`: a mining handshake, or a usual pool port under CPU load. */
export const miner: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'net.connect' || isLocal(event) || event.egress === 'mirror' || !byPackage(run, event)) continue;
    const load = loadAfter(run, event);
    const isHandshake = event.detail === 'stratum';
    if (!isHandshake && (load === undefined || !minerPorts.has(event.port ?? 0) || event.bytes === undefined)) continue;
    drafts.push({
      id: 'resource.miner',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id, load?.id),
      summary: `${isHandshake ? 'mining handshake' : 'load beside a connection'} with ${nameOf(run, event) ?? event.ip}:${event.port}`,
    });
  }
  return drafts;
};

function loadAfter(run: RunEvidence, event: TraceEvent): TraceEvent | undefined {
  return run.events.find(
    (other) =>
      other.type === 'resource' &&
      (other.api === 'cpu' || other.api === 'spin') &&
      other.phase === event.phase &&
      other.t_ms >= event.t_ms,
  );
}
