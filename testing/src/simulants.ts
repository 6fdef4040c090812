/**
 * Inert packages that show each behaviour of the package-analysis contract §5 that npm can show, each with its nearest
 * benign neighbour and an evasion. For testing detectors: hosts that cannot exist, markers for payloads, and a latch
 * without which nothing runs. `tools/simulant-lint.mjs` holds these rules.
 */
export { type ReportView, unmetExpectations } from './simulants/expect.ts';
export { simulants } from './simulants/list.ts';
export { type LoadedSimulant, loadSimulant, type PackOptions, packSimulant, publishedOf } from './simulants/pack.ts';
export { type BehaviourRow, behaviours, informational, type NeighbourRow, neighbours } from './simulants/rows.ts';
export type {
  EvidenceType,
  Expectation,
  ExpectedFinding,
  Simulant,
  SimulantFile,
  SimulantPackage,
} from './simulants/simulant.ts';
