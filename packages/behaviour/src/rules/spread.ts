import type { TraceEvent } from '@assay/kernel';
import type { Evidence, RequestEvidence, RunEvidence } from '../evidence.ts';
import { commandWords } from './agents.ts';
import { ancestry, byPackage, type Draft, evidenceOf, onBehalf, ownerOf, type RunRule } from './rule.ts';

/** API hosts of code forges and the paths that create or change repositories, workflows, keys or secrets there. */
const forgeHost = /(^|\.)(github|gitlab|bitbucket|codeberg|gitea|sr\.ht)(\.[a-z]+)+$/;
const forgeWrite =
  /^\/(api\/v[0-9]+\/)?(user\/repos|orgs\/[^/]+\/repos|repos\/[^/]+\/[^/]+\/(contents|git|forks|actions|hooks|keys|secrets|dispatches|pulls|releases|branches)|gists|projects|user\/keys|repositories\/|graphql)/;
const writingMethods = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * `spread.publish-attempt` (package code publishes to a registry) and `spread.repo-write` (it creates or changes
 * repositories), itself or through the tools for it. In `execute` an exported function that publishes is a release tool doing
 * its job: only a credential of the host that package code looked up by itself makes it spreading.
 */
export const spread: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    const claim =
      event.type === 'net.http' ? requestClaim(event, run.requests.get(event.id)) : commandClaim(commandWords(event));
    if (claim === undefined || !onBehalf(run, event)) continue;
    if (
      event.phase === 'execute' &&
      !(event.type === 'net.http' && byPackage(run, event) && carriesHostCredential(run, all, event))
    )
      continue;
    const owner = ownerOf(run, all, event);
    drafts.push({
      id: claim,
      phase: event.phase,
      package: owner,
      evidence: evidenceOf(ancestry(run, event.process), credentialReads(run, all, event, owner), event.id),
      summary:
        event.type === 'net.http'
          ? `${event.method} ${event.host}${event.url_path ?? ''}`.slice(0, 120)
          : `ran ${commandWords(event)?.join(' ').slice(0, 100)}`,
    });
  }
  return drafts;
};

/** What the same package had looked at before, in whichever process. */
function credentialReads(run: RunEvidence, all: Evidence, event: TraceEvent, owner: string): string[] {
  return run.events
    .filter(
      (other) =>
        other.type === 'canary.read' &&
        other.t_ms <= event.t_ms &&
        other.phase === event.phase &&
        onBehalf(run, other) &&
        ownerOf(run, all, other) === owner,
    )
    .filter((other) => isHostCredential(all, other.canary))
    .slice(-3)
    .map((other) => other.id);
}

function carriesHostCredential(run: RunEvidence, all: Evidence, event: TraceEvent): boolean {
  return (run.requests.get(event.id)?.canary_hits ?? []).some((hit) => isHostCredential(all, hit.canary));
}

function isHostCredential(all: Evidence, canary: string | undefined): boolean {
  const kind = all.canaries.get(canary ?? '')?.kind;
  return kind !== undefined && kind !== 'api_argument' && kind !== 'host_identity';
}

type SpreadClaim = 'spread.publish-attempt' | 'spread.repo-write';

function requestClaim(event: TraceEvent, request: RequestEvidence | undefined): SpreadClaim | undefined {
  const method = event.method ?? 'GET';
  const path = event.url_path ?? '';
  if (event.egress === 'mirror') return method === 'PUT' ? 'spread.publish-attempt' : undefined;
  // The service that a push asks for, before it sends anything.
  if (/[?&]service=git-receive-pack\b|\/git-receive-pack$/.test(path)) return 'spread.repo-write';
  if (!writingMethods.has(method)) return undefined;
  if (request?.response?.profile === 'publish-refused' || (method === 'PUT' && isPackagePath(path)))
    return 'spread.publish-attempt';
  // A forge is known by its name, or by answering like one: companies run their own.
  const isForge = forgeHost.test(event.host ?? '') || request?.response?.profile === 'code-forge';
  if (isForge && forgeWrite.test(path)) return 'spread.repo-write';
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

function commandClaim(words: readonly string[] | undefined): SpreadClaim | undefined {
  if (words === undefined) return undefined;
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
