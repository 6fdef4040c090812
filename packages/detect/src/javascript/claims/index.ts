import type { Detection, SignalDraft } from '../../reading.ts';
import type { Effect } from '../abstract/effect.ts';
import type { Label, Place } from '../abstract/taint.ts';
import type { ClaimDraft, PackageTexts } from './claim.ts';
import { hiddenCode } from './hidden-code.ts';
import { secretToNetwork } from './secret-to-network.ts';

const effectRules = {
  network: 'js.network-send',
  evaluate: 'js.evaluate',
  execute: 'js.start-process',
  write: 'js.write-file',
} as const;
const labelRules: Record<Label, string> = {
  environment: 'js.environment-copy',
  setting: 'js.environment-variable',
  names: 'js.environment-copy',
  credential: 'js.credential',
  identity: 'js.host-identity',
  consumer: 'js.consumer-manifest',
  blob: 'js.opaque-constant',
  decoded: 'js.decode',
  media: 'js.media-bytes',
  invisible: 'js.invisible-text',
  fetched: 'js.fetched',
};
const maxClaims = 20;
const maxSources = 6;

/** Claims over what was seen to reach the effects of a package, with their places as signals. */
export function claimsOf(effects: readonly Effect[], texts: PackageTexts, lineAt: (place: Place) => string): Detection {
  const signals: SignalDraft[] = [];
  const claims: Detection['claims'] = [];
  const cite = (place: Place, rule: string): number => {
    const known = signals.findIndex(
      (signal) =>
        signal.rule === rule &&
        signal.file === place.file &&
        signal.line === place.line &&
        signal.column === place.column,
    );
    if (known >= 0) return known;
    signals.push({ rule, file: place.file, line: place.line, column: place.column, snippet: lineAt(place) });
    return signals.length - 1;
  };
  const drafts = effects.flatMap((effect): ClaimDraft[] => {
    const flow = secretToNetwork(effect);
    return [...(flow === undefined ? [] : [flow]), ...hiddenCode(effect, texts)];
  });
  for (const draft of drafts.slice(0, maxClaims)) {
    const cited = draft.sources.slice(0, maxSources).map((source) => cite(source, labelRules[source.label]));
    const last = cite(
      draft.effect,
      draft.id === 'exec.encoded-payload' ? 'js.encoded-payload' : effectRules[draft.effect.kind],
    );
    claims.push({
      id: draft.id,
      severity: draft.severity ?? 'high',
      confidence: draft.confidence ?? 'medium',
      signals: [...new Set([...cited, last])],
      summary: draft.summary.slice(0, 200),
    });
  }
  return { signals, claims };
}
