import { z } from 'zod';

export const Severity = z.enum(['info', 'low', 'medium', 'high', 'critical']);
export type Severity = z.infer<typeof Severity>;

export const Confidence = z.enum(['low', 'medium', 'high']);
export type Confidence = z.infer<typeof Confidence>;

const order: Record<Severity, number> = { info: 0, low: 1, medium: 2, high: 3, critical: 4 };

/** Negative when `a` is the milder one: usable as a sort comparator. */
export function compareSeverity(a: Severity, b: Severity): number {
  return order[a] - order[b];
}
