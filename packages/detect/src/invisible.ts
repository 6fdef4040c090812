/** Fewer invisible characters than this carry no code worth the name. */
export const minInvisible = 16;

/**
 * Characters that show nothing and that ordinary writing has one at a time: variation selectors, tags, zero-width
 * characters, fillers. *Source:* Unicode 16, blocks Variation Selectors, Variation Selectors Supplement, Tags.
 */
const carrier =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: combining characters are meant each for itself
  /[\u200B-\u200F\u2060-\u2064\u206A-\u206F\uFE00-\uFE0F\uFEFF\u180B-\u180F\u3164\uFFA0\u115F\u1160\u{E0000}-\u{E007F}\u{E0100}-\u{E01EF}]+/gu;
const anyCarrier =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: combining characters are meant each for itself
  /[\u180B-\u180F\u200B-\u200F\u2060-\u206F\u3164\u115F\u1160\uFE00-\uFE0F\uFEFF\uFFA0\u{E0000}-\u{E01EF}]/u;
/** A flag's tags, `🏴` and at most seven of them, are writing. */
const maxFlagTags = 7;

export interface InvisibleRun {
  index: number;
  length: number;
  points: number;
}

/** Runs of invisible characters that no writing system has: longer than one, or behind a letter that takes none. */
export function invisibleRuns(text: string): InvisibleRun[] {
  if (!anyCarrier.test(text)) return [];
  const runs: InvisibleRun[] = [];
  for (const match of text.matchAll(carrier)) {
    const [characters] = match;
    const points = Array.from(characters).length;
    if (isWriting(text, match.index, characters, points)) continue;
    runs.push({ index: match.index, length: characters.length, points });
  }
  return runs;
}

function isWriting(text: string, index: number, characters: string, points: number): boolean {
  const before = text.codePointAt(index - 2) ?? 0;
  if (before === 0x1f3f4 && points <= maxFlagTags) return true;
  if (points > 2) return false;
  const code = characters.codePointAt(0) ?? 0;
  const follows = text[index - 1] ?? '';
  // A selector from the supplement behind anything but an ideograph, or one behind a letter, selects nothing.
  if (code >= 0xe0100) return isIdeograph(before) || isIdeograph(follows.charCodeAt(0));
  if (code >= 0xfe00 && code <= 0xfe0d) return !/[A-Za-z]/.test(follows);
  // Joiners stand between letters of scripts that join; those of this line do not.
  return !(/[A-Za-z]/.test(follows) && /[A-Za-z]/.test(text[index + characters.length] ?? ''));
}

function isIdeograph(code: number): boolean {
  return (
    (code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0x20000 && code <= 0x3ffff)
  );
}

/** How many characters of a text are there to be unseen. */
export function countInvisible(text: string): number {
  return invisibleRuns(text).reduce((sum, { points }) => sum + points, 0);
}
