import type { TraceEvent } from '@assay/kernel';
import type { Evidence, RunEvidence } from '../evidence.ts';
import type { DroppedFile, NetworkRequest } from '../report/index.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** Interpreters whose first file argument is code, not data. */
const interpreters =
  /^(node|nodejs|sh|bash|dash|zsh|python3?(\.\d+)?|perl|ruby|php|pwsh|powershell|deno|bun|osascript|wscript|cscript)$/;
const foreignRuntimes =
  /^(bun|deno|python3?(\.\d+)?|pypy3?|ruby|php|perl|go|java|dotnet|lua|luajit|tcc|wasmtime|qjs)(\.exe)?$/;

/** Path of the code that an exec runs: the script handed to an interpreter, else the program itself. */
export function executedPath(event: TraceEvent): string | undefined {
  const [program = '', ...args] = event.argv ?? [];
  const name = program.split('/').at(-1) ?? program;
  if (interpreters.test(name)) {
    const script = args.find((arg) => !arg.startsWith('-'));
    if (script !== undefined && !args.includes('-c') && !args.includes('-e')) return script;
    const inline = args[args.indexOf('-c') + 1];
    if (args.includes('-c') && inline !== undefined) return inline;
  }
  return event.executable ?? program;
}

/**
 * Code that was written during this run and then executed. Where its bytes came from decides the claim: an answer of the
 * network is `exec.fetched-code`, anything else `exec.dropped-binary`; data files turned into objects are
 * `exec.fixture-to-exec`. A compiler's own output inside the package is a build, not a drop.
 */
export const writtenThenExecuted: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const file of run.dropped) {
    const exec = run.events.find((event) => event.id === file.executed);
    const created = run.events.find((event) => event.id === file.created);
    if (exec === undefined || created === undefined || !byPackage(run, created)) continue;
    const answer = answerWith(run, file.sha256);
    const base = { phase: exec.phase, package: ownerOf(run, all, created) };
    if (answer !== undefined) {
      drafts.push({
        ...base,
        id: 'exec.fetched-code',
        evidence: evidenceOf(ancestry(run, created.process), answer.event, created.id, exec.id),
        summary: `downloaded ${file.path} from ${answer.host} and ran it`,
      });
      if (foreignRuntimes.test(file.path.split('/').at(-1) ?? ''))
        drafts.push(foreignRuntime(run, base, created, exec, file));
      continue;
    }
    if (file.path.startsWith('{pkg}/') && file.kind !== 'elf') continue;
    const fixture = fixtureReadBefore(run, created);
    drafts.push({
      ...base,
      id: fixture === undefined ? 'exec.dropped-binary' : 'exec.fixture-to-exec',
      evidence: evidenceOf(ancestry(run, created.process), fixture?.id, created.id, exec.id),
      summary: `wrote ${file.path} and ran it`,
    });
    if (foreignRuntimes.test(file.path.split('/').at(-1) ?? ''))
      drafts.push(foreignRuntime(run, base, created, exec, file));
  }
  return [...drafts, ...pipedToShell(run, all), ...evaluatedAnswers(run, all)];
};

function foreignRuntime(
  run: RunEvidence,
  base: Pick<Draft, 'phase' | 'package'>,
  created: TraceEvent,
  exec: TraceEvent,
  file: DroppedFile,
): Draft {
  return {
    ...base,
    id: 'exec.foreign-runtime',
    evidence: evidenceOf(ancestry(run, created.process), created.id, exec.id),
    summary: `brought the runtime ${file.path.split('/').at(-1)} and ran it`,
  };
}

function answerWith(run: RunEvidence, sha256: string): NetworkRequest | undefined {
  for (const request of run.requests.values())
    if (request.response_sha256 === sha256 && request.egress === 'sinkhole') return request;
  return undefined;
}

/** `curl … | sh`: a shell without script beside a downloader of the same parent. */
function pipedToShell(run: RunEvidence, all: Evidence): Draft[] {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'process.exec' || !byPackage(run, event)) continue;
    const [program = '', ...args] = event.argv ?? [];
    if (!interpreters.test(program.split('/').at(-1) ?? '') || args.some((arg) => arg !== '-' && arg !== '-s'))
      continue;
    const parent = run.processes.get(event.process)?.parent_key;
    const sibling = [...run.requests.values()].find((request) => {
      const process = run.processes.get(request.process);
      return process?.parent_key === parent && parent !== undefined && request.egress === 'sinkhole';
    });
    if (sibling === undefined) continue;
    drafts.push({
      id: 'exec.fetched-code',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), sibling.event, event.id),
      summary: `piped what ${sibling.host} answered into ${program}`,
    });
  }
  return drafts;
}

