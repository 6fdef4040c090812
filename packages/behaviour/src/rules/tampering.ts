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

/** Same scope, or one name extends the other (`esbuild` and `@esbuild/linux-x64`, `sharp` and `@img/sharp-linux-x64`). */
export function sameFamily(a: string, b: string): boolean {
  const scope = (name: string) => (name.startsWith('@') ? name.slice(1, name.indexOf('/')) : name);
  const base = (name: string) => name.slice(name.indexOf('/') + 1);
  return scope(a) === scope(b) || base(a).startsWith(base(b)) || base(b).startsWith(base(a));
}

/** `tamper.self-erase`: after it ran, package code removes or rewrites the very files that made it run. */
export const selfErase: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.outcome !== 'ok' || event.phase !== 'install' || !byPackage(run, event)) continue;
    const erases =
      event.type === 'file.delete' ||
      event.type === 'file.rename' ||
      (event.type === 'file.write' && isManifest(event.path));
    if (!erases || event.path === undefined) continue;
    const owner = ownerOf(run, all, event);
    const own = owner === all.subject.name ? '{pkg}/' : `{dep:${owner}}/`;
    if (!event.path.startsWith(own) || !(isManifest(event.path) || ranAsHook(run, event, event.path))) continue;
    drafts.push({
      id: 'tamper.self-erase',
      phase: event.phase,
      package: owner,
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `${event.type === 'file.delete' ? 'deleted' : 'rewrote'} ${event.path} after it ran`,
    });
  }
  return drafts;
};

function isManifest(path: string | undefined): boolean {
  return path !== undefined && /^\{(pkg|dep:[^}]+)\}\/package\.json$/.test(path);
}

/** Whether the file is the script that some process of this run was started with. */
function ranAsHook(run: RunEvidence, erasing: TraceEvent, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  for (const process of run.processes.values()) {
    if (process.phase !== erasing.phase || process.toolchain) continue;
    const [program = '', ...args] = process.argv;
    if (
      /(^|\/)(node|sh|bash|dash)$/.test(program) &&
      args.some((arg) => arg.split('/').at(-1) === name || new RegExp(`\\b${escape(name)}\\b`).test(arg))
    )
      return true;
    if (program.split('/').at(-1) === name) return true;
  }
  return false;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const probes = [
  /^\/proc\/(self|[0-9]+|thread-self)\/(status|cgroup|mounts|mountinfo|maps|cmdline|environ)$/,
  /^\/proc\/(cpuinfo|modules|scsi\/scsi|version|1\/)/,
  /^\/(\.dockerenv|run\/\.containerenv|\.dockerinit)$/,
  /^\/sys\/(class\/dmi\/|hypervisor|devices\/virtual\/dmi\/|firmware\/)/,
  /^\/(usr\/bin\/VBox|dev\/vbox|usr\/share\/(virtualbox|vmware))/,
];
const minProbes = 2;

/**
 * `evade.sandbox-probe`: package code looks at several places that only tell whether it is watched. One look (a container
 * check, the count of processors) is what many honest libraries do.
 */
export const sandboxProbe: RunRule = (run, all) => {
  const groups = new Map<string, TraceEvent[]>();
  for (const event of run.events) {
    const path =
      event.type === 'file.read'
        ? event.path
        : event.type === 'runtime.hook' && event.api?.startsWith('fs.')
          ? event.detail
          : undefined;
    if (path === undefined || !byPackage(run, event) || !probes.some((probe) => probe.test(path))) continue;
    const key = `${event.phase} ${ownerOf(run, all, event)}`;
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  const drafts: Draft[] = [];
  for (const events of groups.values()) {
    const first = events[0];
    const paths = new Set(events.map((event) => event.path ?? event.detail));
    const tracer = [...paths].some((path) => /\/status$/.test(path ?? ''));
    if (first === undefined || (paths.size < minProbes && !tracer)) continue;
    drafts.push({
      id: 'evade.sandbox-probe',
      phase: first.phase,
      package: ownerOf(run, all, first),
      evidence: evidenceOf(
        ancestry(run, first.process),
        events.slice(0, 8).map((event) => event.id),
      ),
      summary: `looked at ${[...paths].slice(0, 4).join(', ')}`,
    });
  }
  return drafts;
};

const escapeCalls =
  /^(ptrace|process_vm_readv|process_vm_writev|mount|umount2|pivot_root|setns|unshare|bpf|perf_event_open|init_module|finit_module|kexec_load|open_by_handle_at|keyctl|add_key|userfaultfd|io_uring_setup|move_mount|fsopen)$/;

/** `evade.escape-attempt`: calls that only make sense to leave a sandbox or to touch other processes. */
export const escapeAttempt: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'ptrace' || event.api === undefined || !escapeCalls.test(event.api) || !byPackage(run, event))
      continue;
    // Node asks for io_uring by itself, browsers for namespaces: refused, and no attempt at anything of the host.
    if (event.api === 'io_uring_setup' || event.api === 'unshare') continue;
    drafts.push({
      id: 'evade.escape-attempt',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `called ${event.api}${event.detail === undefined ? '' : ` (${event.detail.slice(0, 60)})`}: ${event.outcome}`,
    });
  }
  return drafts;
};
