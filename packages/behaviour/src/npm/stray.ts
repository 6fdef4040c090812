import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { NpmSession } from './session.ts';

const maxStray = 20;
const maxLooked = 20_000;

/**
 * Files that lie where the package manager has nothing to write after it extracted a tree: an archive that made it write
 * outside. Its opens are not traced in that half of the installation, so what it left is looked at instead.
 *
 * *Shape:* report form (`~/…`, `{tmp}/…`), at most 20. The project, npm's cache and logs, and Node's compile cache are its own.
 */
export function strayFiles(session: NpmSession): string[] {
  const { persona, project, planted, run } = session;
  const found: string[] = [];
  let looked = 0;
  const visit = (inside: string, report: string) => {
    const host = run.hostPath(inside);
    if (host === undefined) return;
    for (const entry of readdirSync(host, { withFileTypes: true })) {
      if (found.length >= maxStray || ++looked > maxLooked) return;
      const file = path.posix.join(inside, entry.name);
      if (file === project || file === `${persona.home}/.npm` || file.startsWith('/tmp/node-compile-cache')) continue;
      if (entry.isDirectory()) visit(file, `${report}/${entry.name}`);
      else if (!planted.has(file)) found.push(`${report}/${entry.name}`);
    }
  };
  visit(persona.home, '~');
  visit('/tmp', '{tmp}');
  return found;
}
