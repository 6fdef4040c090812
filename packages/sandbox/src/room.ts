import { createRequire } from 'node:module';

/**
 * File of this room's index, in `src` or `dist` as the process resolves it: programs and files that are started or mounted by
 * path lie beside it, wherever the calling code was bundled to.
 */
export function roomFile(): string {
  return createRequire(import.meta.url).resolve('@assay/sandbox');
}
