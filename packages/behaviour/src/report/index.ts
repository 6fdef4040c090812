/**
 * The report of one dynamic analysis: its schema and laws, how it is made to fit, and how it is shown.
 *
 * Promises: a report that passed `assertReportLaws` can be believed member by member; renderers never throw on a valid
 * report and never let package text act. Does not promise that package text in a report is harmless: show it with `visible`.
 */
export { coverageOf } from './coverage.ts';
export { ReportError, type ReportErrorCode } from './errors.ts';
export { reportJsonSchema } from './json-schema.ts';
export { assertReportLaws, brokenLaws, type LawOptions } from './laws.ts';
export { compareEvents, inCausalOrder } from './order.ts';
export { renderHtml } from './render/html.ts';
export { renderSarif } from './render/sarif.ts';
export { renderTerminal, type TerminalOptions } from './render/terminal.ts';
export * from './schema/analysis.ts';
export * from './schema/comparison.ts';
export * from './schema/environment.ts';
export * from './schema/subject.ts';
export * from './schema/trace.ts';
export { DynamicAnalysisReport, maxEvents } from './schema.ts';
export { fitReport, type ReportLimits, reportLimits } from './size.ts';
export { visible } from './visible.ts';
export { worthOfEvent } from './worth.ts';
