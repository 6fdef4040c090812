import { createHash } from 'node:crypto';
import { sha256 } from '@assay/kernel';
import { isRecord, type Manifest } from '../npm/packument.ts';
import type { StoredPackument } from '../npm/packument-store.ts';
import { tarballPath } from '../npm/paths.ts';

/** An archive that shall appear as a version of a package, in one mirror and nowhere else. */
export type OverlayArchive = {
  name: string;
  version: string;
  /** The version's manifest as a registry would tell it: see `registryManifest`. */
  manifest: Readonly<Record<string, unknown>>;
  bytes: Uint8Array;
};

type Pinned = { manifest: Manifest; bytes: Buffer; addedAt: string };

/** The archives that were added to one mirror. Lives in memory: an upload never enters the shared cache. */
export class Overlay {
  readonly #baseUrl: string;
  readonly #packages = new Map<string, Map<string, Pinned>>();

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  add({ name, version, manifest, bytes }: OverlayArchive, now: number): void {
    const versions = this.#packages.get(name) ?? new Map<string, Pinned>();
    this.#packages.set(name, versions);
    const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest();
    versions.set(version, {
      bytes: Buffer.from(bytes),
      addedAt: new Date(now).toISOString(),
      manifest: {
        ...manifest,
        name,
        version,
        _id: `${name}@${version}`,
        dist: {
          tarball: `${this.#baseUrl}${tarballPath(name, version)}`,
          integrity: `sha512-${digest('sha512').toString('base64')}`,
          shasum: digest('sha1').toString('hex'),
        },
      },
    });
  }

  has(name: string): boolean {
    return this.#packages.has(name);
  }

  tarball(name: string, version: string): Buffer | undefined {
    return this.#packages.get(name)?.get(version)?.bytes;
  }

  /** The registry's document with the archives as versions of their own, or one of the archives alone. */
  packument(name: string, upstream: StoredPackument | undefined): { body: Buffer; contentType: string; etag: string } {
    const pinned = this.#packages.get(name) ?? new Map<string, Pinned>();
    const parsed: unknown = upstream === undefined ? {} : JSON.parse(upstream.body.toString('utf8'));
    const base = isRecord(parsed) ? parsed : {};
    const latest = [...pinned.keys()].at(-1);
    const body = Buffer.from(
      JSON.stringify({
        ...base,
        name,
        'dist-tags': { latest, ...(isRecord(base['dist-tags']) ? base['dist-tags'] : {}) },
        versions: merged(base.versions, pinned, ({ manifest }) => manifest),
        ...(upstream === undefined || isRecord(base.time) ? { time: merged(base.time, pinned, (p) => p.addedAt) } : {}),
      }),
    );
    const contentType = upstream?.contentType ?? 'application/json';
    return { body, contentType, etag: `"${sha256(body).slice(0, 32)}"` };
  }
}

function merged(base: unknown, pinned: Map<string, Pinned>, value: (pinned: Pinned) => unknown): object {
  return { ...(isRecord(base) ? base : {}), ...Object.fromEntries([...pinned].map(([v, p]) => [v, value(p)])) };
}

/**
 * What a registry tells of a package with this `package.json`: npm adds, when publishing, what an installer must know
 * before it has the tarball.
 *
 * *Shape:* `paths` are the archive's, relative to the package. *Source:* `@npmcli/package-json` (steps `gypfile`,
 * `_hasShrinkwrap`), npm's "Package Metadata" page (`hasInstallScript`).
 */
export function registryManifest(
  packageJson: Readonly<Record<string, unknown>>,
  paths: readonly string[],
): Record<string, unknown> {
  const scripts = isRecord(packageJson.scripts) ? packageJson.scripts : {};
  const isNative = paths.some((path) => /^[^/]+\.gyp$/.test(path)) && packageJson.gypfile !== false;
  const buildsItself = isNative && scripts.install === undefined && scripts.preinstall === undefined;
  const hooks = buildsItself ? { ...scripts, install: 'node-gyp rebuild' } : scripts;
  const hasInstallScript = ['preinstall', 'install', 'postinstall'].some((hook) => hooks[hook] !== undefined);
  return {
    ...packageJson,
    ...(packageJson.scripts === undefined && !buildsItself ? {} : { scripts: hooks }),
    ...(buildsItself ? { gypfile: true } : {}),
    ...(hasInstallScript ? { hasInstallScript: true } : {}),
    ...(paths.includes('npm-shrinkwrap.json') ? { _hasShrinkwrap: true } : {}),
  };
}
