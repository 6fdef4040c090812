import type { TraceEvent } from '@assay/kernel';
import { isDriverHost } from '../driver.ts';
import { ancestry, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** Functions that many packages share and that money or credentials pass through. */
const guarded =
  /^(globalThis\.)?(fetch|XMLHttpRequest(\.prototype\.(open|send|setRequestHeader))?|WebSocket|https?\.(request|get|globalAgent)|http2\.connect|net\.(connect|Socket\.prototype\.connect)|tls\.connect|navigator\.clipboard\.(readText|writeText)|window\.ethereum(\.(request|send|sendAsync))?|ethereum\.request|EventTarget\.prototype\.addEventListener|JSON\.(parse|stringify)|Function\.prototype\.toString|process\.emit|console\.log|Module\._load|Module\._compile|Module\._resolveFilename|child_process\.spawn|Request|Headers\.prototype\.set)$/;

/** Wrapping these is what tracing, mocking and source-map libraries are for, and carries no traffic. */
const harmless = /^(globalThis\.)?(console\.|Module\.|process\.emit|JSON\.|Function\.|Promise|Error)/;

/**
 * Replaced globals and shared functions. What passes decides: a planted address that came out changed is
 * `hook.address-rewrite`, a changed clipboard `hook.clipboard-swap`, a credential that went elsewhere `hook.global-patch`;
 * a wrapper that forwards unchanged is `hook.instrumentation`.
 */
export const patches: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  const patched = run.events.filter(
    (event) => event.type === 'runtime.hook' && event.api === 'patch' && event.detail !== undefined,
  );
  const relevant = patched.filter((event) => guarded.test(event.detail ?? ''));
  const rewrites = run.events.filter((event) => event.type === 'runtime.hook' && event.api === 'driver.rewritten');
  const swaps = run.events.filter((event) => event.type === 'runtime.hook' && event.api === 'driver.clipboard-swapped');
  for (const event of rewrites) {
    const requests = run.events
      .filter((other) => other.type === 'net.http' && other.process === event.process && other.t_ms <= event.t_ms)
      .slice(-1);
    drafts.push(
      draft(
        'hook.address-rewrite',
        event,
        [...relevant.slice(0, 3), event, ...requests],
        event.detail ?? 'an address came out changed',
      ),
    );
    const wrapper = relevant.find((other) => other.process === event.process);
    if (wrapper !== undefined)
      drafts.push(
        draft('hook.global-patch', wrapper, [wrapper, event], `replaced ${wrapper.detail}; what passes is changed`),
      );
  }
  for (const event of swaps)
    drafts.push(draft('hook.clipboard-swap', event, [event], event.detail ?? 'the clipboard held another address'));
  for (const event of relevant) {
    if (harmless.test(event.detail ?? '')) continue;
    const leak = run.events.find(
      (other) =>
        other.type === 'canary.egress' &&
        other.process === event.process &&
        other.t_ms >= event.t_ms &&
        !(other.egress === 'mirror'),
    );
    const elsewhere = leak !== undefined && isElsewhere(leak);
    if (elsewhere && leak !== undefined) {
      drafts.push(
        draft(
          'hook.global-patch',
          event,
          [event, leak],
          `replaced ${event.detail}; a credential that passed went to ${leak.host ?? leak.ip}`,
        ),
      );
    } else if (!rewrites.some((other) => other.process === event.process)) {
      drafts.push(draft('hook.instrumentation', event, [event], `wraps ${event.detail}`));
    }
  }
  return drafts;

  function draft(id: Draft['id'], event: TraceEvent, evidence: TraceEvent[], summary: string): Draft {
    return {
      id,
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(
        ancestry(run, event.process),
        evidence.map((one) => one.id),
      ),
      summary,
    };
  }

  /** The driver itself sends its argument decoys to hosts of its own: arriving there is not a leak. */
  function isElsewhere(leak: TraceEvent): boolean {
    return !isDriverHost(leak.host);
  }
};
