import type { TraceEvent } from '@assay/kernel';
import type { RunEvidence } from '../evidence.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

const changes = new Set<TraceEvent['type']>(['file.write', 'file.delete', 'file.rename', 'file.chmod']);

/**
 * `tamper.other-package`: package code changes an installed package that is not its own. Packages of one scope that build
 * each other (a platform binary written by its wrapper) share an owner and are left alone.
 */
export const otherPackage: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    const target = targetPackage(event, all.subject.name);
    if (target === undefined || event.outcome !== 'ok' || !byPackage(run, event)) continue;
    const owner = ownerOf(run, all, event);
    if (owner === target || sameFamily(owner, target) || !all.subject.tree.has(target)) continue;
    drafts.push({
      id: 'tamper.other-package',
      phase: event.phase,
      package: owner,
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `changed ${event.path ?? event.detail} of ${target}`,
    });
  }
  return drafts;
};

function targetPackage(event: TraceEvent, subject: string): string | undefined {
  if (changes.has(event.type)) {
    if (event.path === undefined || /\/node_modules\/\.(cache|bin|vite|package-lock)/.test(event.path))
      return undefined;
    if (event.path.startsWith('{pkg}/')) return subject;
    return /^\{dep:([^}]+)\}\//.exec(event.path)?.[1];
  }
  if (event.type === 'runtime.hook' && event.api === 'require.cache') return event.detail?.split(' ')[0];
  return undefined;
}

/**
 * Whether `target` belongs to the owner of `actor`: the same scope, a scope or a name made from the actor's (`esbuild` and
 * `@esbuild/linux-x64`, `sharp` and `@img/sharp-linux-x64`). Never the other way round: anybody can take a name that begins
 * with a well-known one.
 */
export function sameFamily(actor: string, target: string): boolean {
  const scope = (name: string) => (name.startsWith('@') ? name.slice(1, name.indexOf('/')) : undefined);
  const base = (name: string) => name.slice(name.indexOf('/') + 1);
  if (scope(target) !== undefined && scope(target) === (scope(actor) ?? actor)) return true;
  return base(target).startsWith(`${base(actor)}-`) && scope(target) !== undefined;
}

const extensionFolder =
  /^~\/(?:[^/]+\/)*\.(vscode|vscode-insiders|vscode-server|vscode-oss|cursor|cursor-server|windsurf|windsurf-server|kiro|trae|positron)\/extensions\/[^/]+\//;

/** `tamper.other-extension`: files of an installed editor extension are made or changed. */
export const otherExtension: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    const target = event.type === 'file.rename' ? event.to : event.path;
    if (
      !(changes.has(event.type) || event.type === 'file.link') ||
      event.outcome !== 'ok' ||
      target === undefined ||
      !byPackage(run, event)
    )
      continue;
    if (!extensionFolder.test(target)) continue;
    drafts.push({
      id: 'tamper.other-extension',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `changed ${target}`,
    });
  }
  return drafts;
};

/** `tamper.self-erase`: after it ran, package code removes or rewrites the very files that made it run. */
export const selfErase: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.outcome !== 'ok' || event.phase === 'execute' || !byPackage(run, event)) continue;
    if (event.type !== 'file.delete' && event.type !== 'file.rename' && event.type !== 'file.write') continue;
    const owner = ownerOf(run, all, event);
    const own = owner === all.subject.name ? '{pkg}/' : `{dep:${owner}}/`;
    // A file that it made itself is no trace of how it came to run.
    const gone = event.own === true ? [event.to] : [event.path, event.to];
    const target = gone.find((path) => path?.startsWith(own) && (isManifest(path) || ranAsHook(run, event, path)));
    if (target === undefined) continue;
    drafts.push({
      id: 'tamper.self-erase',
      phase: event.phase,
      package: owner,
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `${event.type === 'file.delete' ? 'deleted' : 'rewrote'} ${target} after it ran`,
    });
  }
  return drafts;
};

function isManifest(path: string | undefined): boolean {
  return path !== undefined && /^\{(pkg|dep:[^}]+)\}\/package\.json$/.test(path);
}

/** Whether the file is a script that led to the erasing process: what it or one of its ancestors was started with. */
function ranAsHook(run: RunEvidence, erasing: TraceEvent, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const seen = new Set<string>();
  for (let key: string | undefined = erasing.process; key !== undefined && !seen.has(key); ) {
    seen.add(key);
    const process = run.processes.get(key);
    if (process === undefined || process.toolchain) return false;
    if (scriptsOf(process.argv).some((script) => script.split('/').at(-1) === name)) return true;
    key = process.parent_key;
  }
  return false;
}

const interpreters = /^(node|nodejs|sh|bash|dash|ash|zsh|ksh|python[0-9.]*|perl|ruby|\.|source)$/;

/** Scripts that a command line runs: `node setup.js`, `sh -c "cd x && sh y.sh; ./z"` gives `y.sh` and `./z` (and `cd`). */
function scriptsOf(argv: readonly string[]): string[] {
  const inline = argv.indexOf('-c');
  if (inline > 0 && argv[inline + 1] !== undefined) {
    return (argv[inline + 1] ?? '').split(/[;&|\n]+/).flatMap((command) => scriptsOf(wordsOf(command)));
  }
  const [program = '', ...rest] = argv;
  if (!interpreters.test(program.split('/').at(-1) ?? '')) return [program];
  const script = rest.find((word) => !word.startsWith('-'));
  return script === undefined ? [] : [script];
}

/** Words of one shell command, without the variables set in front of it. */
function wordsOf(command: string): string[] {
  return command.split(/[\s"'()]+/).filter((word) => word !== '' && !/^[A-Za-z_]+=/.test(word));
}
