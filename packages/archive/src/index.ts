// SPDX-License-Identifier: Apache-2.0
/**
 * Bounded readers of package archives: `.tgz .tar.gz .tar` and `.zip .whl .vsix`.
 *
 * Promises: any bytes at all end in entries with anomalies or in an `ArchiveError`, within the limits given, without a
 * crash, a hang or unbounded memory; every member is measured on its real bytes (size, SHA-256, Git blob SHA-1); where
 * two common readers would see different things, an anomaly says so; `unpackTo` writes regular files into a new folder
 * and nothing anywhere else; paths handed out never leave the directory they are joined to.
 *
 * Does not: judge. An anomaly is an observation with a gravity, not a finding; an archive without any is not thereby
 * harmless. It verifies no signature and no registry integrity: the caller has done that on the same bytes.
 *
 * Input: everything is untrusted, the names most of all. `rawPath` and `linkTarget` are the attacker's text.
 */
export * from './anomaly.ts';
export * from './entry.ts';
export { ArchiveError, type ArchiveErrorCode } from './errors.ts';
export { type ArchiveMember, type KeepLimits, type KeptMembers, readAllMembers } from './members.ts';
export { type ManifestNotice, manifestLimits, type PackageManifest, parseNpmManifest } from './npm-manifest.ts';
export { type OpenPackageOptions, openPackageArchive, type PackageArchive } from './package-archive.ts';
export { type PackageKind, packageLayouts } from './package-layout.ts';
export { type ArchiveSource, readArchive, readTar, readZip } from './read.ts';
export { formatOfSuffix, sniffFormat } from './sniff.ts';
export { type RefusedEntry, type Unpacked, type UnpackOptions, unpackTo } from './unpack.ts';
