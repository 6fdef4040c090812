/**
 * Things with nothing behind them that a thief would take, and the search for them in what leaves. Values are hostile to no
 * one: random, accepted by no service. Whoever holds `canariesOf` can tell proof from noise: keep it out of reports.
 */
export { CanarySearch, type SearchLimits, searchLimits } from './canary-search.ts';
export { ChunkJoiner, type JoinLimits, joinLimits, type Piece, piecesOfName, piecesOfRequest } from './chunk-joiner.ts';
export { makeHome } from './home.ts';
export type { Canary } from './needles.ts';
export {
  canariesOf,
  type Decoy,
  type DecoyKind,
  type DecoyOptions,
  decoyKinds,
  decoyPaths,
  makeDecoys,
  type PlantedFile,
} from './plant.ts';
export { type RandomSource, seededRandom } from './random.ts';
