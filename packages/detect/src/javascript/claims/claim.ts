import type { Severity } from '@assay/kernel';
import type { Effect } from '../abstract/effect.ts';
import type { Source } from '../abstract/taint.ts';

/** A claim before its places become signals: sources first, then the effect. */
export interface ClaimDraft {
  id: string;
  sources: readonly Source[];
  effect: Effect;
  summary: string;
  severity?: Severity;
  confidence?: 'high' | 'medium';
}

/** What claims about code that runs need to know of the package. */
export interface PackageTexts {
  /** Whether this text stands anywhere in the package's sources. */
  contains(text: string): boolean;
}
