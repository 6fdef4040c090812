import { type ClaimId, claims } from '../claims.ts';
import type { Evidence } from '../evidence.ts';
import type { Draft } from './rule.ts';

/** Claims that static reading makes by itself; ids that this engine does not know are a defect, not data. */
export function staticDrafts(all: Evidence): Draft[] {
  return all.staticClaims.map((claim) => {
    if (!(claim.id in claims))
      throw new TypeError(`static reading claims ${JSON.stringify(claim.id)}, which this engine does not know`);
    const phase = /^(manifest|dep)\./.test(claim.id) ? 'metadata' : 'static';
    return {
      id: claim.id as ClaimId,
      phase,
      package: all.subject.name,
      severity: claim.severity,
      confidence: claim.confidence,
      evidence: claim.signals.map((index) => all.signals[index]?.id).filter((id): id is string => id !== undefined),
      summary: claim.summary,
    };
  });
}
