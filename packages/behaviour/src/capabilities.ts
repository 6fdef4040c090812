import type { Capability, Channel } from '@assay/kernel';
import type { FinishedRun, ReportParts } from './assemble.ts';

/** What this analysis could measure, and how; a channel that was cut somewhere is still measured, its gaps are limitations. */
export function capabilitiesOf(runs: readonly FinishedRun[], parts: ReportParts): Partial<Record<Channel, Capability>> {
  const yes = (how: string): Capability => ({ measured: true, how });
  const no = (reason: string): Capability => ({ measured: false, how: 'none', reason });
  const shifted = runs.filter((run) => run.evidence.plan.clock !== 'now');
  const clock = parts.features.faketime
    ? shifted.length > 0
      ? yes('libfaketime')
      : no('no run with a shifted clock was made')
    : no('libfaketime is not installed');
  return {
    processes: yes('strace'),
    files: yes('strace'),
    dns: yes('sinkhole'),
    tcp: yes(parts.features.any_port ? 'sinkhole, every port' : 'sinkhole, well-known ports'),
    udp: yes('sinkhole'),
    http: yes('sinkhole'),
    tls_plaintext: yes('sinkhole CA'),
    memory_exec: yes('strace'),
    runtime_hook: yes('preloaded hook'),
    canaries: yes('decoys unique to each run'),
    clock_shift: clock,
    activation: no('npm packages have no activation'),
    arguments: yes('generated arguments'),
    dependency_tree: parts.tree === undefined ? no('the installation did not complete') : yes('installed tree'),
    static_js: yes('@babel/parser'),
    static_python: no('not a Python package'),
    static_binary: no('binaries are not read statically yet'),
    baseline:
      parts.baseline.status === 'compared'
        ? yes('previous version')
        : no(parts.baseline.reason ?? 'there is no previous version'),
    metadata: parts.subject.source.kind === 'registry' ? yes('registry') : no('an archive has no registry metadata'),
    provenance:
      parts.subject.metadata.provenance?.status === 'measured' ? yes('registry') : no('an archive has no attestations'),
  };
}
