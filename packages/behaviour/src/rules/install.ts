import type { TraceEvent } from '@assay/kernel';
import { contacts } from './network.ts';
import { isDeclared, isLocal, nameOf } from './reached.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** `install.lifecycle-hook`: said of every package whose script ran; medium when the previous version had none. */
export const lifecycleHook: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const [key, process] of run.processes) {
    if (process.phase !== 'install' || process.package === undefined || process.toolchain) continue;
    const parent = process.parent_key === undefined ? undefined : run.processes.get(process.parent_key);
    if (parent?.package !== undefined && !parent.toolchain) continue;
    const owner = all.subject.tree.get(process.package);
    const evidence = ancestry(run, key);
    if (evidence.length === 0) continue;
    drafts.push({
      id: 'install.lifecycle-hook',
      phase: 'install',
      package: process.package,
      ...((owner?.newHooks?.length ?? 0) > 0 ? { severity: 'medium', baseline: 'new' } : {}),
      evidence: evidenceOf(evidence),
      summary: `${process.package} runs ${process.argv.slice(-1)[0]?.slice(0, 80) ?? 'a script'} at install`,
    });
  }
  return drafts;
};

/** `install.prebuilt-download`: a hook asks a declared host for a file into its own folder. */
export const prebuiltDownload: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of contacts(run)) {
    if (
      event.phase !== 'install' ||
      event.type !== 'net.http' ||
      (event.method ?? 'GET') !== 'GET' ||
      !isDeclared(all, nameOf(run, event))
    )
      continue;
    drafts.push({
      id: 'install.prebuilt-download',
      phase: 'install',
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `asked ${event.host} for ${event.url_path ?? 'a file'}`,
    });
  }
  return drafts;
};

const buildTools = /(^|\/)(node-gyp(\.js)?|make|cmake|ninja|gyp|cargo|cmake-js)$/;

/** `install.build-effect`: something started from within a native build does what no build does. */
export const buildEffect: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.phase !== 'install' || !byPackage(run, event) || !isEffect(event)) continue;
    if (!underBuild(event)) continue;
    drafts.push({
      id: 'install.build-effect',
      phase: 'install',
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `native build: ${event.type} ${event.host ?? event.path ?? event.ip ?? ''}`.trim(),
    });
  }
  return drafts;

  function isEffect(event: TraceEvent): boolean {
    if (event.type === 'net.http' || event.type === 'net.connect')
      return (
        event.ip !== undefined &&
        event.egress !== 'mirror' &&
        !isLocal(event) &&
        event.protocol !== 'raw' &&
        !isDeclared(all, nameOf(run, event))
      );
    return (
      event.type === 'file.write' &&
      event.outcome === 'ok' &&
      /^(~\/(?!\.cache\/|\.npm\/|\.node-gyp\/|(?:[^/]+\/)*node_modules\/)|\/etc\/|\/usr\/)/.test(event.path ?? '')
    );
  }

  function underBuild(event: TraceEvent): boolean {
    const seen = new Set<string>();
    for (
      // The build tool itself asks its vendor for headers: only what it starts is looked at.
      let key: string | undefined = run.processes.get(event.process)?.parent_key;
      key !== undefined && !seen.has(key);
      key = run.processes.get(key)?.parent_key
    ) {
      seen.add(key);
      if (run.processes.get(key)?.argv.some((arg) => buildTools.test(arg)) === true) return true;
    }
    return false;
  }
};

/** `dep.new-unused`: a dependency that nothing imports, whose hook did something that counts. */
export const unusedDependency: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const dependency of all.subject.tree.values()) {
    if (
      dependency.name === all.subject.name ||
      dependency.hooks.length === 0 ||
      dependency.isImported !== false ||
      dependency.isNew === false
    )
      continue;
    const acts = run.events.filter(
      (event) =>
        event.phase === 'install' &&
        ownerOf(run, all, event) === dependency.name &&
        byPackage(run, event) &&
        isAct(event),
    );
    if (acts.length === 0) continue;
    const compared = dependency.isNew === true;
    drafts.push({
      id: 'dep.new-unused',
      phase: 'install',
      package: dependency.name,
      ...(compared ? { baseline: 'new' } : { severity: 'medium', confidence: 'low' }),
      evidence: evidenceOf(
        ancestry(run, acts[0]?.process ?? ''),
        acts.slice(0, 8).map((event) => event.id),
      ),
      summary: `${dependency.name} is imported by nothing${compared ? ' and new' : ''}; its hook acted`,
    });
  }
  return drafts;
};

function isAct(event: TraceEvent): boolean {
  if (event.type === 'process.exec') return false;
  if (event.type === 'net.http') return event.egress !== 'mirror';
  return (
    (event.type === 'file.write' && !/^\{|^\/dev\//.test(event.path ?? '')) ||
    event.type === 'file.delete' ||
    event.type === 'canary.egress' ||
    event.type === 'file.chmod'
  );
}
