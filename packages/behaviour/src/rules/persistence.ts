import type { TraceEvent } from '@assay/kernel';
import type { ClaimId } from '../claims.ts';
import { ancestry, byPackage, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** Places that make something start again. Matches `~/.bashrc`; does not match `~/.cache/x` or `{pkg}/.bashrc`. */
const autostart = [
  /^~\/\.(bashrc|bash_profile|bash_login|bash_logout|profile|zshrc|zshenv|zprofile|zlogin|kshrc|inputrc|xprofile|xinitrc|xsessionrc)$/,
  /^~\/\.config\/(fish\/(config\.fish|conf\.d\/)|autostart\/|systemd\/user\/|environment\.d\/|plasma-workspace\/)/,
  /^~\/\.local\/share\/systemd\/user\//,
  /^~\/Library\/LaunchAgents\//,
  /^~\/\.(ssh\/(authorized_keys|rc|config)|gitconfig|config\/git\/(config|hooks\/))$/,
  /^~\/\.(npmrc|yarnrc|yarnrc\.yml|config\/pip\/pip\.conf|pip\/pip\.conf|pydistutils\.cfg)$/,
  /^(\/etc\/(cron|systemd|init|profile|rc|ld\.so|environment|xdg\/autostart)|\/var\/spool\/cron|\/lib\/systemd|\/usr\/lib\/systemd)/,
];

/** Configuration that AI agents and editors execute or obey. */
const agentConfig = [
  /^~\/\.(claude|cursor|codex|gemini|aider|continue|windsurf|codeium|copilot|qwen|kiro|amazonq|aws\/amazonq)(\/(?!extensions\/)|\.json$|$)/,
  /^~\/\.(claude|mcp|cursor)\.json$/,
  /^~\/\.config\/(claude|Claude|Code|Cursor|VSCodium|Windsurf|zed|github-copilot|goose|opencode)\//,
  /^~\/(?:[^/]+\/)*(CLAUDE|AGENTS|GEMINI|COPILOT|SKILL)\.md$/,
  /^~\/(?:[^/]+\/)*\.(cursorrules|windsurfrules|clinerules|mcp\.json)$/,
  /^~\/(?:[^/]+\/)*\.(claude|cursor|codex|gemini|windsurf|kiro|vscode|idea)\/(?!extensions\/|.*\bnode_modules\b)/,
  /^~\/(?:[^/]+\/)*\.github\/copilot-instructions\.md$/,
];

const writes = new Set<TraceEvent['type']>(['file.write', 'file.rename', 'file.link']);

/** `persist.autostart` and `persist.agent-config`: package code writes where something will start or obey it later. */
export const persistence: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    // A rename gives a file its new name; of a link, the place counts and not what it leads to.
    const target = event.type === 'file.rename' ? event.to : event.path;
    if (!writes.has(event.type) || event.outcome !== 'ok' || target === undefined || !byPackage(run, event)) continue;
    const id = claimFor(target);
    if (id === undefined) continue;
    drafts.push({
      id,
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `wrote ${target}`,
    });
  }
  for (const event of run.events) {
    if (event.type !== 'process.exec' || !byPackage(run, event)) continue;
    const command = (event.argv ?? []).join(' ');
    if (!/(^|\/)(crontab(?! -l)|systemctl( --user)? (enable|link)|launchctl (load|bootstrap))\b/.test(command))
      continue;
    drafts.push({
      id: 'persist.autostart',
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
      summary: `ran ${command.slice(0, 80)}`,
    });
  }
  return drafts;
};

export function claimFor(path: string): ClaimId | undefined {
  if (agentConfig.some((pattern) => pattern.test(path))) return 'persist.agent-config';
  if (autostart.some((pattern) => pattern.test(path))) return 'persist.autostart';
  return undefined;
}
