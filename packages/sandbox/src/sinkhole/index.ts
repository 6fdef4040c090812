import { fileURLToPath } from 'node:url';

/**
 * A world that answers and keeps nothing: names, HTTP, TLS, raw TCP and UDP for a namespace without a way out. What it is
 * sent is hostile; what it sends is inert.
 */
export { type CertificateAuthority, issueLeaf, type Leaf, makeCa } from './certificates.ts';
export { encodeConfig, Mirror, ScriptedAnswer, SinkholeConfig } from './config.ts';

/** How to start the sinkhole program: arguments for the Node executable. */
export function sinkholeArguments(): string[] {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const program = fileURLToPath(new URL(`./main.${extension}`, import.meta.url));
  return ['--max-old-space-size=192', '--max-semi-space-size=2', program];
}
