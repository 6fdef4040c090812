/** Matches `'./lib/a'` and `"../b.js"`: what one file of a package says of another, however it loads it. */
const relative = /['"`](\.{1,2}\/[^'"`\n\\$]{1,160})['"`]/g;
const suffixes = [
  '',
  '.js',
  '.cjs',
  '.mjs',
  '.json',
  '.ts',
  '.mts',
  '.cts',
  '/index.js',
  '/index.cjs',
  '/index.mjs',
  '/index.ts',
];
const maxPerFile = 2000;

/** Which files of a package mention which: a cheap stand-in for its module graph. */
export function mentionsOf(path: string, text: string, paths: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  let count = 0;
  for (const [, request = ''] of text.matchAll(relative)) {
    if (++count > maxPerFile) break;
    const target = resolveMention(path, request, paths);
    if (target !== undefined) found.add(target);
  }
  return [...found];
}

function resolveMention(from: string, request: string, paths: ReadonlySet<string>): string | undefined {
  const parts = from.split('/').slice(0, -1);
  for (const part of request.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  const base = parts.join('/');
  const found = suffixes
    .map((suffix) => (base === '' ? suffix.replace(/^\//, '') : base + suffix))
    .find((path) => paths.has(path));
  // TypeScript's sources name the file that will be there.
  return found ?? (base.endsWith('.js') ? [`${base.slice(0, -3)}.ts`].find((path) => paths.has(path)) : undefined);
}

/** Groups of files that mention each other, directly or through others. */
export class Components {
  readonly #parents = new Map<string, string>();

  join(a: string, b: string): void {
    const [left, right] = [this.of(a), this.of(b)];
    if (left !== right) this.#parents.set(left, right);
  }

  of(path: string): string {
    let root = path;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) root = next;
    // Shorten the way for the next question.
    let at = path;
    while (at !== root) {
      const next = this.#parents.get(at) ?? root;
      this.#parents.set(at, root);
      at = next;
    }
    return root;
  }
}
