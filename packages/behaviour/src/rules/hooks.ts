import type { TraceEvent } from '@assay/kernel';
import { isDriverHost } from '../driver.ts';
import type { Evidence, RunEvidence } from '../evidence.ts';
import { isDeclared, nameOf } from './reached.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/**
 * Functions that many packages share and that money or credentials pass through. Wrapping others (`console.log`,
 * `Module._load`, `JSON.parse`) is what loggers, source maps and loaders are for, and carries no traffic.
 */
const carrier =
  /^((globalThis|window)\.)?(fetch|XMLHttpRequest|WebSocket|EventSource|Request|Headers|FormData|ethereum|solana|navigator)\b|^(node:)?(https?|http2|net|tls|undici)\.(?!createServer|Server)|^(navigator|ethereum|solana)\./;

/** Matches `http.request`, `globalThis.fetch`, `net.Socket.prototype.write`; not `console.log`, `http.createServer`. */
export function isCarrier(target: string | undefined): boolean {
  return target !== undefined && carrier.test(target);
}

/**
 * Replaced globals and shared functions. What passes decides: a planted address that came out changed is
 * `hook.address-rewrite`, a changed clipboard `hook.clipboard-swap`, a credential that went elsewhere `hook.global-patch`;
 * a wrapper that forwards unchanged is `hook.instrumentation`.
 */
export const patches: RunRule = (run, all) => {
  const wrappers = hooksOf(run, 'patch').filter((event) => isCarrier(event.detail));
  const rewrites = hooksOf(run, 'driver.rewritten');
  const drafts: Draft[] = [];
  const claim = (id: Draft['id'], event: TraceEvent, evidence: readonly (TraceEvent | undefined)[], summary: string) =>
    drafts.push({
      id,
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(
        ancestry(run, event.process),
        evidence.map((one) => one?.id),
      ),
      summary,
    });
  for (const event of rewrites) {
    const wrapper = wrappers.find((other) => other.process === event.process && other.t_ms <= event.t_ms);
    const actor = wrapper ?? event;
    const request = nearestRequest(run, event);
    claim('hook.address-rewrite', actor, [wrapper, event, request], event.detail ?? 'an address came out changed');
    claim(
      'hook.global-patch',
      actor,
      [wrapper, event],
      `replaced ${wrapper?.detail ?? 'a shared function'}; what passes is changed`,
    );
  }
  for (const write of unaskedCopies(run, all)) {
    claim(
      'hook.clipboard-swap',
      write.event,
      [write.read, write.event],
      'read the clipboard and put something else there',
    );
  }
  for (const event of hooksOf(run, 'driver.clipboard-swapped')) {
    const read = run.events.find(
      (other) =>
        other.type === 'canary.read' &&
        all.canaries.get(other.canary ?? '')?.kind === 'clipboard' &&
        other.t_ms <= event.t_ms,
    );
    claim('hook.clipboard-swap', event, [read, event], event.detail ?? 'the clipboard held another address');
  }
  for (const wrapper of wrappers) {
    const leak = leakBeside(run, all, wrapper);
    if (leak !== undefined) {
      claim(
        'hook.global-patch',
        wrapper,
        [wrapper, leak],
        `replaced ${wrapper.detail}; a credential that passed went to ${leak.host ?? leak.ip}`,
      );
    } else if (!rewrites.some((other) => other.process === wrapper.process)) {
      claim('hook.instrumentation', wrapper, [wrapper], `wraps ${wrapper.detail}`);
    }
  }
  return drafts;
};

/** The clipboard's store read and then written by one package while nobody had called anything. */
function unaskedCopies(run: RunEvidence, all: Evidence): { read: TraceEvent; event: TraceEvent }[] {
  const reads = run.events.filter(
    (event) =>
      event.type === 'canary.read' &&
      all.canaries.get(event.canary ?? '')?.kind === 'clipboard' &&
      event.phase !== 'execute',
  );
  return run.events.flatMap((event) => {
    if (event.type !== 'file.write' || event.outcome !== 'ok' || !byPackage(run, event)) return [];
    const read = reads.find(
      (other) =>
        other.path === event.path &&
        other.t_ms < event.t_ms &&
        other.phase === event.phase &&
        byPackage(run, other) &&
        // The driver, at the root of its phase, looks at the store itself.
        run.processes.get(other.process)?.parent_key !== undefined &&
        ownerOf(run, all, other) === ownerOf(run, all, event),
    );
    return read === undefined ? [] : [{ read, event }];
  });
}

function hooksOf(run: RunEvidence, api: string): TraceEvent[] {
  return run.events.filter((event) => event.type === 'runtime.hook' && event.api === api);
}

/** The request that showed it: the driver compares once the answer is there, the sinkhole's record may come a little later. */
function nearestRequest(run: RunEvidence, event: TraceEvent): TraceEvent | undefined {
  const requests = run.events.filter(
    (other) => other.type === 'net.http' && other.process === event.process && other.phase === event.phase,
  );
  return requests.find((other) => other.t_ms >= event.t_ms) ?? requests.at(-1);
}

/**
 * A credential that left the wrapper's process, for anywhere but the host that its owner meant. When the wrapper was noticed
 * says nothing about when it was put there: globals are compared at checkpoints.
 */
function leakBeside(run: RunEvidence, all: Evidence, wrapper: TraceEvent): TraceEvent | undefined {
  return run.events.find((event) => {
    if (event.type !== 'canary.egress' || event.process !== wrapper.process || event.egress === 'mirror') return false;
    const kind = all.canaries.get(event.canary ?? '')?.kind;
    if (kind === undefined || kind === 'host_identity') return false;
    const host = nameOf(run, event) ?? event.host;
    return !isDriverHost(host) && !(kind === 'api_argument' && isDeclared(all, host));
  });
}
