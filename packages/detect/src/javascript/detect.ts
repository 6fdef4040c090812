import type { Detection, SourceFile } from '../reading.ts';
import { claimsOf } from './claims.ts';
import { FlowGraph } from './flow.ts';
import { parseSource } from './parse.ts';

export interface JavaScriptReading extends Detection {
  parseFailures: { file: string; reason: string }[];
}

/** Source files in which something could enter and something could end: everything else is not worth parsing. */
const sources = /process\.env|\benv\b|atob|base64|'hex'|"hex"|fromC(harCode|odePoint)|createDecipher|inflate|gunzip|readFile|\.npmrc|\.ssh|hostname\(|userInfo\(|unescape\(|INIT_CWD/;
const sinks = /\beval\b|\bFunction\b|\bvm\b|child_process|_compile|\bfetch\b|https?['"]|\brequest\b|axios|\bnet['"]|\bdns\b|dgram|WebSocket|sendBeacon|undici|node-fetch|\bgot\b/;
const maxFileBytes = 4 * 1024 * 1024;

/**
 * Flow from sources to effects over all JavaScript and TypeScript files of a package.
 *
 * *Errors:* none for hostile text: what cannot be parsed is in `parseFailures` with the reason.
 */
export function readJavaScript(files: readonly SourceFile[]): JavaScriptReading {
  const graph = new FlowGraph();
  const parseFailures: { file: string; reason: string }[] = [];
  const candidates = files
    .filter((file) => /\.([cm]?js|jsx|[cm]?ts|tsx)$/.test(file.path) && !/\.d\.[cm]?ts$/.test(file.path))
    .map((file) => ({ file, text: Buffer.from(file.bytes.subarray(0, maxFileBytes)).toString('utf8') }));
  // Over files: one may hold the source and another the sink.
  const anySource = candidates.some(({ text }) => sources.test(text));
  for (const { file, text } of candidates) {
    if (!anySource || !(sources.test(text) || sinks.test(text))) continue;
    if (file.bytes.length > maxFileBytes) {
      parseFailures.push({ file: file.path, reason: `only files up to ${maxFileBytes} bytes are parsed` });
      continue;
    }
    const parsed = parseSource(text, file.path);
    if ('failure' in parsed) parseFailures.push({ file: file.path, reason: parsed.failure });
    else graph.addFile(file.path, parsed.ast);
  }
  return { ...claimsOf(graph.flows(), new Map(candidates.map(({ file, text }) => [file.path, text]))), parseFailures };
}
