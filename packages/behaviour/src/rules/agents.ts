import type { TraceEvent } from '@assay/kernel';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

const skipFlags =
  /--(dangerously-skip-permissions|dangerously-bypass-approvals-and-sandbox|yolo|trust-all-tools|full-auto|allow-all-tools|yes-always|no-confirm|auto-approve|skip-permissions)\b|--permission-mode[= ]bypassPermissions|--approval-mode[= ](yolo|full-auto)|--ask-for-approval[= ]never|--sandbox[= ]danger-full-access/;
const agentTools =
  /^(claude|codex|gemini|q|qchat|cursor-agent|aider|copilot|goose|opencode|amp|crush|qwen|kiro-cli|droid)$/;

/**
 * `ai.cli-abuse`: an AI command-line tool started, or looked for on PATH, with its permission checks switched off. A tool
 * that is not installed never runs; the failed exec and the runtime hook's record say the same.
 */
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

/** Words of a command line, from the tracer or from the runtime hook. */
export function commandWords(event: TraceEvent): string[] | undefined {
  if (event.type === 'process.exec') return (event.argv ?? []).flatMap((arg) => arg.split(/[\s;|&]+/));
  if (event.type === 'runtime.hook' && event.api?.startsWith('child_process.'))
    return event.detail?.split(/[\s"',;|&[\]]+/);
  return undefined;
}
