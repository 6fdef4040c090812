/** Duplicates named in a notice; more say nothing new. */
const maxNamed = 20;

/**
 * Finds what `JSON.parse` passes over: keys that repeat in one object (the last wins, other readers take the first),
 * and how deeply it nests.
 *
 * *Shape:* `text` is valid JSON; parse it first. Keys as `a.b.c`, arrays without their index. Iterative: depth costs no stack.
 */
export function inspectJson(text: string): { duplicateKeys: string[]; depth: number } {
  const open: { keys: Set<string> | undefined; name: string }[] = [];
  const duplicateKeys: string[] = [];
  let depth = 0;
  let lastString = '';
  let pendingName = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      lastString = text.slice(at, end);
      at = end - 1;
    } else if (character === ':') {
      pendingName = JSON.parse(lastString) as string;
      const object = open.at(-1);
      if (object?.keys?.has(pendingName) === true && duplicateKeys.length < maxNamed) {
        duplicateKeys.push(
          [...open.slice(1).map(({ name }) => name), pendingName].filter((name) => name !== '').join('.'),
        );
      }
      object?.keys?.add(pendingName);
    } else if (character === '{' || character === '[') {
      open.push({ keys: character === '{' ? new Set() : undefined, name: pendingName });
      pendingName = '';
      depth = Math.max(depth, open.length);
    } else if (character === '}' || character === ']') open.pop();
  }
  return { duplicateKeys, depth };
}

/** The index after a string's closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
