import type { Detection, SignalDraft } from '../reading.ts';
import type { Flow, Place, Source } from './flow.ts';

const rules = { network: 'js.network-send', evaluate: 'js.evaluate', execute: 'js.start-process' } as const;
const labelRules: Record<Source['label'], string> = {
  environment: 'js.environment-copy',
  credential: 'js.credential',
  identity: 'js.host-identity',
  decoded: 'js.decode',
  fetched: 'js.fetched',
  consumer: 'js.consumer-manifest',
  media: 'js.media-bytes',
  invisible: 'js.invisible',
};
const minBlobChars = 256;
const maxClaims = 20;

/**
 * Claims over solved flows. Each cites its sources and its sink as signals.
 *
 * A secret that goes to a host of its own vendor is what a client library does; several vendors' secrets, the whole
 * environment, or other programs' credential files at one place on the network are not.
 */
export function claimsOf(flows: readonly Flow[], texts: ReadonlyMap<string, string>): Detection {
  const signals: SignalDraft[] = [];
  const claims: Detection['claims'] = [];
  const cite = (place: Place, rule: string) => {
    const known = signals.findIndex((signal) => signal.rule === rule && signal.file === place.file && signal.line === place.line && signal.column === place.column);
    if (known >= 0) return known;
    signals.push({ rule, file: place.file, line: place.line, column: place.column, snippet: lineOf(texts, place) });
    return signals.length - 1;
  };
  for (const flow of flows) {
    if (claims.length >= maxClaims) break;
    const claim = flow.sink.kind === 'network' ? secretToNetwork(flow) : flow.sink.kind === 'evaluate' ? encodedPayload(flow, texts) : undefined;
    if (claim === undefined) continue;
    const cited = [...claim.sources.slice(0, 6).map((source) => cite(source, labelRules[source.label])), cite(flow.sink, rules[flow.sink.kind])];
    if (claims.some((other) => other.id === claim.id && other.signals.at(-1) === cited.at(-1))) continue;
    claims.push({ id: claim.id, severity: 'high', confidence: 'medium', signals: [...new Set(cited)], summary: claim.summary });
  }
  return { signals, claims };
}

function secretToNetwork(flow: Flow): { id: string; sources: Source[]; summary: string } | undefined {
  const secrets = flow.sources.filter(({ label }) => label === 'credential' || label === 'environment');
  const files = new Set(secrets.filter(({ name }) => name !== undefined && /[./\\]/.test(name)).map(({ name }) => name));
  const vendors = new Set(secrets.filter(({ name }) => name !== undefined && !/[./\\]/.test(name)).map(({ name }) => (name as string).split('_')[0]));
  const whole = secrets.some(({ label }) => label === 'environment');
  // Proxy settings and flags are read from an environment object, too: without a copy of values there is no secret in it.
  if (!whole && files.size === 0 && vendors.size < 3) return undefined;
  const what = whole ? 'the whole environment' : files.size > 0 ? `credential files (${[...files].slice(0, 2).join(', ')})` : `secrets of ${vendors.size} vendors`;
  return { id: 'flow.secret-to-network', sources: secrets, summary: `${what} can reach ${flow.sink.destination ?? flow.sink.what}` };
}

function encodedPayload(flow: Flow, texts: ReadonlyMap<string, string>): { id: string; sources: Source[]; summary: string } | undefined {
  const decoded = flow.sources.filter(({ label }) => label === 'decoded');
  if (decoded.length === 0) return undefined;
  // Decoding a short constant is housekeeping: a payload needs room, in this file or in one that a source stands in.
  const roomy = [...new Set([flow.sink.file, ...decoded.map(({ file }) => file)])].some((file) => hasBlob(texts.get(file) ?? ''));
  if (!roomy) return undefined;
  return { id: 'exec.encoded-payload', sources: decoded, summary: `${decoded[0]?.what} feeds ${flow.sink.what} in ${flow.sink.file}` };
}

/** A long run of base64 or hex inside quotes, or a long array of small numbers. */
function hasBlob(text: string): boolean {
  return new RegExp(`['"\`][A-Za-z0-9+/=_-]{${minBlobChars},}['"\`]`).test(text) || new RegExp(`(?:\\b(?:0x[0-9a-f]{1,2}|\\d{1,3})\\s*,\\s*){${minBlobChars / 2},}`, 'i').test(text);
}

function lineOf(texts: ReadonlyMap<string, string>, place: Place): string {
  const line = texts.get(place.file)?.split('\n', place.line)[place.line - 1] ?? place.what;
  const start = Math.max(0, place.column - 60);
  return line.slice(start, start + 200).trim() || place.what;
}
