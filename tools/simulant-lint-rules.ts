// SPDX-License-Identifier: Apache-2.0
import type { Simulant, SimulantPackage } from '../testing/src/simulants/simulant.ts';
import { hostsIn, isAllowedHost } from './simulant-lint-hosts.ts';
import { type Reading, readingsOf, syntaxErrorOf } from './simulant-lint-readings.ts';

const latch = /^.*@assay-simulant\/latch/m;
/** What may not happen without the latch: the network, programs, secrets, home, code from text. */
const acts =
  /homedir|userInfo|process\.env|\$\(?HOME\b|child_process|node:(?:https?|net|tls|dns|dgram|worker_threads|vm)|\bfetch\(|\beval\(|\bFunction\(|_compile|\b(?:curl|wget|bash|nsenter|strace|unlink|npm publish)\b/;
const networks = /node:(?:https?|net|tls|dns|dgram)\b|\bfetch\(|\b(?:curl|wget|nc|getent|nslookup)\b|\/dev\/tcp/;
const hookNames = ['preinstall', 'install', 'postinstall', 'prepare'];

export const maxBinaryBytes = 8192;
export const maxPackageBytes = 65_536;

/** Refused wherever it stands in code, decoded or not. */
const refused: readonly [pattern: RegExp, says: string][] = [
  [
    /\brm\s+(?:-\w+\s+)*-\w*[rRf]\w*\s+(?:-\w+\s+)*"?(?:\/|~|\$\{?HOME\}?)"?\/?\*?(?:\s|$|["';&|)])/m,
    'removes a root or a whole home',
  ],
  [/\b(?:mkfs|shred|wipefs)\b|\bdd\b[^\n]*\bof=\/dev\//, 'destroys a file system or device'],
  [/:\(\)\s*\{/, 'starts an unbounded process storm'],
  [/\bsudo\b|\bdoas\b|\bpkexec\b/, 'asks for more rights'],
  [/(?:rmSync|rmdirSync|rm|rmdir)\(\s*(?:\w+\.)?homedir\(\)/, 'removes a whole home'],
  [
    /\b(?:curl|wget)\b[^\n|;&]*\|\s*(?:\w+=\S+\s+)*(?:ba|da|z|k)?sh\b(?!\s+-n\b)/,
    'pipes a download into a shell that runs it (only `sh -n` may)',
  ],
  [
    /spawn\(\s*['"](?:\/bin\/)?(?:ba|da|z)?sh['"]\s*,\s*\[(?!\s*['"]-[nc]['"])\s*(?:['"]-i['"])?\s*\]/,
    'starts a shell that runs what it is given (only `-n` may)',
  ],
  [/\/dev\/(?:tcp|udp)\/(?![\s\S]*\bsh -n\b)/, 'binds a socket without `sh -n`'],
  [
    /npm_config_registry|config get registry|process\.env(?:\.|\[['"])\w*(?:HOST|URL|URI|PROXY|ENDPOINT|REGISTRY|DOMAIN)\b/,
    'takes a host from outside',
  ],
];

/** Well-formed secrets and addresses must say that they are none. */
const wellFormed: readonly [pattern: RegExp, isFake: (text: string) => boolean, says: string][] = [
  [
    /\b(?:npm_|ghp_|gho_|github_pat_)[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b/g,
    (token) => /SIMULANT/i.test(token),
    'looks like a real token',
  ],
  [/\b0x[0-9a-fA-F]{40}\b/g, (wallet) => /^0x(.{1,10})\1{3,}$/i.test(wallet), 'looks like a real wallet address'],
  [
    /\bbc1[a-z0-9]{25,60}\b|(?<![\w+/=])[13][a-km-zA-HJ-NP-Z1-9]{25,34}(?![\w+/=])/g,
    (wallet) => /(.)\1{7}|s[i1]mulant|^[0-9a-f]+$/i.test(wallet),
    'looks like a real wallet address',
  ],
];

const systemRoots =
  /(?<![\w.~$}:/<>%*-])\/(?:etc|usr|bin|sbin|lib|lib64|var|proc|sys|dev|root|opt|boot|mnt|run|srv|media|data|Users)(?![\w-])[\w./$*[\]-]*/g;
/** System paths that simulants name: programs they start and files they only read. Nothing is written there. */
const readablePaths =
  /^\/(?:bin\/(?:sh|true|echo)|usr\/bin\/env|dev\/null|dev\/tcp\/\S+|etc\/hostname|proc\/(?:self\/\w+|1\/cgroup|1\/root\/etc\/hostname|cpuinfo|meminfo|\$[\w$]+\/\w+|\[0-9\]\*\/comm)|sys\/class\/dmi\/id\/\w+|var\/run\/(?:docker\.sock|secrets\/kubernetes\.io\/serviceaccount\/token))[.,]?$/;
/** A mount is tried here by the escape rows and cannot succeed without rights. */
const escapePaths: Record<string, RegExp> = { B32: /^\/mnt$/ };

/** Every rule about one package of a simulant: one line per violation, without the simulant's id. */
export function checkPackage(simulant: Simulant, of: SimulantPackage): string[] {
  const manifest = {
    path: 'package.json',
    readings: readingsOf('package.json', JSON.stringify({ ...of.manifest, ...of.packument })),
  };
  const files = Object.entries(of.files).map(([path, content]) => ({
    path,
    content,
    readings: readingsOf(path, content),
  }));
  const problems: string[] = [];
  for (const { path, readings } of [manifest, ...files]) {
    for (const reading of readings) {
      const where = reading.how.length === 0 ? path : `${path} (${reading.how.join(', ')})`;
      problems.push(...checkReading(simulant, path, reading).map((says) => `${where}: ${says}`));
    }
  }
  for (const { path, content } of files) {
    const error = syntaxErrorOf(path, content);
    if (error !== undefined) problems.push(`${path}: does not parse: ${error}`);
  }
  problems.push(...checkSizes(files));
  if (simulant.kind !== 'neighbour') problems.push(...checkLatch(of));
  const readings = [manifest, ...files].flatMap((file) => file.readings);
  if (
    readings.some(({ text }) => networks.test(text)) &&
    !readings.some(({ text }) => hostsIn(text).length > 0 || /\.sock\b/.test(text))
  ) {
    if (simulant.kind !== 'neighbour') problems.push('package: uses the network and names no host');
  }
  return [...new Set(problems)];
}

function checkReading({ row }: Simulant, path: string, { text }: Reading): string[] {
  const problems = hostsIn(text)
    .filter((host) => !isAllowedHost(host, row))
    .map((host) => `names the host ${host}`);
  for (const [pattern, isFake, says] of wellFormed) {
    for (const [match] of text.matchAll(pattern)) if (!isFake(match)) problems.push(`${says}: ${match}`);
  }
  if (!isCode(path, text)) return problems;
  for (const [pattern, says] of refused) if (pattern.test(text)) problems.push(says);
  for (const [match] of text.matchAll(systemRoots)) {
    const named = match.replace(/[.,]$/, '');
    if (!readablePaths.test(named) && !escapePaths[row]?.test(named))
      problems.push(`names ${named}, outside home, temporary and package folders`);
  }
  if (networks.test(text) && /\[a-z0-9[^\]]*\]\+?[^/\n]*\\\.|\\d\{1,3\}/i.test(text) && !/invalid/.test(text)) {
    problems.push('picks an address out of a text without limiting it to the allowed ranges');
  }
  return problems;
}

/** What is run or can be: JavaScript, shell, make and gyp files, and the manifest's scripts. */
function isCode(path: string, text: string): boolean {
  return (
    /\.(?:[cm]?js|sh|gypi?|la)$|(?:^|\/)(?:Makefile|binding\.gyp|package\.json)$/.test(path) || text.startsWith('#!')
  );
}

function checkSizes(files: { path: string; content: string | Uint8Array }[]): string[] {
  const problems = files
    .filter(({ content }) => typeof content !== 'string' && content.length > maxBinaryBytes)
    .map(
      ({ path, content }) => `${path}: is a binary of ${content.length} bytes, at most ${maxBinaryBytes} are allowed`,
    );
  const total = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  if (total > maxPackageBytes) problems.push(`package: has ${total} bytes, at most ${maxPackageBytes} are allowed`);
  return problems;
}

/** A file is armed when the latch precedes its first act, or when it is reached only from files that are. */
function checkLatch(of: SimulantPackage): string[] {
  const code = new Map<string, string>();
  for (const [path, content] of Object.entries(of.files)) {
    if (typeof content === 'string' && isCode(path, content) && path !== 'package.json') code.set(path, content);
  }
  const scripts = (of.manifest.scripts ?? {}) as Record<string, string>;
  for (const name of hookNames) if (scripts[name] !== undefined) code.set(`scripts.${name}`, scripts[name]);
  const entries = entriesOf(of.manifest);
  const isArmed = (path: string, seen: readonly string[]): boolean => {
    const text = code.get(path) ?? '';
    const act = acts.exec(text);
    const at = latch.exec(text);
    if (at !== null && (act === null || text.indexOf('@assay-simulant/latch') < act.index)) return true;
    if (seen.length === 0 && act === null) return true;
    if (entries.has(path) || seen.includes(path)) return false;
    const stem = path.replace(/^.*\//, '').replace(/\.[cm]?js$/, '');
    const callers = [...code].filter(
      ([other, source]) =>
        other !== path && new RegExp(`(?<![\\w-])${stem.replace(/[^\w]/g, '\\$&')}(?![\\w-])`).test(source),
    );
    return callers.length > 0 && callers.every(([other]) => isArmed(other, [...seen, path]));
  };
  return [...code.keys()]
    .filter((path) => !isArmed(path, []))
    .map((path) => `${path}: acts before the latch is loaded`);
}

function entriesOf(manifest: SimulantPackage['manifest']): Set<string> {
  const found = new Set<string>(['index.js']);
  const add = (value: unknown): void => {
    if (typeof value === 'string') found.add(value.replace(/^\.\//, ''));
    else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) add(part);
  };
  for (const key of ['main', 'exports', 'bin']) add(manifest[key]);
  return found;
}
