import type { FinishedRun } from './assemble.ts';
import type { Evidence, RunEvidence } from './evidence.ts';
import { contacts } from './rules/network.ts';
import { isDeclared, nameOf } from './rules/reached.ts';

/**
 * Takes an installation for completed when it failed only because a digest check refused the sinkhole's answer: the artifact
 * ships digests, and every hook that failed had asked a host that the artifact names in the open.
 *
 * *Source:* package-analysis contract §5.1. The refusal itself is not seen; a hook of this kind that fails for another reason
 * counts as completed, too, which hides nothing: all it did is in the report.
 */
export function withRefusedAnswer(run: FinishedRun, all: Evidence): FinishedRun {
  const { install } = run.phases;
  if (install.Status !== 'error_other' || !all.subject.shipsDigests || !failedAfterAsking(run.evidence, all))
    return run;
  const reason = 'a hook refused what the sandbox answered in place of a declared download';
  return { ...run, phases: { ...run.phases, install: { ...install, Status: 'completed', StatusReason: reason } } };
}

function failedAfterAsking(run: RunEvidence, all: Evidence): boolean {
  const asking = contacts(run).filter(({ phase, method }) => phase === 'install' && (method ?? 'GET') === 'GET');
  const openly = new Set(asking.filter((event) => isDeclared(all, nameOf(run, event))).map(({ process }) => process));
  const failed = [...run.processes.values()].filter(
    ({ phase, package: owner, toolchain, exit_code: code }) =>
      phase === 'install' && owner !== undefined && !toolchain && code !== undefined && code !== 0,
  );
  const isExplained = (key: string): boolean =>
    openly.has(key) || [...run.processes.values()].some((child) => child.parent_key === key && isExplained(child.key));
  return failed.length > 0 && failed.every(({ key, package: owner }) => owner === all.subject.name && isExplained(key));
}
