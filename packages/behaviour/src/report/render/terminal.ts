import type { DynamicAnalysisReport } from '../schema.ts';
import { changeLines } from './terminal/changes.ts';
import { fileLines } from './terminal/files.ts';
import { findingLines } from './terminal/findings.ts';
import { networkLines } from './terminal/network.ts';
import { processLines } from './terminal/processes.ts';
import { closingLines, runLines } from './terminal/runs.ts';
import { sheetOf } from './terminal/sheet.ts';
import { gapLines, verdictLines } from './terminal/verdict.ts';

export type TerminalOptions = {
  /** Columns; 40–160, default 100. */
  width?: number;
  /** Styles text with escape sequences; default false. */
  colour?: boolean;
  /** Tells every list to its end; default false. */
  full?: boolean;
};

/**
 * The report for a terminal: verdict, reasons in the order things happened, gaps, then what was seen.
 *
 * *Shape:* lines end in `\n`. Without `colour` the text holds no control character but line ends; with it, only the SGR
 * sequences of `util.styleText`. Package text is shown through `visible`.
 */
export function renderTerminal(report: DynamicAnalysisReport, options: TerminalOptions = {}): string {
  const { width = 100, colour = false, full = false } = options;
  const sheet = sheetOf(report, { width, colour, full });
  const lines = [
    ...verdictLines(sheet),
    ...findingLines(sheet),
    ...gapLines(sheet),
    ...changeLines(sheet),
    ...runLines(sheet),
    ...processLines(sheet),
    ...networkLines(sheet),
    ...fileLines(sheet),
    ...closingLines(sheet),
  ];
  return `${lines.join('\n')}\n`;
}
