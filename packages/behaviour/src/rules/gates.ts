import { compareSeverity, type RunId } from '@assay/kernel';
import { claims } from '../claims.ts';
import type { Evidence, RunEvidence } from '../evidence.ts';
import type { RunPlan } from '../runs.ts';
import { byPackage, type CrossRule, type Draft, evidenceOf } from './rule.ts';

const baseRun: RunId = 'r0';

/**
 * `evade.*-gate`: an effect (a claim of at least high) that one run shows and r0 does not. What that run had and r0 had not
 * names the gate. *Source:* package-analysis contract §5, "a gate finding fires only beside an effect".
 */
export const gates: CrossRule = (all, drafts) => {
  const base = new Set((drafts.get(baseRun) ?? []).map((draft) => `${draft.id} ${draft.package}`));
  const found: Draft[] = [];
  const baseCompleted = all.runs.find((run) => run.run === baseRun);
  if (baseCompleted === undefined) return found;
  for (const run of all.runs) {
    if (run.run === baseRun) continue;
    const effects = (drafts.get(run.run) ?? []).filter(
      (draft) => isEffect(draft) && !base.has(`${draft.id} ${draft.package}`),
    );
    for (const effect of effects) {
      const gate = gateOf(run, all, drafts, effect);
      if (gate === undefined) continue;
      found.push({
        id: gate.id,
        phase: effect.phase,
        package: effect.package,
        evidence: evidenceOf(gate.looks, effect.evidence),
        summary: `${effect.id} only ${gate.words}`,
      });
    }
  }
  return found;
};

function isEffect(draft: Draft): boolean {
  if (draft.id.startsWith('evade.')) return false;
  const severity = draft.severity ?? claims[draft.id].severity;
  return compareSeverity(severity, 'high') >= 0;
}

function gateOf(run: RunEvidence, all: Evidence, drafts: ReadonlyMap<string, readonly Draft[]>, effect: Draft) {
  const { plan } = run;
  const shows = (other: RunPlan) =>
    (drafts.get(other.run) ?? []).some((draft) => draft.id === effect.id && draft.package === effect.package);
  if (plan.egress === 'blocked')
    return { id: 'evade.blocked-egress' as const, words: 'when the network is blocked', looks: refusals(run, effect) };
  const clockOnly = plan.clock !== 'now' && plan.persona === 'developer';
  // r4 moves both clock and persona: the later clock of r3 tells which of the two it was.
  const later = all.runs.find((other) => other.plan.clock === '+400d');
  if (clockOnly || (plan.clock !== 'now' && later !== undefined && shows(later.plan))) {
    return {
      id: 'evade.time-gate' as const,
      words: `with the clock at ${plan.clock}`,
      looks: looks(run, effect, ['clock.read', 'sleep']),
    };
  }
  return { id: 'evade.env-gate' as const, words: `as ${plan.persona}`, looks: looks(run, effect, ['runtime.hook']) };
}

/** What the package asked of the network before the effect, and was not given. */
function refusals(run: RunEvidence, effect: Draft): string[] {
  const until = run.events.find((event) => event.id === effect.evidence.at(-1))?.t_ms ?? Number.POSITIVE_INFINITY;
  return run.events
    .filter(
      (event) =>
        /^net\.(dns|connect|http)$/.test(event.type) &&
        event.phase === effect.phase &&
        event.t_ms <= until &&
        event.egress !== 'mirror' &&
        event.protocol !== 'raw' &&
        byPackage(run, event),
    )
    .slice(-3)
    .map((event) => event.id);
}

function looks(run: RunEvidence, effect: Draft, types: readonly string[]): string[] {
  const last = effect.evidence.at(-1);
  const until = run.events.find((event) => event.id === last)?.t_ms ?? Number.POSITIVE_INFINITY;
  return run.events
    .filter(
      (event) =>
        types.includes(event.type) &&
        event.phase === effect.phase &&
        event.t_ms <= until &&
        (event.type !== 'runtime.hook' || event.api === 'process.env'),
    )
    .slice(-2)
    .map((event) => event.id);
}
