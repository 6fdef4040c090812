import type { TraceEvent } from '@assay/kernel';
import type { RunEvidence } from '../evidence.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

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
    if (event.type === 'file.read' && isTheirOwn(run, event)) continue;
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

/** Programs that list processes read about all of them, whoever watches whom. */
const listers = /^(ps|pgrep|pidof|pkill|pstree|top|htop|lsof|fuser|uptime|free|w)$/;

/**
 * Node itself, and what is preloaded into it, looks at its memory map and control group, also for each worker: such a look
 * counts only when the runtime hook saw package code ask for it.
 */
function isTheirOwn(run: RunEvidence, event: TraceEvent): boolean {
  const reader = run.processes.get(event.process);
  // A shell becomes the one program that it was asked for.
  const asked = /^([a-z]+)( [-\w ,=]*)?$/.exec(reader?.argv.at(-1) ?? '')?.[1] ?? '';
  if (listers.test(reader?.process_name ?? '') || (reader?.argv[1] === '-c' && listers.test(asked))) return true;
  if (!/^\/proc\/(self|[0-9]+)\/(maps|cgroup|mounts|mountinfo)$/.test(event.path ?? '')) return false;
  if (!/^node/.test(run.processes.get(event.process)?.process_name ?? '')) return false;
  return !run.events.some(
    (other) =>
      other.type === 'runtime.hook' &&
      other.process === event.process &&
      other.api?.startsWith('fs.') === true &&
      sameFile(other.detail, event.path),
  );
}

/** `/proc/<its own pid>/x` of one channel is `/proc/self/x` of the other. */
function sameFile(a: string | undefined, b: string | undefined): boolean {
  const own = (path: string | undefined) => path?.replace(/^\/proc\/([0-9]+|thread-self)\//, '/proc/self/');
  return own(a) === own(b);
}

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
