// SPDX-License-Identifier: Apache-2.0
/**
 * Engine `lastpymile`: does each file of a published artifact come from its declared source, and if not, which part is extra?
 *
 * Promises: pure functions from (files of the artifact, tree and bytes at the anchor, origins in history) to classes with
 * proofs; nothing is called coherent that was not compared. Does not say that a source is harmless.
 *
 * Input: artifact, manifest and repository are all untrusted.
 */
export {
  type Anchor,
  type AnchorCandidate,
  type AnchorMethod,
  anchorCandidates,
  type CandidateEvidence,
  chooseAnchor,
  inferSubdir,
  type Overlap,
  overlapOf,
  tagsOfVersion,
} from './anchor.ts';
export {
  blobsNeeded,
  type ClassifiedFile,
  classify,
  type FileClass,
  type PackageFacts,
  type Proof,
  type Source,
} from './classify.ts';
export { type Concern, concernsOf, isCoherent } from './concerns.ts';
export { type AnchorQuestion, type FindOptions, type FoundAnchor, findAnchor } from './find-anchor.ts';
export { type CandidateOrigin, type LocateInput, locateNpm, type RepositoryCandidate } from './locate.ts';
export { compareManifests, type ManifestChange, type ManifestComparison } from './manifest.ts';
export { type ReachedFrom, reachableFiles } from './reach.ts';
export { blobId, type Subject, type SubjectFile, subjectOf } from './subject.ts';
