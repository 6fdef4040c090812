import { isUtf8 } from 'node:buffer';

/** The upper half of code page 437, in which zip names are written unless a flag says UTF-8 (APPNOTE, appendix D). */
const upper437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** Decodes an entry name. Most writers put UTF-8 and forget the flag, so the flag decides only when it is not UTF-8. */
export function decodeZipName(bytes: Buffer, saysUtf8: boolean): { name: string; isUtf8: boolean } {
  if (saysUtf8 || isUtf8(bytes)) return { name: bytes.toString('utf8'), isUtf8: isUtf8(bytes) };
  const name = [...bytes].map((byte) => (byte < 128 ? String.fromCharCode(byte) : upper437[byte - 128])).join('');
  return { name, isUtf8: false };
}
