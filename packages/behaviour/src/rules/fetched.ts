import type { Phase, TraceEvent } from '@assay/kernel';
import type { Evidence, RequestEvidence, RunEvidence } from '../evidence.ts';
import { isEvaluation } from './evaluation.ts';
import { mediaPath } from './media.ts';
import { isDeclared, nameOf } from './reached.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, programOf, type RunRule } from './rule.ts';

/** The answer of the sinkhole that has these very bytes. */
export function answerWith(run: RunEvidence, sha256: string | undefined): RequestEvidence | undefined {
  if (sha256 === undefined) return undefined;
  for (const request of run.requests.values())
    if (request.response_sha256 === sha256 && request.egress === 'sinkhole') return request;
  return undefined;
}

/** The last answer that came before an event: what holds the sinkhole's marker without being one answer was unpacked from one. */
export function answerBefore(run: RunEvidence, event: TraceEvent): RequestEvidence | undefined {
  return [...run.requests.values()]
    .filter((request) => request.egress === 'sinkhole' && request.t_ms <= event.t_ms && request.phase === event.phase)
    .at(-1);
}

/**
 * A browser, an engine, an addon that a package fetches when it is used, from a host that it names in the open, into its own
 * folder: not hidden from anybody, and so no claim. At install nobody asked for anything yet. *Source:* package-analysis
 * contract §5.1, G02. That the real file was never seen is a limitation of the report (`payload_not_served`).
 */
export function isOpenlyFetched(
  run: RunEvidence,
  all: Evidence,
  { answer, path, phase, owner }: { answer: RequestEvidence; path: string; phase: Phase; owner: string },
): boolean {
  const request = run.events.find((event) => event.id === answer.event);
  return (
    phase !== 'install' &&
    isOwnFolder(path, owner, all) &&
    request !== undefined &&
    isDeclared(all, nameOf(run, request))
  );
}

/** Whether a path lies in the folder of the package that acted. */
export function isOwnFolder(path: string, owner: string, all: Evidence): boolean {
  return path.startsWith(owner === all.subject.name ? '{pkg}/' : `{dep:${owner}}/`);
}

/** `exec.fetched-code` where no program file is involved: piped into an interpreter, evaluated as text, loaded as a module. */
export const fetchedCode: RunRule = (run, all) => [
  ...pipedIntoInterpreter(run, all),
  ...evaluatedAnswers(run, all),
  ...loadedAnswers(run, all),
];

const interpreters = /^(node|nodejs|bun|deno|sh|bash|dash|ash|zsh|ksh|python[0-9.]*|perl|ruby|php|pwsh)$/;
/** Options that bring the program themselves. */
const inline = /^-(c|e|p|pe|m|E)$|^--(eval|print|version|help)$|^-[a-z]*c$/;

/** Whether an interpreter takes its program from standard input. Matches `sh -s`, `node -`, `bash`; not `sh x.sh`, `node -e 1`. */
function readsProgram(event: TraceEvent): boolean {
  const [, ...words] = event.argv ?? [];
  return interpreters.test(programOf(event)) && words.every((word) => word.startsWith('-') && !inline.test(word));
}

/** `curl … | sh`, or a child that is handed text: an interpreter without program whose relatives just read something. */
function pipedIntoInterpreter(run: RunEvidence, all: Evidence): Draft[] {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (
      event.type !== 'process.exec' ||
      event.outcome !== 'ok' ||
      event.detail === 'stdio:socket' ||
      !byPackage(run, event) ||
      !readsProgram(event)
    )
      continue;
    const family = relativesOf(run, event.process);
    if (family === undefined) continue;
    const base = { phase: event.phase, package: ownerOf(run, all, event) };
    const answer = [...run.requests.values()].find(
      (request) =>
        family(request.process) &&
        request.phase === event.phase &&
        request.egress === 'sinkhole' &&
        request.method === 'GET',
    );
    if (answer !== undefined) {
      drafts.push({
        ...base,
        id: 'exec.fetched-code',
        evidence: evidenceOf(ancestry(run, event.process), answer.event, event.id),
        summary: `piped what ${answer.host} answered into ${programOf(event)}`,
      });
      continue;
    }
    const media = run.events.find(
      (other) =>
        other.type === 'file.read' &&
        other.outcome === 'ok' &&
        family(other.process) &&
        other.phase === event.phase &&
        mediaPath.test(other.path ?? ''),
    );
    if (media === undefined) continue;
    // The reader's process may start a moment later than the one that reads from it.
    const later = run.events.find(
      (other) => other.type === 'process.exec' && family(other.process) && other.t_ms >= media.t_ms,
    );
    drafts.push({
      ...base,
      id: 'exec.media-payload',
      evidence: evidenceOf(ancestry(run, event.process), media.id, event.id, later?.id),
      summary: `piped bytes of ${media.path} into ${programOf(event)}`,
    });
  }
  return drafts;
}

