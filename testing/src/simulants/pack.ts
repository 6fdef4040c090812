import { type ArchiveFile, packPackage } from '../archives.ts';
import type { PublishedPackage, PublishedVersion, Registry } from '../registry.ts';
import { latch, latchName, type Simulant, type SimulantFile, type SimulantPackage } from './simulant.ts';

export interface PackOptions {
  /** Instant that `{{now+90d}}` counts from and that publication times precede. */
  now: Date;
}

const dayMs = 86_400_000;

/** The npm tarball of one package of a simulant; the same `now` gives the same bytes. */
export function packSimulant(of: SimulantPackage, { now }: PackOptions): Buffer {
  const files = Object.entries(of.files).map(([path, file]) => [path, toArchiveFile(file, now)] as const);
  return packPackage(of.manifest, Object.fromEntries(files));
}

/**
 * A simulant as documents of the registry double, by package name: the analysed package with its previous version, its
 * dependencies, and the latch for those that load it.
 */
export function publishedOf(simulant: Simulant, options: PackOptions): Record<string, PublishedPackage> {
  const [target, ...others] = simulant.packages;
  const published: Record<string, PublishedPackage> = {};
  const add = (of: SimulantPackage, ageDays: number) => {
    const { name, version } = of.manifest;
    published[name] = { versions: { ...published[name]?.versions, [version]: toVersion(of, ageDays, options) } };
  };
  if (simulant.previous !== undefined) add(simulant.previous, 40);
  for (const other of others) add(other, 10);
  add(target, 2);
  if (loadsLatch(simulant)) add(latch, 400);
  return published;
}

/** Publishes a simulant in the registry double and says what to analyse. */
export function loadSimulant(registry: Registry, simulant: Simulant, options: PackOptions): LoadedSimulant {
  for (const [name, published] of Object.entries(publishedOf(simulant, options))) registry.publish(name, published);
  const { name, version } = simulant.packages[0].manifest;
  return {
    name,
    version,
    tarball: packSimulant(simulant.packages[0], options),
    ...(simulant.previous === undefined ? {} : { previous: packSimulant(simulant.previous, options) }),
  };
}

export interface LoadedSimulant {
  name: string;
  version: string;
  tarball: Buffer;
  previous?: Buffer;
}

function loadsLatch({ packages, previous }: Simulant): boolean {
  return [...packages, ...(previous === undefined ? [] : [previous])].some(({ manifest }) => {
    return latchName in ((manifest.dependencies as object | undefined) ?? {});
  });
}

function toVersion(of: SimulantPackage, ageDays: number, options: PackOptions): PublishedVersion {
  const { dist, ...stated } = of.packument ?? {};
  return {
    manifest: { ...of.manifest, ...stated },
    tarball: packSimulant(of, options),
    time: new Date(options.now.getTime() - ageDays * dayMs).toISOString(),
    ...(isRecord(dist) ? { dist } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Programs and scripts get their mode from their first bytes, as `npm pack` would have found it on disk. */
function toArchiveFile(file: SimulantFile, now: Date): ArchiveFile {
  const content = typeof file === 'string' ? dated(file, now) : file;
  const head = Buffer.from(content.slice(0, 4)).toString('latin1');
  return head.startsWith('#!') || head === '\x7fELF' ? { content, mode: 0o755 } : content;
}

function dated(source: string, now: Date): string {
  return source.replace(/\{\{now\+(\d+)d\}\}/g, (_, days: string) =>
    new Date(now.getTime() + Number(days) * dayMs).toISOString(),
  );
}
