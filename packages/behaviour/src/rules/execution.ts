import type { TraceEvent } from '@assay/kernel';
import type { DroppedEvidence, Evidence, RequestEvidence, RunEvidence, WrittenAndRun } from '../evidence.ts';
import { answerBefore, answerWith, isOpenlyFetched, isOwnFolder } from './fetched.ts';
import { mediaPath } from './media.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, programOf, type RunRule } from './rule.ts';

/** Other runtimes than the one that the package is written for. Matches `bun`, `bun-linux-x64`, `python3.12`; not `bunyan`. */
const foreignRuntimes =
  /^(bun|deno|python|pypy|ruby|php|perl|java|dotnet|lua|luajit|tcc|wasmtime|qjs)([0-9.]*)([-_](linux|x64|x86_64|amd64|arm64|aarch64|musl|gnu|[0-9.])+)*(\.exe)?$/;

/**
 * Code that was written during this run and then executed. Where its bytes came from decides the claim: an answer of the
 * network is `exec.fetched-code`; a test fixture or a picture of the package `exec.fixture-to-exec`; anything else, outside
 * the package's own folder, `exec.dropped-binary`. What a package unpacks into its own folder and runs is its own affair.
 */
export const writtenThenExecuted: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const ran of run.ran) {
    const exec = eventOf(run, ran.executed);
    const trail = trailOf(run, ran);
    const first = trail[0];
    if (exec === undefined || first === undefined || !byPackage(run, first)) continue;
    const owner = ownerOf(run, all, first);
    const answer = originOf(run, ran, first);
    const base = { phase: exec.phase, package: owner };
    const evidence = (cause: string | undefined) =>
      evidenceOf(
        ancestry(run, first.process),
        cause,
        trail.map(({ id }) => id),
        exec.id,
      );
    if (answer !== undefined && isOpenlyFetched(run, all, { answer, path: ran.path, phase: exec.phase, owner }))
      continue;
    if (answer !== undefined) {
      drafts.push({
        ...base,
        id: 'exec.fetched-code',
        evidence: evidence(answer.event),
        summary: `downloaded ${ran.path} from ${answer.host} and ran it`,
      });
    } else {
      const fixture = fixtureReadBefore(run, all, exec, owner);
      if (fixture !== undefined) {
        drafts.push({
          ...base,
          id: 'exec.fixture-to-exec',
          evidence: evidence(fixture.id),
          summary: `made ${ran.path} out of ${fixture.path} and ran it`,
        });
      } else if (!isOwnFolder(ran.path, owner, all)) {
        drafts.push({
          ...base,
          id: 'exec.dropped-binary',
          evidence: evidence(undefined),
          summary: `wrote ${ran.path} and ran it`,
        });
      }
    }
    const runtime = [baseName(ran.path), programOf(exec)].find((name) => foreignRuntimes.test(name));
    if (runtime !== undefined && (answer !== undefined || runtime === baseName(ran.path))) {
      drafts.push({
        ...base,
        id: 'exec.foreign-runtime',
        evidence: evidence(answer?.event),
        summary: `brought ${ran.path} and ran it as or with ${runtime}`,
      });
    }
  }
  return drafts;
};

/** From the first write, under whichever name, to the last change of name or mode before the file ran. */
function trailOf(run: RunEvidence, ran: WrittenAndRun): TraceEvent[] {
  const last = eventOf(run, ran.created);
  if (last === undefined) return [];
  const written =
    last.type === 'file.rename'
      ? run.events.findLast(
          (event) => event.type === 'file.write' && event.path === last.path && event.t_ms <= last.t_ms,
        )
      : last;
  const names = new Set([ran.path, last.path]);
  const until = eventOf(run, ran.executed)?.t_ms ?? Number.POSITIVE_INFINITY;
  const mode = run.events.filter(
    (event) =>
      event.type === 'file.chmod' &&
      event.outcome === 'ok' &&
      names.has(event.path) &&
      event.t_ms >= (written ?? last).t_ms &&
      event.t_ms <= until,
  );
  return [...(written === undefined ? [] : [written]), ...(last === written ? [] : [last]), ...mode.slice(-1)];
}

function originOf(run: RunEvidence, ran: WrittenAndRun, written: TraceEvent): RequestEvidence | undefined {
  const dropped: DroppedEvidence | undefined = run.dropped.find(
    (file) => file.created === written.id || file.executed === ran.executed || file.path === written.path,
  );
  if (dropped === undefined) return undefined;
  return answerWith(run, dropped.sha256) ?? (dropped.isAnswer ? answerBefore(run, written) : undefined);
}

/** Folders of tests and examples: nothing in them has business in a build. */
const fixtureFolder =
  /^\{[^}]+\}\/(?:.*\/)?(tests?|__tests__|__fixtures__|spec|fixtures?|testdata|test-data|samples?|examples?)\//;

function fixtureReadBefore(run: RunEvidence, all: Evidence, exec: TraceEvent, owner: string): TraceEvent | undefined {
  return run.events.findLast(
    (event) =>
      event.type === 'file.read' &&
      event.outcome === 'ok' &&
      event.t_ms <= exec.t_ms &&
      event.phase === exec.phase &&
      event.path !== undefined &&
      isOwnFolder(event.path, owner, all) &&
      event.detail !== 'directory' &&
      (fixtureFolder.test(event.path) || mediaPath.test(event.path)) &&
      byPackage(run, event),
  );
}

function eventOf(run: RunEvidence, id: string): TraceEvent | undefined {
  return run.events.find((event) => event.id === id);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
