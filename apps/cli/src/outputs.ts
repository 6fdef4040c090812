import { accessSync, constants, statSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DynamicAnalysisReport, renderHtml, renderSarif } from '@assay/behaviour';
import { KernelError } from '@assay/kernel';

/** Where the report goes beside standard output. */
export interface Outputs {
  html?: string;
  sarif?: string;
  trace?: string;
}

/**
 * The files that were asked for, seen to be writable: a minute of analysis must not end in a missing folder.
 *
 * *Errors:* `KernelError` USAGE for one that cannot be written, or that was named twice.
 */
export function outputsOf(options: Readonly<Record<string, unknown>>): Outputs {
  const outputs: Outputs = {};
  const seen = new Set<string>();
  for (const name of ['html', 'sarif', 'trace'] as const) {
    const file = options[name];
    if (typeof file !== 'string') continue;
    const problem = file === '' ? 'it has no name' : problemOf(path.resolve(file));
    if (problem !== undefined)
      throw new KernelError('USAGE', `cannot write --${name} ${file}: ${problem}; nothing was run`);
    if (seen.has(path.resolve(file)))
      throw new KernelError('USAGE', `--${name} ${file} is also another output; nothing was run`);
    seen.add(path.resolve(file));
    outputs[name] = file;
  }
  return outputs;
}

export async function writeOutputs(report: DynamicAnalysisReport, traceFile: string, outputs: Outputs): Promise<void> {
  if (outputs.html !== undefined) await writeFile(outputs.html, renderHtml(report));
  if (outputs.sarif !== undefined) await writeFile(outputs.sarif, renderSarif(report));
  if (outputs.trace !== undefined) await copyFile(traceFile, outputs.trace);
}

function problemOf(file: string): string | undefined {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory()) return 'it is a folder';
    accessSync(stat === undefined ? path.dirname(file) : file, constants.W_OK);
    if (stat === undefined && !statSync(path.dirname(file)).isDirectory()) return 'its folder is a file';
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'its folder does not exist';
    return code === 'EROFS' ? 'its file system is read-only' : 'permission denied';
  }
}
