import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isOfTests } from './tree.ts';

const words = (...letters: string[]): string => letters.join('');

/**
 * Registrable part of the hosts that no file of ours names: registries' addresses come from the user's configuration or
 * from the purl library. Written in parts, so that this file keeps its own rule.
 */
const registryHosts: readonly (readonly string[])[] = [
  ['npmjs', 'org'],
  ['npmjs', 'com'],
  ['npmmirror', 'com'],
  ['yarnpkg', 'com'],
  ['jsr', 'io'],
  ['pypi', 'org'],
  ['pythonhosted', 'org'],
  ['crates', 'io'],
  ['proxy', 'golang', 'org'],
  ['sum', 'golang', 'org'],
  ['maven', 'org'],
  ['maven', 'apache', 'org'],
  ['rubygems', 'org'],
  ['packagist', 'org'],
  ['nuget', 'org'],
  ['anaconda', 'org'],
  ['debian', 'org'],
  ['archive', 'ubuntu', 'com'],
  ['marketplace', 'visualstudio', 'com'],
  ['open-vsx', 'org'],
];
/** Matches `https://x.y.tld`, `y.tld` and `y\.tld`; not `my-y.tld` nor `y.tldx`. */
const registryHost = new RegExp(
  `(?<![\\w-])(?:${registryHosts.map((parts) => parts.join(String.raw`\\*\.`)).join('|')})(?![\\w-])`,
  'i',
);
/** Matches the four words that postpone work, in capitals; not a template of the shape `nameXXXXXX`. */
const postponed = new RegExp(
  `\\b(?:${[words('TO', 'DO'), words('FIX', 'ME'), words('X', 'XX'), words('HA', 'CK')].join('|')})\\b`,
);
/** Matches `it.skip(`, `describe.only.each(`, `test.skipIf(`, `xit(`, `context.skip(`; not `skip(3)`. */
const unrunTest = new RegExp(
  `\\b(?:it|test|describe|suite|bench|context|ctx|task)(?:\\.\\w+)*\\.(?:${['skip', 'only', 'to' + 'do', 'skipIf', 'runIf'].join('|')})\\b|\\b(?:x|f)(?:it|describe)\\(`,
);
const isSource = (path: string): boolean => /\.(?:[cm]?[jt]sx?|sh|py|css|html)$/.test(path);
const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);
const isLockFile = (path: string): boolean => /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(path);

interface Rule {
  says: string;
  appliesTo: (path: string) => boolean;
  pattern: RegExp;
}

const everyFile = (): boolean => true;
const rules: readonly Rule[] = [
  { says: 'names the host of a package registry', appliesTo: everyFile, pattern: registryHost },
  { says: 'records the address a package came from', appliesTo: isLockFile, pattern: /"resolved":\s*"https?:/ },
  { says: 'postpones work: do it, or write an issue', appliesTo: (path) => !isLockFile(path), pattern: postponed },
  { says: 'has a test that does not run or keeps others from running', appliesTo: isTest, pattern: unrunTest },
];

export const maxSourceLines = 400;

/**
 * Our own rules about the text of one tracked file.
 *
 * *Shape:* `path` POSIX and relative to the root; `checkout` is the absolute path of the checkout, which no file may
 * contain. Returns `path:line: what is wrong` per rule, at its first place in the file.
 */
export function checkText(path: string, text: string, checkout: string): string[] {
  const problems: string[] = [];
  const report = (index: number, says: string): void => {
    problems.push(`${path}:${text.slice(0, index).split('\n').length}: ${says}`);
  };
  for (const { says, appliesTo, pattern } of rules) {
    const match = appliesTo(path) ? pattern.exec(text) : null;
    if (match !== null) report(match.index, says);
  }
  const machinePath = text.indexOf(checkout);
  if (machinePath !== -1) report(machinePath, 'contains a path of this machine');
  const lineCount = text.split('\n').length - 1;
  if (isSource(path) && !isOfTests(path) && lineCount > maxSourceLines) {
    problems.push(`${path}: has ${lineCount} lines; over ${maxSourceLines} there are two ideas in it`);
  }
  return problems;
}

/** Checks every file that git tracks or would track; binary files and those over 4 MiB are left out. */
export function checkTree(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...new Set(listed.split('\0').filter(Boolean))].sort().flatMap((path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile() || stat.size > 4 * 1024 * 1024) return [];
    const bytes = readFileSync(join(root, path));
    return bytes.includes(0) ? [] : checkText(path, bytes.toString('utf8'), root);
  });
}
