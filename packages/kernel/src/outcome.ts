import { z } from 'zod';

/** What a measurement answers. `not_measured` is never shown as clean. */
export type Outcome<T> =
  | { kind: 'present'; evidence: T[] }
  | { kind: 'absent'; examined: number }
  | { kind: 'not_applicable' | 'not_measured'; reason: string };

/** A report's single measured value, or why there is none (package-analysis contract §3, `metadata`). */
export const measured = <T extends z.ZodType>(value: T) =>
  z.discriminatedUnion('status', [
    z.object({ status: z.literal('measured'), value }),
    z.object({ status: z.literal('not_measured'), reason: z.string() }),
  ]);

export type Measured<T> = { status: 'measured'; value: T } | { status: 'not_measured'; reason: string };
