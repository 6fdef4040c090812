import type { ArchiveFormat } from './entry.ts';
import { type PackageManifest, parseNpmManifest } from './npm-manifest.ts';

/** Kinds of package archives that can be opened. A new kind is a name here and a layout below. */
export type PackageKind = 'npm';

/** How a kind of package lies in its archive. */
export type PackageLayout = {
  format: ArchiveFormat;
  /** Suffixes of file names, lower case. */
  suffixes: readonly string[];
  /** The first path component, which the installer drops, or null when nothing is dropped. */
  rootOf(rawPath: string): string | null;
  /** The path at which the installer puts an entry, or null when it leaves it out. May still be hostile. */
  installedPath(rawPath: string): string | null;
  manifestName: string;
  isManifest(installedPath: string): boolean;
  parseManifest(bytes: Buffer, label: string): PackageManifest;
};

/** *Source:* pacote, which unpacks with `strip: 1`: whatever the first component is, also when it is `.` or empty. */
const npmLayout: PackageLayout = {
  format: 'tar.gz',
  suffixes: ['.tgz', '.tar.gz'],
  rootOf: (rawPath) => rawPath.split('/', 1)[0] ?? '',
  installedPath: (rawPath) => {
    const end = rawPath.indexOf('/');
    const rest = end < 0 ? '' : rawPath.slice(end + 1);
    return rest === '' ? null : rest;
  },
  manifestName: 'package.json',
  isManifest: (installedPath) => installedPath === 'package.json',
  parseManifest: parseNpmManifest,
};

export const packageLayouts: Readonly<Record<PackageKind, PackageLayout>> = { npm: npmLayout };
