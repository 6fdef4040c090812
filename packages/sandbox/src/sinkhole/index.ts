import path from 'node:path';
import { roomFile } from '../room.ts';

/**
 * A world that answers and keeps nothing: names, HTTP, TLS, raw TCP and UDP for a namespace without a way out. What it is
 * sent is hostile; what it sends is inert.
 */
export { type CertificateAuthority, issueLeaf, makeCa } from './certificates.ts';
export { encodeConfig, SinkholeConfig } from './config.ts';

/** How to start the sinkhole program: arguments for the Node executable. */
export function sinkholeArguments(): string[] {
  const room = roomFile();
  const program = path.join(path.dirname(room), 'sinkhole', `main${path.extname(room)}`);
  return ['--max-old-space-size=192', '--max-semi-space-size=2', program];
}
