import type { SourceFile } from '../reading.ts';
import { Components, mentionsOf } from './imports.ts';
import { latin1, MarkFinder, type Marks, mayHoldInvisible } from './marks.ts';

export interface Selection {
  /** Files to interpret, the most telling first. */
  roots: string[];
  /** How much a file tells by itself, by its path; smaller is more. Files that are not here are not worth parsing. */
  ranks: Map<string, Rank>;
}

/**
 * 0 both ends of a flow in one file that hides something, 1 both ends in one file, 2 named by the manifest, 3 one end,
 * 4 may link the others.
 */
export type Rank = 0 | 1 | 2 | 3 | 4;

interface Candidate {
  file: SourceFile;
  marks: Marks;
}

/** A package with up to this much source is parsed as a whole when anything in it acts. */
const smallPackageBytes = 192 * 1024;
const maxDataNames = 200;
const dataPath = /\.(?:json|txt|dat|bin|b64|hex|enc|data|dll|pak|tpl|tmpl|csv)$|^[^.]+$/;
const textPath = /\.(?:json|md|markdown|txt|html?|css|ya?ml|csv)$/i;
const sourcePath = /\.(?:[cm]?jsx?|[cm]?tsx?)$/;
const declarationPath = /\.d\.[cm]?ts$/;

/** Whether a path is source that could run. Files without a suffix count when they begin as scripts. */
export function isSource({ path, bytes }: SourceFile): boolean {
  if (declarationPath.test(path)) return false;
  if (sourcePath.test(path)) return true;
  return (
    !/\.[^/]*$/.test(path) &&
    /^#!.*\b(?:node|bun|deno|tsx)\b/.test(Buffer.from(bytes.subarray(0, 128)).toString('latin1'))
  );
}

/**
 * Chooses the files in which something could enter and something could end, and what lies between them. `entries` are the
 * files that the manifest names.
 */
export function selectFiles(files: readonly SourceFile[], entries: ReadonlySet<string>): Selection {
  const finder = new MarkFinder();
  const data = dataMarks(files);
  const candidates = files
    .filter((file) => isSource(file) && (!/\.[cm]?tsx?$/.test(file.path) || entries.has(file.path)))
    .map((file): Candidate => ({ file, marks: finder.marksOf(file.bytes) }));
  const chosen = choose(candidates, files, entries, data);
  const ranked = chosen
    .map((candidate) => ({ candidate, rank: rankOf(candidate, entries) }))
    .sort((a, b) => a.rank - b.rank || a.candidate.file.bytes.length - b.candidate.file.bytes.length);
  return {
    roots: ranked.filter(({ rank }) => rank <= 3).map(({ candidate }) => candidate.file.path),
    ranks: new Map(ranked.map(({ candidate, rank }) => [candidate.file.path, rank])),
  };
}

/** All of a small package that acts at all; of a large one what hangs together around a flow, and its beginnings. */
function choose(
  candidates: readonly Candidate[],
  files: readonly SourceFile[],
  entries: ReadonlySet<string>,
  data: Data,
): Candidate[] {
  const bytes = candidates.reduce((sum, { file }) => sum + file.bytes.length, 0);
  if (bytes <= smallPackageBytes) return candidates.some(({ marks }) => isEnd(marks)) ? [...candidates] : [];
  const beginnings = candidates.filter(({ file, marks }) => entries.has(file.path) && isEnd(marks));
  if (!isTelling(merge(candidates, data))) return beginnings;
  const telling = groupsOf(candidates, files).filter((group) => isTelling(merge(group, data)));
  return [...new Set([...telling.flat(), ...beginnings])];
}

/** Whether anything enters or acts here, plainly or behind encoded names. */
function isEnd({ secret, network, runner, obfuscated, encoded, media }: Marks): boolean {
  return secret || network || runner || obfuscated || encoded || media;
}

/** What lies beside the code for it to read. */
interface Data {
  invisible: boolean;
  /** Names of data files, in quotes as code mentions them. */
  names: readonly string[];
}

function dataMarks(files: readonly SourceFile[]): Data {
  const names = files
    .filter(({ path }) => dataPath.test(path) && path !== 'package.json')
    .map(({ path }) => path.split('/').at(-1) ?? path);
  return {
    invisible: files.some(({ path, bytes }) => textPath.test(path) && mayHoldInvisible(bytes)),
    names: [...new Set(names)].slice(0, maxDataNames),
  };
}

function merge(group: readonly Candidate[], data: Data): Marks {
  const has = (name: keyof Marks): boolean => group.some(({ marks }) => marks[name]);
  const marks = {
    secret: has('secret'),
    network: has('network'),
    decoder: has('decoder'),
    runner: has('runner'),
    media: has('media'),
    invisible: has('invisible') || data.invisible,
    blob: has('blob'),
    encoded: has('encoded'),
    obfuscated: has('obfuscated'),
  };
  if (marks.decoder && marks.runner && !marks.blob) marks.blob = group.some((one) => mentionsData(one, data));
  return marks;
}

/** Whether a file names a data file: what it decodes may lie there. */
function mentionsData({ file, marks }: Candidate, { names }: Data): boolean {
  if (names.length === 0 || !(marks.decoder || marks.runner)) return false;
  const text = latin1(file.bytes);
  return names.some((name) => text.includes(`${name}'`) || text.includes(`${name}"`) || text.includes(`${name}\``));
}

/** Whether something could flow from where it enters to where it acts. Obfuscated text may hold anything. */
function isTelling({ secret, network, decoder, runner, media, invisible, blob, obfuscated }: Marks): boolean {
  if (obfuscated) return secret || network || decoder || runner;
  if (secret && network) return true;
  return runner && ((decoder && blob) || media || invisible);
}

/** Files that hang together. */
function groupsOf(candidates: readonly Candidate[], files: readonly SourceFile[]): Candidate[][] {
  const components = new Components();
  const paths = new Set(files.map(({ path }) => path));
  for (const { file } of candidates) {
    const text = latin1(file.bytes);
    for (const target of mentionsOf(file.path, text, paths)) components.join(file.path, target);
  }
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const root = components.of(candidate.file.path);
    const group = groups.get(root) ?? [];
    group.push(candidate);
    groups.set(root, group);
  }
  return [...groups.values()];
}

function rankOf({ file, marks }: Candidate, entries: ReadonlySet<string>): Rank {
  if (isTelling(marks)) return marks.obfuscated || marks.invisible ? 0 : 1;
  if (entries.has(file.path)) return 2;
  return isEnd(marks) || (marks.decoder && marks.blob) ? 3 : 4;
}
