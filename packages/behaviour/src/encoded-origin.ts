import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { mediaPath } from './rules/media.ts';

/** Where text that became code lay hidden in the artifact. */
export interface Origin {
  kind: 'encoded' | 'invisible' | 'media';
  file: string;
  /** Offset in the file's text (media: in its bytes). */
  at: number;
}

const headChars = 64;
const minChars = 20;
const maxFileBytes = 2 * 1024 * 1024;
const maxBlobs = 400;
const maxOutputBytes = 1024 * 1024;
const maxDepth = 4;

/**
 * Looks for what was evaluated at run time among the files it must have come from: in base64, hex, character codes, compressed,
 * masked with one byte, backwards, in layers of these; in invisible characters; in the bytes of pictures and sounds.
 *
 * A proof, not a guess: undoing the encoding gives the very text that ran. Text that stands in some file as it is was not
 * hidden, and is no finding. *Shape:* `files` by path inside the artifact. Work is bounded by file, blob and depth.
 */
export function originOf(text: string, files: ReadonlyMap<string, Uint8Array>): Origin | undefined {
  const wanted = Buffer.from(text.trim().slice(0, headChars));
  if (wanted.length < minChars) return undefined;
  const all = [...files]
    .filter(([, bytes]) => bytes.length <= maxFileBytes)
    .map(([file, bytes]) => ({ file, bytes: Buffer.from(bytes) }));
  const isPlain = ({ file, bytes }: { file: string; bytes: Buffer }) => !mediaPath.test(file) && bytes.includes(wanted);
  if (all.some(isPlain)) return undefined;
  for (const { file, bytes } of all) {
    const found = mediaPath.test(file) ? inMedia(bytes, wanted) : inText(bytes.toString('utf8'), wanted);
    if (found !== undefined) return { file, ...found };
  }
  return undefined;
}

function inText(source: string, wanted: Buffer): Omit<Origin, 'file'> | undefined {
  for (const { at, bytes, kind } of blobsOf(source)) if (gives(bytes, wanted, maxDepth)) return { kind, at };
  return undefined;
}

function inMedia(bytes: Buffer, wanted: Buffer): Omit<Origin, 'file'> | undefined {
  const at = bytes.indexOf(wanted);
  if (at >= 0) return { kind: 'media', at };
  // The four letters that name a chunk of a picture stand right before its content.
  const blob = [...blobsOf(bytes.toString('latin1'))].find((one) =>
    [0, 4].some((skipped) => gives(one.bytes.subarray(skipped), wanted, maxDepth)),
  );
  if (blob !== undefined) return { kind: 'media', at: blob.at };
  for (const start of [44, 54, 0])
    if (gives(lowestBits(bytes.subarray(start)), wanted, 1)) return { kind: 'media', at: start };
  return undefined;
}

/** The last bit of each byte, most significant first. */
function lowestBits(bytes: Buffer): Buffer {
  const out = Buffer.alloc(Math.min(bytes.length >> 3, 64 * 1024));
  for (let at = 0; at < out.length * 8; at++)
    out[at >> 3] = (out[at >> 3] ?? 0) | (((bytes[at] ?? 0) & 1) << (7 - (at & 7)));
  return out;
}

/** Matches `Y29uc29sZS5sb2co`, `636f6e736f6c65`; the shortest that can hold code. */
const wordRun = /[A-Za-z0-9+/_-]{24,}={0,2}/g;
const codeRun = /(?:\b(?:0x[0-9a-f]{1,2}|\d{1,3})\s*,\s*){12,}(?:0x[0-9a-f]{1,2}|\d{1,3})\b/gi;
const invisibleRun = /(?:[\u200b-\u200d\u2060]|[\ufe00-\ufe0f]|[\u{e0000}-\u{e007f}]|[\u{e0100}-\u{e01ef}]){16,}/gu;

function* blobsOf(source: string): Generator<{ at: number; bytes: Buffer; kind: 'encoded' | 'invisible' }> {
  let count = 0;
  for (const pattern of [invisibleRun, codeRun, wordRun]) {
    for (const match of source.matchAll(pattern)) {
      if (++count > maxBlobs) return;
      const at = match.index;
      if (pattern === invisibleRun) for (const bytes of unseen(match[0])) yield { at, bytes, kind: 'invisible' };
      else if (pattern === codeRun) yield { at, bytes: Buffer.from(match[0].split(',').map(Number)), kind: 'encoded' };
      else yield { at, bytes: Buffer.from(match[0]), kind: 'encoded' };
    }
  }
}

/** Invisible characters as the bytes that variation selectors, tags or two zero-width characters can stand for. */
function unseen(run: string): Buffer[] {
  const points = [...run].map((one) => one.codePointAt(0) ?? 0);
  const selectors = points.map((point) => (point >= 0xe0100 ? point - 0xe0100 + 16 : point - 0xfe00));
  const tags = points.map((point) => point - 0xe0000);
  const bits = points.map((point) => (point === 0x200b ? '0' : '1')).join('');
  const bytes = (digits: string) => (digits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return [selectors, tags, bytes(bits)].map((values) => Buffer.from(values.map((value) => value & 0xff)));
}

/** Whether undoing at most `depth` layers gives the wanted text. */
function gives(bytes: Buffer, wanted: Buffer, depth: number): boolean {
  if (bytes.length < wanted.length) return false;
  if (bytes.includes(wanted) || Buffer.from(bytes).reverse().includes(wanted) || isMasked(bytes, wanted)) return true;
  return depth > 0 && peeled(bytes).some((inner) => gives(inner, wanted, depth - 1));
}

function isMasked(bytes: Buffer, wanted: Buffer): boolean {
  const key = (bytes[0] ?? 0) ^ (wanted[0] ?? 0);
  return key !== 0 && wanted.every((byte, at) => (bytes[at] ?? 0) === (byte ^ key));
}

function peeled(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1').trim();
  const layers: Buffer[] = [];
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) layers.push(Buffer.from(text, 'hex'));
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) layers.push(Buffer.from(text, 'base64'));
  if (layers.length > 0) return layers;
  for (const inflate of [gunzipSync, inflateSync, inflateRawSync, brotliDecompressSync]) {
    try {
      layers.push(inflate(bytes, { maxOutputLength: maxOutputBytes }));
    } catch {
      // Not of this kind: the next one may fit.
    }
  }
  return layers;
}
