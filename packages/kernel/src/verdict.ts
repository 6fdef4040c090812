import { z } from 'zod';
import type { Finding } from './finding.ts';
import type { Confidence, Severity } from './severity.ts';

export const VerdictLevel = z.enum(['benign', 'inconclusive', 'suspicious', 'malicious']);
export type VerdictLevel = z.infer<typeof VerdictLevel>;

export const Coverage = z.enum(['complete', 'partial']);
export type Coverage = z.infer<typeof Coverage>;

export const Verdict = z.object({
  level: VerdictLevel,
  score: z.number().int().min(0).max(100),
  reasons: z.array(z.object({ finding: z.string(), weight: z.number(), text: z.string() })),
  coverage: Coverage,
});
export type Verdict = z.infer<typeof Verdict>;

/** Version 1 of the weights (package-analysis contract §3.1); part of the ruleset digest. */
export const weights = {
  version: 1,
  severity: { critical: 90, high: 60, medium: 30, low: 8, info: 0 } satisfies Record<Severity, number>,
  confidence: { high: 1, medium: 0.7, low: 0.4 } satisfies Record<Confidence, number>,
  malicious: 75,
  suspicious: 40,
} as const;

type Weighed = Pick<Finding, 'id' | 'severity' | 'confidence' | 'category' | 'summary'>;

/** Weight of one finding, 0–90. */
export function weightOf(finding: Pick<Finding, 'severity' | 'confidence'>): number {
  return weights.severity[finding.severity] * weights.confidence[finding.confidence];
}

/**
 * The verdict as a pure function of findings and coverage.
 *
 * Only the heaviest finding of each category counts, so that one trick seen ten times is not ten tricks; adding a finding
 * never lowers score or level. *Source:* package-analysis contract §3.1.
 */
export function verdictOf(findings: readonly Weighed[], coverage: Coverage): Verdict {
  const heaviest = new Map<string, { finding: Weighed; weight: number }>();
  for (const finding of findings) {
    const weight = weightOf(finding);
    const best = heaviest.get(finding.category);
    if (weight > 0 && (best === undefined || weight > best.weight)) heaviest.set(finding.category, { finding, weight });
  }
  const counted = [...heaviest.values()].sort((a, b) => b.weight - a.weight || (a.finding.id < b.finding.id ? -1 : 1));
  const harmless = counted.reduce((rest, { weight }) => rest * (1 - weight / 100), 1);
  const score = Math.round(100 * (1 - harmless));
  return {
    level: levelOf(score, coverage),
    score,
    reasons: counted.map(({ finding, weight }) => ({ finding: finding.id, weight, text: finding.summary })),
    coverage,
  };
}

function levelOf(score: number, coverage: Coverage): VerdictLevel {
  if (score >= weights.malicious) return 'malicious';
  if (score >= weights.suspicious) return 'suspicious';
  return coverage === 'complete' ? 'benign' : 'inconclusive';
}

const gate: Record<VerdictLevel, number> = { benign: 0, inconclusive: 1, suspicious: 2, malicious: 3 };

/** Whether `level` is at or above `threshold` in the gate order benign < inconclusive < suspicious < malicious. */
export function reaches(level: VerdictLevel, threshold: VerdictLevel): boolean {
  return gate[level] >= gate[threshold];
}
