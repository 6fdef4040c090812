import { z } from 'zod';
import { Phase, RunId } from './event.ts';

/** What a report can measure (package-analysis contract §3, `capabilities`). */
export const Channel = z.enum([
  'processes',
  'files',
  'dns',
  'tcp',
  'udp',
  'http',
  'tls_plaintext',
  'memory_exec',
  'runtime_hook',
  'canaries',
  'clock_shift',
  'activation',
  'arguments',
  'dependency_tree',
  'static_js',
  'static_python',
  'static_binary',
  'baseline',
  'metadata',
  'provenance',
]);
export type Channel = z.infer<typeof Channel>;

/** A gap in what was measured. `blocks_benign` makes the coverage partial; `note` only says so. */
export const Limitation = z.object({
  code: z.string().regex(/^[a-z][a-z0-9_]*$/),
  channel: Channel,
  run: RunId.optional(),
  phase: Phase.optional(),
  effect: z.enum(['blocks_benign', 'note']),
  text: z.string(),
});
export type Limitation = z.infer<typeof Limitation>;

export const Capability = z.object({ measured: z.boolean(), how: z.string(), reason: z.string().optional() });
export type Capability = z.infer<typeof Capability>;
