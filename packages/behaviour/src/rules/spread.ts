import type { TraceEvent } from '@assay/kernel';
import { commandWords } from './execution.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** API hosts of code forges and the paths that create or change repositories, workflows, keys or secrets there. */
const forgeHost = /(^|\.)(github|gitlab|bitbucket|codeberg|gitea|sr\.ht)(\.[a-z]+)+$/;
const forgeWrite =
  /^\/(api\/v[0-9]+\/)?(user\/repos|orgs\/[^/]+\/repos|repos\/[^/]+\/[^/]+\/(contents|git|forks|actions|hooks|keys|secrets|dispatches|pulls|releases|branches)|gists|projects|user\/keys|repositories\/|graphql)/;
const writingMethods = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * `spread.publish-attempt` (package code publishes to a registry) and `spread.repo-write` (it creates or changes
 * repositories). In `execute` an exported function that publishes is a release tool doing its job: it must have been handed
 * no decoy of the host, else it is spreading.
 */
export const spread: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type === 'net.http' && byPackage(run, event)) {
      const claim = claimFor(event);
      if (claim === undefined || (event.phase === 'execute' && !carriesHostCredential(event))) continue;
      drafts.push({
        id: claim,
        phase: event.phase,
        package: ownerOf(run, all, event),
        evidence: evidenceOf(ancestry(run, event.process), credentialReads(event), event.id),
        summary: `${event.method} ${event.host}${event.url_path ?? ''}`.slice(0, 120),
      });
    }
    const words = commandWords(event);
    if (words === undefined || event.phase === 'execute') continue;
    const claim = commandClaim(words);
    if (claim === undefined || !byPackage(run, startedBy(event))) continue;
    drafts.push({
      id: claim,
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `ran ${words.join(' ').slice(0, 100)}`,
    });
  }
  return drafts;

  /** `npm publish` is itself a toolchain process: what counts is who started it. */
  function startedBy(event: TraceEvent): TraceEvent {
    const parent = run.processes.get(event.process)?.parent_key;
    return event.type === 'process.exec' && parent !== undefined ? { ...event, process: parent } : event;
  }

  function credentialReads(event: TraceEvent): string[] {
    return run.events
      .filter((other) => other.type === 'canary.read' && other.t_ms <= event.t_ms && other.process === event.process)
      .slice(-3)
      .map((other) => other.id);
  }

  function carriesHostCredential(event: TraceEvent): boolean {
    return (run.requests.get(event.id)?.canary_hits ?? []).some((hit) => {
      const kind = all.canaries.get(hit.canary)?.kind;
      return kind !== undefined && kind !== 'api_argument' && kind !== 'host_identity';
    });
  }
};

function claimFor(event: TraceEvent): 'spread.publish-attempt' | 'spread.repo-write' | undefined {
  const method = event.method ?? 'GET';
  if (event.egress === 'mirror') return method === 'PUT' ? 'spread.publish-attempt' : undefined;
  if (!writingMethods.has(method)) return undefined;
  if (method === 'PUT' && isPackagePath(event.url_path)) return 'spread.publish-attempt';
  if (event.host !== undefined && forgeHost.test(event.host) && forgeWrite.test(event.url_path ?? ''))
    return 'spread.repo-write';
  return undefined;
}

/** `PUT /@scope%2fname`: what a registry's publish looks like on any host. Matches `/left-pad`; not `/api/upload`. */
function isPackagePath(urlPath: string | undefined): boolean {
  return (
    urlPath !== undefined &&
    /^\/(@[a-z0-9~._-]+(%2f|\/))?[a-z0-9~._-]+$/i.test(urlPath) &&
    !/\.[a-z0-9]{2,4}$/i.test(urlPath)
  );
}

function commandClaim(words: readonly string[]): 'spread.publish-attempt' | 'spread.repo-write' | undefined {
  const line = words.join(' ');
  if (/(^| |\/)(npm|pnpm|yarn|npm-cli\.js)( -[^ ]+)* (npm )?publish\b/.test(line) || /\btwine upload\b/.test(line))
    return 'spread.publish-attempt';
  if (
    /(^| |\/)git( -[^ ]+( [^ -][^ ]*)?)* push\b/.test(line) ||
    /(^| |\/)gh (repo create|workflow|secret set|api .*-X ?(POST|PUT))/.test(line)
  )
    return 'spread.repo-write';
  return undefined;
}
