import { homedir } from 'node:os';
import path from 'node:path';
import { KernelError } from '@assay/kernel';
import { z } from 'zod';

const Settings = z.object({
  /** Downloaded artifacts, mirror cache: may be deleted at any time. */
  cacheDirectory: z.string(),
  isolation: z.enum(['bubblewrap', 'gvisor']),
  npmRegistry: z.url({ protocol: /^https?$/ }).optional(),
  /** Progress and colours; from the terminal and NO_COLOR, not from our own variables. */
  color: z.boolean(),
});
export type Settings = Readonly<z.infer<typeof Settings>>;

/**
 * Effective settings: flag over environment over default, parsed once and frozen.
 *
 * *Errors:* `KernelError` USAGE for a value outside its schema.
 */
export function readSettings(
  env: NodeJS.ProcessEnv,
  flags: { cacheDir?: string; isolation?: string; color?: boolean },
  isTerminal: boolean,
): Settings {
  const parsed = Settings.safeParse({
    cacheDirectory: path.resolve(
      flags.cacheDir ?? env.ASSAY_CACHE_DIR ?? path.join(env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'assay'),
    ),
    isolation: flags.isolation ?? env.ASSAY_ISOLATION ?? 'bubblewrap',
    npmRegistry: env.ASSAY_NPM_REGISTRY,
    color: flags.color ?? (isTerminal && env.NO_COLOR === undefined && env.TERM !== 'dumb'),
  });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new KernelError('USAGE', `setting ${issue?.path.join('.')}: ${issue?.message}`, {
      setting: issue?.path.join('.'),
    });
  }
  return Object.freeze(parsed.data);
}