/** Tells a process' parent and the children of that parent, if the parent is package code. */
function relativesOf(run: RunEvidence, key: string): ((other: string) => boolean) | undefined {
  const parent = run.processes.get(key)?.parent_key;
  if (parent === undefined || run.processes.get(parent)?.toolchain !== false) return undefined;
  return (other) => other !== key && (other === parent || run.processes.get(other)?.parent_key === parent);
}

const minText = 20;

/** An answer of the network handed to the evaluator, byte for byte or with something around it. */
function evaluatedAnswers(run: RunEvidence, all: Evidence): Draft[] {
  const drafts: Draft[] = [];
  const answers = [...run.requests.values()].filter(
    (request) => request.egress === 'sinkhole' && request.response_head !== undefined,
  );
  for (const event of run.events) {
    if (!isEvaluation(event)) continue;
    const text = bare(event.detail ?? '');
    const answer =
      answerWith(run, event.sha256) ??
      answers.find((one) => {
        const head = bare(Buffer.from(one.response_head ?? '', 'base64').toString('utf8')).slice(0, 120);
        return one.t_ms <= event.t_ms && head.length >= minText && text.includes(head);
      });
    if (answer === undefined) continue;
    drafts.push({
      id: 'exec.fetched-code',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), answer.event, event.id),
      summary: `evaluated what ${answer.host} answered`,
    });
  }
  return drafts;
}

function bare(text: string): string {
  return text.replace(/\s+/g, '');
}

const codeFile = /\.([cm]?js|node)$/;

/** A fetched file that Node reads again under a name of code: loaded as a module, without any process being started. */
function loadedAnswers(run: RunEvidence, all: Evidence): Draft[] {
  const drafts: Draft[] = [];
  for (const file of run.dropped) {
    const made = run.events.find((event) => event.id === file.created);
    if (!file.isAnswer || made === undefined || !byPackage(run, made)) continue;
    const written = made.type === 'file.rename' ? writeBefore(run, made) : made;
    const renamed = run.events.find(
      (event) => event.type === 'file.rename' && event.path === written.path && event.t_ms >= written.t_ms,
    );
    const name = renamed?.to ?? file.path;
    const read = run.events.find(
      (event) =>
        event.type === 'file.read' &&
        event.outcome === 'ok' &&
        event.path === name &&
        event.t_ms >= written.t_ms &&
        isNode(run, event),
    );
    const answer = answerWith(run, file.sha256) ?? answerBefore(run, written);
    if (!codeFile.test(name) || read === undefined || answer === undefined) continue;
    if (isOpenlyFetched(run, all, { answer, path: name, phase: read.phase, owner: ownerOf(run, all, written) }))
      continue;
    drafts.push({
      id: 'exec.fetched-code',
      phase: read.phase,
      package: ownerOf(run, all, written),
      evidence: evidenceOf(ancestry(run, written.process), answer.event, written.id, renamed?.id, read.id),
      summary: `downloaded ${file.path} from ${answer.host} and loaded it`,
    });
  }
  return drafts;
}

function writeBefore(run: RunEvidence, rename: TraceEvent): TraceEvent {
  const write = run.events.findLast(
    (event) => event.type === 'file.write' && event.path === rename.path && event.t_ms <= rename.t_ms,
  );
  return write ?? rename;
}

function isNode(run: RunEvidence, event: TraceEvent): boolean {
  return /^node/.test(run.processes.get(event.process)?.process_name ?? '') && byPackage(run, event);
}
