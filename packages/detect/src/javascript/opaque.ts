/** Shorter text hides no code worth the name. */
export const minOpaqueChars = 20;

const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const hex = /^(?:0x)?[0-9a-fA-F\s:,]+$/;
/** `a,b,c,…` or `a b c …` of numbers, escapes or percent codes. */
const codes = /^[\\%&#xu;,\s|.:_\-0-9a-fA-F]+$/;
const readable = /[A-Za-z]{2,} [A-Za-z]{2,}|^[a-z]+(?:[-_./][a-z]+)+$|^[a-z]+(?:[A-Z][a-z]+)+$/;

/**
 * Text that means nothing to a reader: base64, hex, codes, or bytes of any kind. Matches `Y29uc29sZS5sb2coMSk7MQ==`; does
 * not match `node_modules/some-package/index.js`, `/usr/local/bin` nor an alphabet.
 */
export function looksOpaque(text: string): boolean {
  const sample = text.length > 4096 ? text.slice(0, 4096) : text;
  if (isAlphabet(sample)) return false;
  if (hex.test(sample)) return true;
  if (base64.test(sample)) return !readable.test(sample) && isMixed(sample);
  if (codes.test(sample)) return true;
  return unusualShare(sample) > 0.3;
}

/** Base64 of code mixes cases and digits; words do not. */
function isMixed(text: string): boolean {
  return /[A-Z]/.test(text) && /[a-z]/.test(text) && (/[0-9+/=]/.test(text) || text.length >= 40);
}

/** Runs of neighbours, as in `ABC…abc…012…`: a table of characters, not data. */
function isAlphabet(text: string): boolean {
  let steps = 0;
  for (let at = 1; at < text.length; at++) if (text.charCodeAt(at) === text.charCodeAt(at - 1) + 1) steps++;
  return steps > text.length * 0.6;
}

function unusualShare(text: string): number {
  let unusual = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 9 || (code > 13 && code < 32) || code === 127 || (code > 127 && code < 256)) unusual++;
  }
  return unusual / text.length;
}
