import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const neverOurs = new Set(['node_modules', 'dist', 'testdata', '.git', '.assay', 'coverage']);

/** Every file under `folder`, as sorted POSIX paths relative to `root`, without what is built, installed or test data. */
export function listFiles(root: string, folder: string): string[] {
  const found: string[] = [];
  const visit = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (neverOurs.has(entry.name)) continue;
      if (entry.isDirectory()) visit(join(at, entry.name));
      else if (entry.isFile()) found.push(relative(root, join(at, entry.name)).split(sep).join('/'));
    }
  };
  visit(join(root, folder));
  return found.sort();
}

/** What tests stand on, kept beside them: `sample/` holds made-up values as sources, `testdata/` holds files. */
export function isSample(path: string): boolean {
  return /(?:^|\/)(?:sample|testdata)\//.test(path);
}

/** A test, or what only tests use. Input: POSIX path relative to the root. */
export function isOfTests(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || isSample(path);
}
