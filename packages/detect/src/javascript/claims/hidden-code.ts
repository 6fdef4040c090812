import type { Effect } from '../abstract/effect.ts';
import { hasLabel, type Source } from '../abstract/taint.ts';
import { hole } from '../abstract/value.ts';
import type { ClaimDraft, PackageTexts } from './claim.ts';

/** Opaque constants shorter than this hold no payload that nobody could see through; of text that is known, this much. */
const minUnseenChars = 64;
const minKnownChars = 20;
const windowChars = 12;
const windows = 8;
const minOwnWords = 3;

/** Lines that protection tools and libraries evaluate to find out where they are: they do nothing. */
const idle =
  /^[\s;(){}]*(?:return\s+)?(?:this|globalThis|global|window|self|process|require|module|debugger|undefined|null|true|false|\d+|function\s*\(\)\s*\{\s*\}|\(?function\s*\(\)\s*\{\s*return this;?\s*\}\)?\(\)|while\s*\(true\)\s*\{\s*\}|import\(\w+\)|\{\}\.constructor\(["']return this["']\)\(\s*\))?[\s;(){}]*$/;
/** Calls or assigns something; a command has words. */
const acts = /[\w$\])]\s?[(`]|[^=!<>]=[^=>]|\w\s\S/;
const commandDecoder =
  /base64\s+(?:-d|-D|--decode)|xxd\s+-r|openssl\s+(?:enc|base64)\s.{0,80}-d|b64decode|FromBase64String|fromhex|atob\(|Buffer\.from\(/;
const commandRunner =
  /\|\s*(?:sudo\s+)?(?:sh|bash|zsh|dash|python3?|node|perl|ruby|php)\b|\beval\b|\bexec\(|\biex\b|Invoke-Expression|(?:ba)?sh\s+-c/i;
/** A thread's own program, packed beside its library: it talks to whoever started it. */
const threadProgram =
  /\bparentPort\b|\bself\.onmessage\b|\bonmessage\s*=|\baddEventListener\(\s*["']message["']|\bworkerData\b/;

/**
 * What runs that nobody could read: `exec.hidden-unicode`, `exec.media-payload`, `evade.target-gate` and
 * `exec.encoded-payload`, each from where the code came from.
 */
export function hiddenCode(effect: Effect, texts: PackageTexts): ClaimDraft[] {
  if (effect.kind !== 'evaluate' && effect.kind !== 'execute') return [];
  const drafts: ClaimDraft[] = [];
  const invisible = effect.taint.filter(({ label }) => label === 'invisible');
  if (invisible.length > 0 && isCode(effect, texts)) {
    drafts.push(draft('exec.hidden-unicode', invisible, effect, 'invisible characters are decoded and run', 'high'));
  }
  const media = effect.taint.filter(({ label }) => label === 'media');
  if (media.length > 0 && isCode(effect, texts) && runsMedia(effect)) {
    drafts.push({
      ...draft('exec.media-payload', media, effect, 'bytes of a picture or sound are run', 'medium'),
      severity: 'critical',
    });
  }
  if (!isEncoded(effect, texts)) return drafts;
  const decoded = effect.taint.filter(({ label }) => label === 'decoded');
  const blobs = effect.taint.filter(({ label }) => label === 'blob');
  const gates = gatesOf(effect);
  if (gates.length > 0) {
    drafts.push(
      draft('evade.target-gate', [...gates, ...decoded], effect, `unlocked only by ${nameGate(gates)}`, 'medium'),
    );
  }
  drafts.push(draft('exec.encoded-payload', [...blobs, ...decoded], effect, summaryOf(effect, decoded), 'medium'));
  return drafts;
}

function draft(
  id: string,
  sources: readonly Source[],
  effect: Effect,
  what: string,
  confidence: 'high' | 'medium',
): ClaimDraft {
  return { id, sources, effect, summary: `${what} (${effect.what})`, confidence };
}

function summaryOf(effect: Effect, decoded: readonly Source[]): string {
  const [how] = decoded;
  const [text] = effect.texts;
  const shown = text === undefined ? '' : `: ${text.slice(0, 60).replace(/\s+/g, ' ')}`;
  return `${how === undefined ? 'assembled text' : how.what} becomes code${shown}`;
}

/** What the decoding depends on besides the package itself. */
function gatesOf(effect: Effect): Source[] {
  const inKey = effect.taint.filter(({ label }) => label === 'consumer' || label === 'setting' || label === 'identity');
  const inTest = effect.control.filter(({ label }) => label === 'consumer');
  const open = effect.texts.size > 0 && ![...effect.texts].every((text) => text.includes(hole));
  // Where the code is known, nothing outside was needed to open it.
  return open ? inTest : [...new Set([...inKey, ...inTest])];
}

function nameGate(gates: readonly Source[]): string {
  if (hasLabel(gates, 'consumer')) return "the consumer's manifest or folder";
  return hasLabel(gates, 'identity') ? 'a certain host or user' : `the environment (${gates[0]?.name ?? ''})`;
}

/** Code that was decoded and stands nowhere in the package as it is run. */
function isEncoded(effect: Effect, texts: PackageTexts): boolean {
  const decoded = effect.taint.filter(({ label }) => label === 'decoded');
  if (effect.kind === 'execute' && [...effect.texts].some((text) => decodesItself(text))) return true;
  if (decoded.length === 0) return false;
  const known = knownTexts(effect);
  if (known.some((text) => isPayload(effect, text) && isUnseen(text, texts))) return true;
  if (known.length > 0 || isTemplate(effect)) return false;
  return decoded.some(({ size }) => size >= minUnseenChars);
}

/**
 * A command that decodes its own text and runs it. Matches `echo aGVsbG8gd29ybGQgaGVsbG8= | base64 -d | sh`; not
 * `base64 -d file > out`.
 */
function decodesItself(command: string): boolean {
  if (!/[A-Za-z0-9+/]{24}/.test(command)) return false;
  if (/(?:powershell|pwsh)\S*\s.{0,200}-e(?:c|nc|ncodedcommand)?\s+["']?[A-Za-z0-9+/]{40}/i.test(command)) return true;
  return commandDecoder.test(command) && commandRunner.test(command);
}

/** Generated code: words of the package's own around values that are not known. */
function isTemplate(effect: Effect): boolean {
  return [...effect.texts].some((text) => text.includes(hole) && ownWords(text).length >= minOwnWords);
}

/** Words of a text, without those that only wrap something up. */
function ownWords(text: string): string[] {
  const words = text.match(/[A-Za-z_$][\w$]{2,}/g) ?? [];
  return words.filter(
    (word) =>
      !/^(?:function|async|await|return|use|strict|void|new|try|catch|const|let|var|module|exports|require|eval|Function|node|this)$/.test(
        word,
      ),
  );
}

function knownTexts(effect: Effect): string[] {
  return [...effect.texts].filter((text) => text !== '' && !text.includes(hole));
}

function isCode(effect: Effect, texts: PackageTexts): boolean {
  const known = knownTexts(effect);
  return known.length === 0 || known.some((text) => isPayload(effect, text) && isUnseen(text, texts));
}

function isPayload(effect: Effect, text: string): boolean {
  if (text.length < minKnownChars || text.includes('\0')) return false;
  if (idle.test(text.slice(0, 2000)) || !acts.test(text)) return false;
  return !(effect.what.includes('Worker') && threadProgram.test(text));
}

/** Pictures are shown to programs all the time: only their bytes as code, or as the program itself, count. */
function runsMedia(effect: Effect): boolean {
  return effect.kind === 'evaluate';
}

/** No part of it can be read anywhere in the package. */
function isUnseen(text: string, texts: PackageTexts): boolean {
  const step = Math.max(1, Math.floor((text.length - windowChars) / windows));
  let seen = 0;
  let count = 0;
  for (let at = 0; at + windowChars <= text.length && count < windows; at += step, count++) {
    if (texts.contains(text.slice(at, at + windowChars))) seen++;
  }
  return count > 0 && seen / count < 0.3;
}
