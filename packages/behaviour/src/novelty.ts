import type { TraceEvent } from '@assay/kernel';
import { isDriverHost } from './driver.ts';
import type { RunEvidence } from './evidence.ts';

/** Events whose equals differ between runs by nothing but chance are compared without these. */
const ignored = /\b([0-9a-f]{8,}|[0-9]{4,})\b|-[a-z]{6,10}(?=$|[/.@: ])/g;
const telling = new Set<TraceEvent['type']>([
  'process.exec',
  'file.write',
  'file.delete',
  'file.rename',
  'net.dns',
  'net.connect',
  'net.http',
  'net.listen',
  'canary.read',
  'canary.egress',
  'memory.exec',
  'ptrace',
  'resource',
]);
const maxNew = 200;

/** Ids of this run's events that have no equivalent in the base run: what its persona, clock or egress brought out. */
export function newBehaviour(run: RunEvidence, base: RunEvidence): string[] {
  const known = new Set([...base.events].map((event) => essence(event, base)));
  return run.events
    .filter(
      (event) =>
        telling.has(event.type) &&
        event.egress !== 'mirror' &&
        !isDriverHost(event.host) &&
        run.processes.get(event.process)?.toolchain !== true,
    )
    .filter((event) => !known.has(essence(event, run)))
    .slice(0, maxNew)
    .map((event) => event.id);
}

/** What makes two events the same thing: not when, not by which pid, not random names. */
function essence(event: TraceEvent, run: RunEvidence): string {
  const name = run.processes.get(event.process)?.process_name ?? '';
  const words = [
    event.path,
    event.to,
    event.host ?? event.ip,
    event.port,
    event.method,
    event.url_path,
    event.canary,
    event.api,
    event.argv?.join(' '),
  ];
  return [
    event.phase,
    event.type,
    event.outcome,
    name,
    ...words.map((word) => String(word ?? '').replace(ignored, '#')),
  ].join('|');
}
