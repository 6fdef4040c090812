/** What makes a file one that runs. */
export type CodeSign = 'name' | 'magic' | 'shebang' | 'manifest';

/** Suffixes of code that something runs or loads. */
const codeSuffixes = new Set(
  (
    'js cjs mjs jsx ts cts mts tsx vue svelte coffee sh bash zsh fish ksh command py pyw pyx pth rb pl pm php lua ps1 psm1 ' +
    'bat cmd vbs wsf exe com msi scr dll so dylib node wasm jar class c cc cpp cxx h hpp m mm rs go swift gyp gypi m4 ac am in mk cmake'
  ).split(' '),
);
/** Names without a telling suffix that build tools run. */
const codeNames = new Set([
  'makefile',
  'gnumakefile',
  'configure',
  'dockerfile',
  'cmakelists.txt',
  'setup.cfg',
  'pyproject.toml',
  'rakefile',
  'gemfile',
  '.npmrc',
]);
/** Names that promise text that nothing runs: documents, type declarations, source maps, styles, pictures. */
const inertSuffix =
  /\.(?:d\.[cm]?ts|md|markdown|mdx|txt|rst|map|css|scss|less|html?|svg|png|jpe?g|gif|webp|ico|woff2?|ttf|otf|eot|mp[34]|pdf|flow|ya?ml|toml|lock|csv)$/i;

const declaration = /\.d\.[cm]?ts$/i;

const magics: readonly (readonly [string, string])[] = [
  ['7f454c46', 'ELF'],
  ['4d5a', 'PE'],
  ['feedface', 'Mach-O'],
  ['feedfacf', 'Mach-O'],
  ['cefaedfe', 'Mach-O'],
  ['cffaedfe', 'Mach-O'],
  ['cafebabe', 'Mach-O or class'],
  ['0061736d', 'WebAssembly'],
];

/** How an executable format's bytes begin, by name; `undefined` for everything else. */
export function magicOf(bytes: Buffer | undefined): string | undefined {
  const start = bytes?.toString('hex', 0, 4) ?? '';
  // Two letters are a common start of text: a PE header is at least 64 bytes and binary.
  if (start.startsWith('4d5a') && !(bytes !== undefined && bytes.length >= 64 && bytes.subarray(0, 64).includes(0)))
    return undefined;
  return magics.find(([magic]) => start.startsWith(magic))?.[1];
}

/**
 * Why a file counts as executable; empty when it does not (package-analysis contract §4.1).
 *
 * *Shape:* `named`: the manifest hands the file to an interpreter; `reached`: something that runs imports it, which says nothing
 * about a picture or a style sheet, as bundlers have those imported, too.
 */
export function codeSigns(
  path: string,
  bytes: Buffer | undefined,
  { named, reached }: { named: boolean; reached: boolean },
): CodeSign[] {
  const signs: CodeSign[] = [];
  if (hasCodeName(path)) signs.push('name');
  if (magicOf(bytes) !== undefined) signs.push('magic');
  // The TypeScript compiler copies the first line of `cli.ts` to `cli.d.ts`.
  if (!declaration.test(path) && bytes?.toString('latin1', 0, 2) === '#!') signs.push('shebang');
  const isData = inertSuffix.test(path) || /\.json$/i.test(path);
  if (named || (reached && !isData)) signs.push('manifest');
  return signs;
}

/** The name promises a document, a declaration, a map or a picture, while something else says that it runs. */
export function liesAboutItself(path: string, signs: readonly CodeSign[]): boolean {
  return inertSuffix.test(path) && signs.some((sign) => sign !== 'name');
}

function hasCodeName(path: string): boolean {
  if (inertSuffix.test(path)) return false;
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = name.lastIndexOf('.');
  return codeNames.has(name) || (dot !== -1 && codeSuffixes.has(name.slice(dot + 1)));
}

/** Not text: NUL within the first 8,000 bytes, as git decides it. */
export function isBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

const trivial =
  /^(?:\s|;|\{\s*\}|\[\s*\]|['"]use strict['"]|export\s*\{\s*\}|module\.exports\s*=\s*\{\s*\}|\/\/# sourceMappingURL=\S+)*$/;
/** Longest text that may be trivial, in bytes. */
const maxTrivialBytes = 256;

/**
 * Content that is in every other project, so that finding it somewhere proves nothing and not finding it accuses of nothing:
 * empty files, `export {}`, `{}`.
 */
export function isTrivial(bytes: Buffer | undefined, sizeBytes: number): boolean {
  if (sizeBytes === 0) return true;
  return bytes !== undefined && sizeBytes <= maxTrivialBytes && trivial.test(bytes.toString('latin1'));
}
