/**
 * Package text made safe to look at: whatever a terminal or a reader would obey instead of show becomes visible.
 *
 * *Shape:* control characters become control pictures (`␛[31m`), bidi controls, zero-width, variation selectors, tags, odd
 * spaces, private and lone surrogates become `\u{202e}`; a pile of combining marks is cut open after three. With `ascii`
 * (names, hosts) every other letter is spelled out too, so that a look-alike cannot pass. Line ends are escaped as well:
 * split into lines first. The HTML page carries this very function: it may use nothing from outside itself.
 */
export function visible(text: string, alphabet: 'any' | 'ascii' = 'any'): string {
  const spell = (character: string): string => {
    const code = character.codePointAt(0) ?? 0xfffd;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? '\u2421' : `\\u{${code.toString(16)}}`;
  };
  // Matches U+202E and U+FE0F, not U+0020 or U+00E9. U+2800 is a blank that no property names.
  const unseen = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;
  const shown = text.replace(unseen, spell).replace(/(?<=\p{M}{3})\p{M}|^\p{M}/gu, spell);
  return alphabet === 'ascii' ? shown.replace(/[^\x20-\x7e\u2400-\u2421]/gu, spell) : shown;
}
