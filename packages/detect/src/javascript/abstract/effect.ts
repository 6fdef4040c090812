import type { Place, Taint } from './taint.ts';

/** Where values end that act: on the network, as code, as a program, as a file. */
export type EffectKind = 'network' | 'evaluate' | 'execute' | 'write';

/** One place that acts, with everything that was seen to reach it. */
export interface Effect extends Place {
  kind: EffectKind;
  taint: Taint;
  /** What decided whether it happens. */
  control: Taint;
  /** URL, host, path or command, holes where it is not known. */
  destinations: Set<string>;
  /** What the destination is made of. */
  destinationTaint: Taint;
  /** Code or commands, where they are known. */
  texts: Set<string>;
}
