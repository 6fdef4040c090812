/**
 * Engine `dynamic-analysis`: runs a package in a sandbox, under several surroundings, and says what it does. Promises: every
 * finding points at recorded evidence; what was not measured is said; the same evidence gives the same verdict. Does not
 * promise that a package without findings is harmless: a trigger that no run had stays unpulled.
 */
export { type AnalyzeDeps, type AnalyzeProgress, type AnalyzeRequest, type AnalyzeResult, analyze } from './analyze.ts';
export { assayVersion, rulesetDigest } from './assemble.ts';
export { type ClaimId, claims } from './claims.ts';
export { findingsOf } from './findings.ts';
export type { AnalysisTarget } from './npm/subject.ts';
export * from './report/index.ts';
export { type RunPlan, requiredRuns } from './runs.ts';
