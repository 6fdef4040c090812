import { type ParserOptions, parse } from '@babel/parser';
import type { ParsedFile } from './interpreter/machine.ts';

/**
 * Parses JavaScript or TypeScript as forgivingly as the runtime would.
 *
 * *Errors:* none for hostile text: source nested too deeply for the stack is a failure like bad syntax. Run it where the
 * stack is large enough that this takes tens of thousands of brackets.
 */
export function parseSource(text: string, path: string): ParsedFile {
  const typescript = /\.[cm]?tsx?$/.test(path);
  const options: ParserOptions = {
    sourceType: /\.m[jt]s$/.test(path) ? 'module' : 'unambiguous',
    errorRecovery: true,
    attachComment: false,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowNewTargetOutsideFunction: true,
    allowUndeclaredExports: true,
    allowImportExportEverywhere: true,
    plugins: typescript ? ['typescript', 'decorators-legacy'] : ['jsx'],
  };
  try {
    return { ast: parse(text, options) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return { failure: error.message.slice(0, 200) };
    throw error;
  }
}
