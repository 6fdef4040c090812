import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

/**
 * Joins programs that run inside the sandbox into single files: one file costs one open and one read in every process, also
 * under a tracer.
 *
 * *Shape:* `sources` is a folder of `*.cts` (as written) or `*.cjs` (as built), without imports at run time; each part sets
 * `module.exports` and may use `require` for the runtime's own modules. Each entry becomes `target/<entry>.cjs`: all other
 * parts as the constant object `PARTS` if the entry names it, else their text as the string constant `BUNDLE` (and an empty
 * `CACHE`), followed by the entry itself.
 */
export async function bundleInside(sources: string, entries: readonly string[], target: string): Promise<void> {
  const names = (await readdir(sources)).filter((name) => /(?<!\.d)\.c[tj]s$/.test(name)).sort();
  const texts = new Map<string, string>();
  for (const name of names) texts.set(path.parse(name).name, await readPlain(path.join(sources, name)));
  const parts = [...texts].filter(([name]) => !entries.includes(name));
  const bundle = [
    "'use strict';const parts={__proto__:null};",
    ...parts.map(
      ([name, text]) =>
        `parts[${JSON.stringify(name)}]=(function(exports){const module={exports};${text}\nreturn module.exports})({});`,
    ),
    'return parts;',
  ].join('\n');
  await mkdir(target, { recursive: true });
  for (const entry of entries) {
    const text = texts.get(entry);
    if (text === undefined) throw new Error(`no program ${entry} in ${sources}`);
    const joined = /\bPARTS\b/.test(text)
      ? `const PARTS = (function(require){${bundle}\n})(require);`
      : `const BUNDLE = ${JSON.stringify(bundle)};\nconst CACHE = "";`;
    await writeFile(path.join(target, `${entry}.cjs`), `'use strict';\n${joined}\n${text}\n`);
  }
}

async function readPlain(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  const plain = file.endsWith('.cts') ? stripTypeScriptTypes(text) : text;
  return (
    plain
      // Source maps are switched on inside (evaluation.cts): a comment that names one would be followed.
      .replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '')
      // What is parsed in every process is kept short: comments that have their lines for themselves, and indentation.
      .replaceAll(/^[ \t]*\/\*\*?[\s\S]*?\*\/[ \t]*$/gm, '')
      .replaceAll(/^[ \t]*\/\/.*$/gm, '')
      .replaceAll(/^[ \t]+|[ \t]+$/gm, '')
      .replaceAll(/\n{2,}/g, '\n')
  );
}