const evaluators = new Set([
  'eval',
  'Function',
  'AsyncFunction',
  'GeneratorFunction',
  'AsyncGeneratorFunction',
  'vm.runInThisContext',
  'vm.runInNewContext',
  'vm.runInContext',
  'vm.Script',
  'vm.compileFunction',
  'vm.SourceTextModule',
  'Module._compile',
  'import:data',
  'script',
  'WebAssembly.compile',
  'WebAssembly.instantiate',
  'WebAssembly.Module',
]);

export function isEvaluation(event: TraceEvent): boolean {
  return event.type === 'runtime.hook' && event.api !== undefined && evaluators.has(event.api);
}

/** An answer of the network handed to the evaluator, byte for byte. */
function evaluatedAnswers(run: RunEvidence, all: Evidence): Draft[] {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (!isEvaluation(event) || event.sha256 === undefined) continue;
    const answer = answerWith(run, event.sha256);
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

const fixturePath = /^\{(pkg|dep:[^}]+)\}\/(?:.*\/)?(tests?|__tests__|fixtures?|testdata|examples?|data|assets)\//;
const binaryDataPath = /\.(dat|bin|xz|gz|lzma|bz2|zst|png|jpe?g|gif|ico|webp|wav|mp3|ogg|ttf|woff2?|po|mo)$/i;

function fixtureReadBefore(run: RunEvidence, created: TraceEvent): TraceEvent | undefined {
  return run.events.findLast(
    (event) =>
      event.type === 'file.read' &&
      event.t_ms <= created.t_ms &&
      event.path !== undefined &&
      (fixturePath.test(event.path) || (event.path.startsWith('{pkg}/') && binaryDataPath.test(event.path))) &&
      byPackage(run, event),
  );
}

const decoders = new Set([
  'Buffer.from:base64',
  'Buffer.from:hex',
  'atob',
  'zlib.inflateSync',
  'zlib.gunzipSync',
  'zlib.brotliDecompressSync',
  'zlib.unzipSync',
  'crypto.createDecipheriv',
  'decode',
]);

/** `exec.encoded-payload`: code text that was decoded at run time and then evaluated by the same process. */
export const encodedPayload: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  const decodes = run.events.filter(
    (event) => event.type === 'runtime.hook' && event.api !== undefined && decoders.has(event.api),
  );
  for (const event of run.events) {
    if (!isEvaluation(event) || event.api === 'Module._compile') continue;
    const decode = decodes.findLast(
      (other) =>
        other.process === event.process &&
        other.t_ms <= event.t_ms &&
        other.package === event.package &&
        (other.sha256 === undefined || other.sha256 === event.sha256),
    );
    if (decode === undefined) continue;
    drafts.push({
      id: 'exec.encoded-payload',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(
        all.signals.filter((signal) => signal.rule === 'js.encoded-payload').map((signal) => signal.id),
        decode.id,
        event.id,
      ),
      summary: `${decode.api} then ${event.api}`,
    });
  }
  return drafts;
};

const skipFlags =
  /--(dangerously-skip-permissions|dangerously-bypass-approvals-and-sandbox|yolo|trust-all-tools|full-auto|allow-all-tools|yes-always|no-confirm|auto-approve|skip-permissions)\b|--permission-mode[= ]bypassPermissions|--approval-mode[= ](yolo|full-auto)|--ask-for-approval[= ]never|--sandbox[= ]danger-full-access/;
const agentTools =
  /^(claude|codex|gemini|q|qchat|cursor-agent|aider|copilot|goose|opencode|amp|crush|qwen|kiro-cli|droid)$/;

/** `ai.cli-abuse`: an AI command-line tool started, or looked for on PATH, with its permission checks switched off. */
export const aiCliAbuse: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    const words = commandWords(event);
    if (words === undefined || !byPackage(run, event)) continue;
    const text = words.join(' ');
    if (!words.some((word) => agentTools.test(word.split('/').at(-1) ?? '')) || !skipFlags.test(text)) continue;
    drafts.push({
      id: 'ai.cli-abuse',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `started ${text.slice(0, 100)}`,
    });
  }
  return drafts;
};

/** Words of a command line, from the tracer or from the runtime hook (a tool that is not installed never gets to exec). */
export function commandWords(event: TraceEvent): string[] | undefined {
  if (event.type === 'process.exec') return (event.argv ?? []).flatMap((arg) => arg.split(/[\s;|&]+/));
  if (event.type === 'runtime.hook' && event.api?.startsWith('child_process.'))
    return event.detail?.split(/[\s"',;|&[\]]+/);
  return undefined;
}
