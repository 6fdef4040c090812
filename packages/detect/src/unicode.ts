import { type Detection, nothing, positionAt, type SourceFile } from './reading.ts';

/** Bits that hide in plain sight: variation selectors, tags, zero-width and private-use characters. */
const carriers =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: combining characters are meant each for itself
  /[\u200B-\u200D\u2060-\u2064\uFE00-\uFE0F\u{E0000}-\u{E007F}\u{E0100}-\u{E01EF}\u3164\uFFA0\u115F\u1160]/u;
/** Long runs only: one selector after an emoji, or a joiner inside a word, is ordinary writing. */
const run =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: combining characters are meant each for itself
  /[\u200B-\u200D\u2060-\u2064\uFE00-\uFE0F\u{E0000}-\u{E007F}\u{E0100}-\u{E01EF}\u3164\uFFA0\u115F\u1160]{16,}/gu;
const decoder = /codePointAt|charCodeAt|fromCodePoint|fromCharCode|String\.raw|\.normalize\(/;
const evaluator = /\beval\b|\bFunction\b|\bvm\b|_compile|setTimeout\s*\(\s*['"`]|\bexec\b|import\s*\(/;

/**
 * `exec.hidden-unicode`: a run of at least 16 invisible characters in a source file, beside something that decodes and runs
 * it. A run alone is a signal, not a claim. *Source:* Unicode 16, variation selectors and tags blocks; "Trojan Source".
 */
export function invisibleText(file: SourceFile): Detection {
  const text = Buffer.from(file.bytes).toString('utf8');
  if (!carriers.test(text)) return nothing;
  const detection: Detection = { signals: [], claims: [] };
  for (const match of text.matchAll(run)) {
    const points = [...match[0]].length;
    detection.signals.push({
      rule: 'doc.invisible-run',
      file: file.path,
      ...positionAt(text, match.index),
      snippet: `${points} invisible characters`,
    });
    if (detection.signals.length >= 20) break;
  }
  if (detection.signals.length > 0 && decoder.test(text) && evaluator.test(text)) {
    detection.claims.push({
      id: 'exec.hidden-unicode',
      severity: 'high',
      confidence: 'high',
      signals: detection.signals.map((_, index) => index),
      summary: `invisible characters in ${file.path} are decoded and run`,
    });
  }
  return detection;
}
