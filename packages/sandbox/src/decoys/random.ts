import { createHash } from 'node:crypto';

/** Randomness as a parameter: `count` unpredictable bytes. */
export type RandomSource = (count: number) => Uint8Array;

/** The same bytes for the same seed (SHA-256 in counter mode): tests and replays. */
export function seededRandom(seed: string): RandomSource {
  let counter = 0;
  let held = Buffer.alloc(0);
  return (count) => {
    while (held.length < count) {
      held = Buffer.concat([held, createHash('sha256').update(`${seed} ${counter++}`).digest()]);
    }
    const bytes = held.subarray(0, count);
    held = held.subarray(count);
    return bytes;
  };
}

export const alphabets = {
  alphanumeric: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  lower: 'abcdefghijklmnopqrstuvwxyz0123456789',
  hex: '0123456789abcdef',
  base32: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
} as const;

export function randomText(random: RandomSource, length: number, alphabet: string): string {
  // Two bytes each: the bias of the remainder stays below one in a thousand.
  const bytes = random(length * 2);
  return Array.from(
    { length },
    (_, at) => alphabet[(bytes[at * 2]! * 256 + bytes[at * 2 + 1]!) % alphabet.length],
  ).join('');
}

export function randomPick<T>(random: RandomSource, choices: readonly T[]): T {
  const [high = 0, low = 0] = random(2);
  return choices[(high * 256 + low) % choices.length]!;
}

export function randomUuid(random: RandomSource): string {
  const hex = randomText(random, 32, alphabets.hex);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
