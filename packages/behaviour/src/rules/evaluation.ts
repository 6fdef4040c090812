import type { StaticClaim, TraceEvent } from '@assay/kernel';
import type { ClaimId } from '../claims.ts';
import type { Evidence, RunEvidence } from '../evidence.ts';
import { mediaPath } from './media.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** Names under which the runtime hook records text that becomes code. */
const evaluators =
  /^(eval|Function|AsyncFunction|GeneratorFunction|AsyncGeneratorFunction|script|import:data|Module\._compile|vm\.[A-Za-z]+|WebAssembly\.[A-Za-z]+)$/;

export function isEvaluation(event: TraceEvent): boolean {
  if (event.type !== 'runtime.hook' || event.api === undefined) return false;
  // A worker is started from a file, or from text: then the record has the text's digest.
  return evaluators.test(event.api) || (event.api === 'Worker' && event.sha256 !== undefined);
}

/** `exec.encoded-payload`: text that a decoder made and an evaluator was given, both seen by the runtime hook. */
export const decodedThenEvaluated: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  const decodes = run.events.filter(
    (event) => event.type === 'runtime.hook' && event.detail?.startsWith('evaluated by ') === true,
  );
  for (const event of run.events) {
    if (!isEvaluation(event) || event.sha256 === undefined) continue;
    const decode = decodes.find((other) => other.process === event.process && other.sha256 === event.sha256);
    if (decode === undefined) continue;
    drafts.push({
      id: 'exec.encoded-payload',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(signalsIn(all, event), ancestry(run, event.process), decode.id, event.id),
      summary: `${decode.api ?? 'a decoder'} made what ${event.api} ran`,
    });
  }
  return drafts;
};

/** Signals in the file that made a call. */
function signalsIn(all: Evidence, event: TraceEvent): string[] {
  return all.signals
    .filter(
      (signal) => fileOf(event) === signal.file && /\.(decode|encoded|evaluate|invisible|media)/.test(signal.rule),
    )
    .map(({ id }) => id);
}

/** Static claims about text that becomes code, and what they are once it was seen to become code. */
const confirmed: Partial<Record<string, { id: ClaimId; severity?: 'critical' }>> = {
  'exec.encoded-payload': { id: 'exec.encoded-payload' },
  'exec.hidden-unicode': { id: 'exec.hidden-unicode', severity: 'critical' },
  'exec.media-payload': { id: 'exec.media-payload', severity: 'critical' },
};

/**
 * What static reading says can happen, seen happening: the very file that hides text and evaluates it did evaluate something
 * in this run (or handed it to a process). That turns "can" into "does": confidence high.
 */
export const triggeredPayload: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const claim of all.staticClaims) {
    const known = confirmed[claim.id];
    if (known === undefined) continue;
    const files = new Set(claim.signals.map((index) => all.signals[index]?.file));
    const ran = run.events.find((event) => isRunning(event) && byPackage(run, event) && files.has(fileOf(event)));
    if (ran === undefined) continue;
    const media = claim.id === 'exec.media-payload' ? mediaRead(run, ran) : undefined;
    drafts.push({
      id: known.id,
      ...(known.severity === undefined ? {} : { severity: known.severity }),
      confidence: 'high',
      phase: ran.phase,
      package: all.subject.name,
      evidence: evidenceOf(signalIds(all, claim), ancestry(run, ran.process), media, ran.id),
      summary: `${claim.summary}; seen in ${ran.phase}`,
    });
  }
  return drafts;
};

function isRunning(event: TraceEvent): boolean {
  return (
    isEvaluation(event) ||
    (event.type === 'runtime.hook' && /^(child_process\.|process\.execve|Worker)/.test(event.api ?? ''))
  );
}

function mediaRead(run: RunEvidence, ran: TraceEvent): string | undefined {
  return run.events.findLast(
    (event) =>
      event.type === 'file.read' &&
      event.outcome === 'ok' &&
      event.process === ran.process &&
      event.t_ms <= ran.t_ms &&
      mediaPath.test(event.path ?? ''),
  )?.id;
}

function signalIds(all: Evidence, claim: StaticClaim): string[] {
  return claim.signals.map((index) => all.signals[index]?.id).filter((id): id is string => id !== undefined);
}

/** Path inside the artifact of the file that made a call; undefined for any other package's. */
function fileOf({ caller }: TraceEvent): string | undefined {
  const match = /^\{pkg\}\/(.*?)(?::\d+)*$/.exec(caller ?? '');
  return match?.[1];
}

const hiddenClaims = {
  encoded: { id: 'exec.encoded-payload', words: 'encoded text' },
  invisible: { id: 'exec.hidden-unicode', severity: 'critical', words: 'invisible characters' },
  media: { id: 'exec.media-payload', severity: 'critical', words: 'the bytes of a picture or sound' },
} as const;

/** Code that ran and lay hidden in the artifact: undoing the encoding there gives the very text. */
export const hiddenCode: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const { event: id, signal, kind } of all.hidden ?? []) {
    const event = run.events.find((one) => one.id === id);
    if (event === undefined) continue;
    const { words, ...claim } = hiddenClaims[kind];
    const read = kind === 'media' ? mediaRead(run, event) : undefined;
    const file = all.signals.find((one) => one.id === signal)?.file ?? 'the artifact';
    drafts.push({
      ...claim,
      confidence: 'high',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(signal, ancestry(run, event.process), read, event.id),
      summary: `${words} of ${file} became code that ran`,
    });
  }
  return drafts;
};
