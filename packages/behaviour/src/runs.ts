import type { RunId } from '@assay/kernel';

export type PersonaName = 'developer' | 'ci' | 'agent' | 'locale';
export type ClockShift = 'now' | '+72h' | '+400d';
export type Egress = 'sinkhole' | 'blocked';

/** Surroundings of one run. */
export interface RunPlan {
  run: RunId;
  persona: PersonaName;
  clock: ClockShift;
  egress: Egress;
}

/**
 * The required runs (package-analysis contract §3, `triggers`). Each differs from r0 in what a trigger could look at, so that
 * new behaviour can be attributed to it.
 */
export const requiredRuns: readonly RunPlan[] = [
  { run: 'r0', persona: 'developer', clock: 'now', egress: 'sinkhole' },
  { run: 'r1', persona: 'ci', clock: 'now', egress: 'sinkhole' },
  { run: 'r2', persona: 'developer', clock: 'now', egress: 'blocked' },
  { run: 'r3', persona: 'developer', clock: '+400d', egress: 'sinkhole' },
  { run: 'r4', persona: 'agent', clock: '+72h', egress: 'sinkhole' },
  { run: 'r5', persona: 'locale', clock: 'now', egress: 'sinkhole' },
];

/** libfaketime's notation of each shift; `now` runs without it. */
export const fakeTimeOf: Record<ClockShift, string | undefined> = { now: undefined, '+72h': '+72h', '+400d': '+400d' };
