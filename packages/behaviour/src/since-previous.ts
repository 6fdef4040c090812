import type { Baseline, Finding } from '@assay/kernel';
import type { Evidence } from './evidence.ts';

const codeFile = /\.([cm]?[jt]sx?|node|sh|py|json|wasm|gyp|gypi)$|(^|\/)[^.]+$/;

/**
 * Whether a finding is news against the version before, as far as files and dependencies can tell without running that
 * version: it is, when the code behind it is new or changed, or its package is new in the tree.
 *
 * *Shape:* `unchanged` is said only when every file that could be behind it has the same bytes as before; a dependency that was
 * there before may have moved on by itself, which nothing here compares.
 */
export function sincePrevious(
  { package: owner, evidence: cited }: Pick<Finding, 'package' | 'evidence'>,
  evidence: Evidence,
): Baseline {
  const { subject } = evidence;
  if (subject.changedFiles === undefined) return 'not_compared';
  if (owner !== subject.name) return subject.tree.get(owner)?.isNew === true ? 'new' : 'not_compared';
  const named = filesNamed(cited, evidence);
  const changed = [...subject.changedFiles].filter((file) => codeFile.test(file) && file !== 'package.json');
  // What a script loads is not named anywhere: any change of code may be behind it, no change cannot.
  const isNews = named.some((file) => subject.changedFiles?.has(file)) || changed.length > 0 || newHook(subject);
  return isNews ? 'new' : 'unchanged';
}

function newHook(subject: Evidence['subject']): boolean {
  return (subject.tree.get(subject.name)?.newHooks?.length ?? 0) > 0;
}

/** Files of the artifact that signals stand in. */
function filesNamed(cited: readonly string[], { signals }: Evidence): string[] {
  return signals.filter(({ id }) => cited.includes(id)).map(({ file }) => file);
}
