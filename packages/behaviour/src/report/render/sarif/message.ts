import { visible } from '../../visible.ts';

/**
 * Text for a SARIF message: made visible, braces doubled as the format asks, and no package text able to form a link
 * (`[words](target)` is one, wherever it stands).
 *
 * *Source:* SARIF 2.1.0 §3.11.5 and §3.11.6.
 */
export function message(text: string): { text: string } {
  const shown = visible(text)
    .replace(/\](?=\()/g, '] ')
    .replace(/[{}]/g, (brace) => brace + brace);
  return { text: shown === '' ? '-' : shown };
}
