import { type ParserOptions, parse } from '@babel/parser';
import type { File } from '@babel/types';

const maxNesting = 1500;

export type ParseResult = { ast: File } | { failure: string };

/**
 * Parses JavaScript or TypeScript as forgivingly as the runtime would. Nesting is bounded before the recursive-descent parser
 * sees it: 200,000 open brackets overflow its stack.
 */
export function parseSource(text: string, path: string): ParseResult {
  if (nestingOf(text) > maxNesting) return { failure: `nested deeper than ${maxNesting}` };
  const typescript = /\.[cm]?tsx?$/.test(path);
  const options: ParserOptions = {
    sourceType: /\.mjs$/.test(path) ? 'module' : 'unambiguous',
    errorRecovery: true,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowUndeclaredExports: true,
    allowImportExportEverywhere: true,
    plugins: typescript ? ['typescript', 'decorators-legacy'] : /\.jsx$/.test(path) ? ['jsx'] : [],
  };
  try {
    return { ast: parse(text, options) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return { failure: error.message.slice(0, 200) };
    throw error;
  }
}

/** Largest bracket depth, strings and comments counted in: an upper bound is enough. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 40 || code === 91 || code === 123) deepest = Math.max(deepest, ++depth);
    else if (code === 41 || code === 93 || code === 125) depth = Math.max(0, depth - 1);
  }
  return deepest;
}
