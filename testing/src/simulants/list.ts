import { ai } from './ai.ts';
import { bins } from './bins.ts';
import { build } from './build.ts';
import { c2 } from './c2.ts';
import { chain } from './chain.ts';
import { credential } from './credential.ts';
import { decode } from './decode.ts';
import { destroy } from './destroy.ts';
import { droppedBinary } from './dropped.ts';
import { egress } from './egress.ts';
import { exfiltration } from './exfiltration.ts';
import { fetched } from './fetched.ts';
import { gates } from './gates.ts';
import { hidden } from './hidden.ts';
import { identity } from './identity.ts';
import { manifest } from './manifest.ts';
import { neighboursImport } from './neighbours-import.ts';
import { neighboursInstall } from './neighbours-install.ts';
import { patches } from './patches.ts';
import { persist } from './persist.ts';
import { probe } from './probe.ts';
import { resource } from './resource.ts';
import type { Simulant } from './simulant.ts';
import { tamper } from './tamper.ts';
import { worm } from './worm.ts';

/** Every simulant, by row. */
export const simulants: readonly Simulant[] = [
  ...credential,
  ...fetched,
  ...worm,
  ...destroy,
  ...chain,
  ...droppedBinary,
  ...patches,
  ...exfiltration,
  ...decode,
  ...hidden,
  ...c2,
  ...identity,
  ...egress,
  ...build,
  ...bins,
  ...persist,
  ...ai,
  ...tamper,
  ...resource,
  ...gates,
  ...probe,
  ...manifest,
  ...neighboursInstall,
  ...neighboursImport,
].sort((a, b) => (a.row < b.row ? -1 : a.row > b.row ? 1 : 0));
