/**
 * What a value may carry. `environment` all variables, `setting` one of them, `names` their names, `credential` somebody's
 * secret, `identity` who and where the host is, `consumer` the project that installs the package, `blob` opaque constant
 * text or numbers, `decoded` made readable by code, `media` bytes of a picture or sound, `invisible` characters nobody
 * sees, `fetched` an answer of the network.
 */
export type Label =
  | 'environment'
  | 'setting'
  | 'names'
  | 'credential'
  | 'identity'
  | 'consumer'
  | 'blob'
  | 'decoded'
  | 'media'
  | 'invisible'
  | 'fetched';

/** Line and column from 1. `what` is the name of the thing read or called, never more than 80 characters. */
export interface Place {
  file: string;
  line: number;
  column: number;
  what: string;
}

/** Where a label entered. One object per place and label. */
export interface Source extends Place {
  readonly id: number;
  readonly label: Label;
  /** Variable name, path or kind of credential. */
  readonly name: string;
  /** Characters or bytes seen entering here, where that matters. */
  size: number;
  /** The same source after a digest: it still decides, but tells nothing any more. */
  digest?: Source;
  readonly isDigest: boolean;
}

/** Sources in no particular order, without repetition. */
export type Taint = readonly Source[];

export const clean: Taint = [];

/** Beyond this many sources of one value, settings and blobs are forgotten first. */
const maxSources = 40;

export function union(a: Taint, b: Taint): Taint {
  if (a === b || b.length === 0) return a;
  if (a.length === 0) return b;
  let result: Source[] | undefined;
  for (const source of b) {
    if (a.includes(source)) continue;
    result ??= [...a];
    result.push(source);
  }
  if (result === undefined) return a;
  if (result.length <= maxSources) return result;
  return result.sort((x, y) => Number(isLight(x)) - Number(isLight(y)) || x.id - y.id).slice(0, maxSources);
}

function isLight(source: Source): boolean {
  return source.label === 'setting' || source.label === 'blob' || source.label === 'names';
}

export function unionAll(taints: readonly Taint[]): Taint {
  return taints.reduce(union, clean);
}

export function hasLabel(taint: Taint, label: Label): boolean {
  return taint.some((source) => source.label === label);
}

/** The same sources behind a digest or a key derivation: nobody can read them back. */
export function digested(taint: Taint): Taint {
  return taint.map((source) => {
    if (source.isDigest) return source;
    source.digest ??= { ...source, id: -source.id, isDigest: true };
    return source.digest;
  });
}

/** What a reader could get back: sources not behind a digest. */
export function readable(taint: Taint): Taint {
  return taint.some(({ isDigest }) => isDigest) ? taint.filter(({ isDigest }) => !isDigest) : taint;
}
