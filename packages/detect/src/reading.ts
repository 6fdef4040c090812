import type { Signal, StaticClaim } from '@assay/kernel';

/** One file of the artifact as static rules see it. */
export interface SourceFile {
  /** Path inside the package, `/` separated. */
  path: string;
  bytes: Uint8Array;
  /** Bytes beyond the reading limit were left out. */
  truncated: boolean;
}

export type SignalDraft = Omit<Signal, 'id'>;

/** What one detector found in one file. `claims[].signals` are indexes into `signals`. */
export interface Detection {
  signals: SignalDraft[];
  claims: StaticClaim[];
}

export const nothing: Detection = { signals: [], claims: [] };

/** Joins detections and shifts the indexes of claims. */
export function join(detections: readonly Detection[]): Detection {
  const signals: SignalDraft[] = [];
  const claims: StaticClaim[] = [];
  for (const detection of detections) {
    const offset = signals.length;
    signals.push(...detection.signals);
    claims.push(
      ...detection.claims.map((claim) => ({ ...claim, signals: claim.signals.map((index) => index + offset) })),
    );
  }
  return { signals, claims };
}

/** Line and column (from 1) of a character offset. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: offset - lineStart + 1 };
}

/** Up to 200 characters around an offset, on one line. */
export function snippetAt(text: string, offset: number, length = 0): string {
  const start = Math.max(text.lastIndexOf('\n', offset - 1) + 1, offset - 60);
  return text
    .slice(start, Math.max(offset + length, start + 160))
    .split('\n')[0]
    ?.slice(0, 200) as string;
}
