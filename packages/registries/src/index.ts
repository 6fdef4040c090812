/**
 * Registries as the user has configured them: what a name and version mean there, the artifact behind it, verified, and a
 * mirror of them that a sandbox may talk to.
 *
 * Promises: nothing is returned whose digest differs from what the registry announced; every read is bounded in bytes and
 * time; credentials go only where npm would send them. Does not promise that a registry tells the truth. Everything that a
 * packument says is hostile text.
 */

export { type Mirror, type MirrorOptions, type MirrorRequest, startMirror } from './mirror/mirror.ts';
export { type OverlayArchive, registryManifest } from './mirror/overlay.ts';
export { loadNpmConfig, type NpmConfig, type NpmConfigOptions } from './npm/config.ts';
export { type FetchedNpm, fetchNpm } from './npm/fetch.ts';
export { type NpmLimits, npmLimits } from './npm/limits.ts';
export { type Dist, distOf, type Manifest, type Packument, publishedAt } from './npm/packument.ts';
export { previousVersion } from './npm/previous.ts';
export { type NpmTarget, type ResolvedNpm, resolveNpm } from './npm/resolve.ts';
export { NpmSource, type NpmSourceOptions } from './npm/source.ts';
export type { StoredTarball } from './npm/tarball-store.ts';
