import { z } from 'zod';
import { Confidence, Severity } from './severity.ts';

export const FindingPhase = z.enum(['static', 'metadata', 'install', 'import', 'execute']);
export type FindingPhase = z.infer<typeof FindingPhase>;

export const Baseline = z.enum(['new', 'unchanged', 'not_compared']);
export type Baseline = z.infer<typeof Baseline>;

/** What was seen, with evidence that resolves inside the same report (package-analysis contract §3). */
export const Finding = z.object({
  id: z.string().regex(/^[a-z]+\.[a-z][a-z0-9-]*$/),
  title: z.string(),
  severity: Severity,
  confidence: Confidence,
  category: z.string(),
  phase: FindingPhase,
  runs: z.array(z.string()).optional(),
  package: z.string(),
  /** Event ids (`e…`), signal ids (`s…`), span ids (`x…`) and proof ids (`f…`), in causal order. */
  evidence: z.array(z.string().regex(/^[esxf][0-9]+$/)).min(1),
  mitre: z.array(z.string()),
  summary: z.string(),
  baseline: Baseline,
});
export type Finding = z.infer<typeof Finding>;

const categories: Record<string, string> = {
  cred: 'credential',
  exfil: 'exfiltration',
  flow: 'exfiltration',
  exec: 'execution',
  install: 'execution',
  vsx: 'execution',
  c2: 'c2',
  net: 'c2',
  persist: 'persistence',
  tamper: 'tampering',
  hook: 'tampering',
  destroy: 'destruction',
  evade: 'evasion',
  evasion: 'evasion',
  spread: 'spread',
  resource: 'resource',
  manifest: 'manifest',
  dep: 'manifest',
  source: 'source',
};

/**
 * Category of a finding id, from its prefix (package-analysis contract §3.1; `evasion` from shared/seams.md §5).
 *
 * *Errors:* throws on an unknown prefix: a finding without a category would silently weigh nothing.
 */
export function categoryOf(id: string): string {
  if (id === 'ai.cli-abuse') return 'execution';
  if (id === 'ai.reviewer-injection') return 'evasion';
  const category = categories[id.slice(0, id.indexOf('.'))];
  if (category === undefined) throw new TypeError(`finding id ${JSON.stringify(id)} has no category`);
  return category;
}
