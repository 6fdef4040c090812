import type { TraceEvent } from '@assay/kernel';
import type { Evidence, RunEvidence } from '../evidence.ts';

/** An address written as a host. Matches `203.0.113.9`, `[2001:db8::7]`, `2001:db8::7`; not `a1.example`. */
const literalAddress = /^\[?[0-9a-f]*:[0-9a-f:.]*\]?$|^\d{1,3}(\.\d{1,3}){3}$/i;

const namesOfRuns = new WeakMap<RunEvidence, Map<string, string>>();

/**
 * Name under which an address was looked up in this run; undefined when it was contacted without one.
 *
 * The sinkhole gives every name an address of its own, so this does not depend on what a request calls its host: a `Host`
 * header is anybody's choice.
 */
export function nameOf(run: RunEvidence, event: Pick<TraceEvent, 'ip' | 'host'>): string | undefined {
  if (event.ip === undefined) return literalAddress.test(event.host ?? '') ? undefined : event.host;
  return namesOf(run).get(event.ip);
}

function namesOf(run: RunEvidence): Map<string, string> {
  let names = namesOfRuns.get(run);
  if (names === undefined) {
    names = new Map();
    for (const { type, host, ip } of run.events) {
      if (type === 'net.dns' && host !== undefined && ip !== undefined) names.set(ip, host);
    }
    for (const { type, host, ip } of run.events) {
      // A connection's host is the sinkhole's own word, kept when the question itself was one of too many.
      if (type === 'net.connect' && host !== undefined && ip !== undefined && !names.has(ip)) names.set(ip, host);
    }
    namesOfRuns.set(run, names);
  }
  return names;
}

/** Whether a host is one that the package names in the open, or lies below one. */
export function isDeclared(all: Evidence, host: string | undefined): boolean {
  if (host === undefined) return false;
  for (const declared of all.subject.declaredHosts) if (host === declared || host.endsWith(`.${declared}`)) return true;
  return false;
}

/** Whether an event stays on the machine; what a request calls its host does not make it local. */
export function isLocal({ ip, host }: Pick<TraceEvent, 'ip' | 'host'>): boolean {
  if (ip !== undefined) return /^(127\.|::1$|0\.0\.0\.0$|::$)/.test(ip);
  return /^(localhost|ip6-localhost)$/.test(host ?? '');
}
