/** One canary value in one spelling, as it would stand in outgoing bytes. */
export type Needle = { canary: string; encoding: string; bytes: Uint8Array };

/** A unique value whose appearance in outgoing bytes is proof. Several values may share an id (a key and its secret). */
export type Canary = { id: string; kind: string; value: string };

/** Below this many bytes a spelling is not unique enough to be proof. */
export const minimumNeedleBytes = 16;

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const base32HexAlphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/**
 * Every spelling of a value that is found by comparing bytes. Percent and escape sequences, separators between characters,
 * XOR and compression are found otherwise (normalize.ts, needle-table.ts, unpack.ts).
 *
 * *Shape:* block codes (base64, base32) appear once per alignment, without the characters that also depend on neighbours.
 */
export function spellingsOf(canary: Canary): Needle[] {
  const value = Buffer.from(canary.value, 'utf8');
  const reversed = Buffer.from(value).reverse();
  const texts: [string, string][] = [
    ...base64Spellings(value, 'base64'),
    ...base64Spellings(reversed, 'reversed+base64'),
    ...base32Spellings(value, base32Alphabet, 'base32'),
    ...base32Spellings(value, base32HexAlphabet, 'base32hex'),
    ['hex', value.toString('hex')],
    ['hex', value.toString('hex').toUpperCase()],
    ['reversed+hex', reversed.toString('hex')],
    ['decimal', [...value].join(',')],
    ['decimal', [...value].join(', ')],
    ['rot13', rot13(canary.value)],
    ['reversed', reversed.toString('latin1')],
  ];
  for (const [encoding, text] of base64Spellings(value, 'base64+reversed')) texts.push([encoding, reverse(text)]);
  const seen = new Set<string>();
  const needles: Needle[] = [
    { canary: canary.id, encoding: 'raw', bytes: value },
    { canary: canary.id, encoding: 'utf16', bytes: interleaveNul(value) },
  ];
  for (const [encoding, text] of texts) {
    if (text.length < minimumNeedleBytes || seen.has(text) || text === canary.value) continue;
    seen.add(text);
    needles.push({ canary: canary.id, encoding, bytes: Buffer.from(text, 'latin1') });
  }
  return needles;
}

/** Spellings for text that lost its case on the way, as host names do; compare with lower-cased text. */
export function foldedSpellingsOf(canary: Canary): Needle[] {
  return spellingsOf(canary)
    .filter(({ encoding }) => encoding !== 'utf16')
    .map((needle) => ({
      ...needle,
      bytes: Buffer.from(Buffer.from(needle.bytes).toString('latin1').toLowerCase(), 'latin1'),
    }));
}

/** Characters of a block code that depend on the value alone, when `skipped` bytes stand before it in the same block. */
function innerCharacters(encoded: string, skipped: number, valueBytes: number, bitsPerCharacter: number): string {
  const from = Math.ceil((skipped * 8) / bitsPerCharacter);
  const to = Math.floor(((skipped + valueBytes) * 8) / bitsPerCharacter);
  return encoded.slice(from, to);
}

function base64Spellings(value: Buffer, encoding: string): [string, string][] {
  return [0, 1, 2].flatMap((skipped) => {
    const padded = Buffer.concat([Buffer.alloc(skipped), value]);
    const plain = innerCharacters(padded.toString('base64'), skipped, value.length, 6);
    const urlSafe = innerCharacters(padded.toString('base64url'), skipped, value.length, 6);
    return [
      [encoding, plain],
      [encoding.replace('base64', 'base64url'), urlSafe],
    ] as [string, string][];
  });
}

function base32Spellings(value: Buffer, alphabet: string, encoding: string): [string, string][] {
  return [0, 1, 2, 3, 4].flatMap((skipped) => {
    const text = innerCharacters(
      base32(Buffer.concat([Buffer.alloc(skipped), value]), alphabet),
      skipped,
      value.length,
      5,
    );
    return [
      [encoding, text],
      [encoding, text.toLowerCase()],
    ] as [string, string][];
  });
}

/** RFC 4648 §6 without padding. */
function base32(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(held >> bits) & 31];
    }
  }
  return bits > 0 ? text + alphabet[(held << (5 - bits)) & 31] : text;
}

/** `a 0 b 0 c`: inside both byte orders of UTF-16. */
function interleaveNul(value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(value.length * 2 - 1);
  for (const [index, byte] of value.entries()) bytes[index * 2] = byte;
  return bytes;
}

function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
}

function reverse(text: string): string {
  return [...text].reverse().join('');
}
