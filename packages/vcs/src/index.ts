// SPDX-License-Identifier: Apache-2.0
/**
 * Git objects without checkout.
 *
 * Promises: a repository is fetched bit by bit into a bare mirror (one commit without blobs first, blobs by id, history on
 * demand) and read through the system's git, which gets no configuration, hook, credential, submodule, LFS object, redirect
 * or address that was not checked; every fetch and every reading is bounded in bytes, counts, memory and time; reading never
 * uses the network.
 *
 * Does not: trust. A commit a host hands out may belong to nobody (`History.reach`), a tag may have moved, names and paths
 * are the author's text.
 *
 * Input: addresses, refs and objects are untrusted; `cacheDir` is ours alone.
 */
export { isPublicAddress } from './address.ts';
export type { PathAttributes } from './attributes.ts';
export type { BlobReading, ObjectInfo } from './blobs.ts';
export { type Access, type GitProtocol, parseAddress, type RepositoryAddress } from './endpoint.ts';
export { VcsError, type VcsErrorCode } from './errors.ts';
export type { FetchProgress } from './fetch.ts';
export {
  type Forge,
  parseNpmRepository,
  parsePypiUrls,
  parseRepositoryLink,
  publicForges,
  type RepositoryLink,
} from './forge.ts';
export type { SpawnGit } from './git.ts';
export { type BlobOrigin, type CommitOverlap, History, type Reach } from './history.ts';
export { type VcsLimits, vcsLimits } from './limits.ts';
export type { Mirror, Wait } from './mirror.ts';
export { Mirrors, type MirrorsOptions } from './mirrors.ts';
export { type LfsPointer, parseLfsPointer, type SubmoduleDeclaration } from './pointers.ts';
export type { ObjectFormat, RemoteRefs, RemoteTag } from './refs.ts';
export type { TreeEntry, TreeEntryKind } from './tree.ts';
