import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openPackageArchive, type PackageArchive } from '@assay/archive';
import { archiveLimits, type Clock, KernelError, type Measured, sha256 } from '@assay/kernel';
import { parsePurl } from '@assay/kernel/purl';
import {
  fetchNpm,
  type NpmSource,
  previousVersion,
  type ResolvedNpm,
  registryManifest,
  resolveNpm,
} from '@assay/registries';
import type { DynamicAnalysisReport } from '../report/index.ts';

/** What an analysis is about. */
export type AnalysisTarget = { purl: string } | { archive: string; purl?: string };

/** The artifact that is analysed, verified and read, and what is known about it. */
export interface Subject {
  purl: string;
  requestedPurl: string;
  name: string;
  version: string;
  source: DynamicAnalysisReport['source'];
  archive: PackageArchive;
  /** Bytes of an uploaded archive, for the mirror's overlay; registry artifacts are served from its cache. */
  overlay?: { bytes: Buffer; manifest: Record<string, unknown> };
  resolved?: ResolvedNpm;
  metadata: DynamicAnalysisReport['metadata'];
  timings: { resolve: number; fetch: number };
}

/** How much of an artifact's files is held in memory for static reading. */
export const keptMembers = { maxMemberBytes: 64 * 1024 * 1024, maxTotalBytes: 512 * 1024 * 1024 };

export async function loadSubject(
  target: AnalysisTarget,
  source: NpmSource,
  clock: Clock,
  signal: AbortSignal,
): Promise<Subject> {
  return 'archive' in target
    ? await fromArchive(target, signal)
    : await fromRegistry(target.purl, source, clock, signal);
}

/** *Errors:* `PurlError`; those of `resolveNpm` and `fetchNpm`; `ArchiveError`. No sandbox has started by then. */
async function fromRegistry(
  requestedPurl: string,
  source: NpmSource,
  clock: Clock,
  signal: AbortSignal,
): Promise<Subject> {
  const purl = parsePurl(requestedPurl, { npmNameCase: 'keep' });
  if (purl.ecosystem !== 'npm') {
    throw new KernelError(
      'USAGE',
      `engine dynamic-analysis runs npm packages so far; ${purl.ecosystem} is not supported yet, nothing was run`,
    );
  }
  const begun = clock.monotonic();
  const resolved = await resolveNpm(
    source,
    { packageName: purl.packageName, ...(purl.version === undefined ? {} : { version: purl.version }) },
    signal,
  );
  const resolvedAt = clock.monotonic();
  const fetched = await fetchNpm(source, resolved, signal);
  const wanted = purl.qualifiers.checksum?.replace(/^sha256:/, '');
  if (wanted !== undefined && wanted !== fetched.sha256) {
    throw new KernelError(
      'DIGEST_MISMATCH',
      `the artifact's SHA-256 is ${fetched.sha256}, the purl asks for ${wanted}; nothing was run`,
      { wanted },
    );
  }
  const fetchedAt = clock.monotonic();
  const archive = await openPackageArchive(fetched.path, 'npm', archiveLimits, {
    label: fetched.fileName,
    fileName: fetched.fileName,
    keep: keptMembers,
    signal,
  });
  const withVersion = parsePurl(versioned(requestedPurl, resolved.version), { npmNameCase: 'keep' });
  return {
    purl: withVersion.canonical,
    requestedPurl,
    name: resolved.packageName,
    version: resolved.version,
    source: {
      kind: 'registry',
      files: [{ name: fetched.fileName, sha256: fetched.sha256, size_bytes: fetched.sizeBytes, integrity: 'verified' }],
    },
    archive,
    resolved,
    metadata: registryMetadata(resolved, clock),
    timings: { resolve: Math.round(resolvedAt - begun), fetch: Math.round(fetchedAt - resolvedAt) },
  };
}

/** Puts the resolved version where the purl had none or a tag: before qualifiers. */
function versioned(purl: string, version: string): string {
  const [head = '', query] = purl.split('?', 2);
  const name = head.slice(
    0,
    head.indexOf('@', head.lastIndexOf('/') + 1) === -1 ? undefined : head.indexOf('@', head.lastIndexOf('/') + 1),
  );
  return `${name}@${encodeURIComponent(version)}${query === undefined ? '' : `?${query}`}`;
}

async function fromArchive(target: { archive: string; purl?: string }, signal: AbortSignal): Promise<Subject> {
  const fileName = path.basename(target.archive);
  const bytes = await readBounded(target.archive);
  const archive = await openPackageArchive(bytes, 'npm', archiveLimits, {
    label: fileName,
    fileName: tgzName(fileName),
    keep: keptMembers,
    signal,
  });
  const { name, version } = archive.manifest;
  if (name === null || version === null) {
    throw new KernelError(
      'ARCHIVE_INVALID',
      `reading ${fileName}: its package.json has no name or no version; nothing was run`,
    );
  }
  const own = parsePurl(`pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`, { npmNameCase: 'keep' });
  const requested = target.purl === undefined ? own : parsePurl(target.purl, { npmNameCase: 'keep' });
  return {
    purl: requested.version === undefined ? own.canonical : requested.canonical,
    requestedPurl: target.purl ?? own.canonical,
    name,
    version,
    source: {
      kind: 'archive',
      files: [{ name: fileName, sha256: sha256(bytes), size_bytes: bytes.length, integrity: 'not_published' }],
    },
    archive,
    overlay: { bytes, manifest: registryManifest(archive.manifest.manifest, [...archive.files.keys()]) },
    metadata: {},
    timings: { resolve: 0, fetch: 0 },
  };
}

/** An uploaded file may have any name; its content decides, and `x` alone is not a lie. */
function tgzName(fileName: string): string | undefined {
  return /\.(tgz|tar\.gz|tar|zip|whl|vsix)$/i.test(fileName) ? fileName : undefined;
}

/** A file that the user named. *Errors:* `KernelError` USAGE, ARCHIVE_TOO_LARGE. */
export async function readBounded(file: string): Promise<Buffer> {
  const { open } = await import('node:fs/promises');
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new KernelError(
      'USAGE',
      `cannot read ${path.basename(file)}: ${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'}`,
      {},
      { cause },
    );
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new KernelError('USAGE', `${path.basename(file)} is not a file`);
    if (stat.size > archiveLimits.maxArchiveBytes) {
      throw new KernelError(
        'ARCHIVE_TOO_LARGE',
        `${path.basename(file)} has ${stat.size} bytes, more than the ${archiveLimits.maxArchiveBytes} that are read`,
      );
    }
    return await readFile(handle);
  } finally {
    await handle.close();
  }
}

function registryMetadata(resolved: ResolvedNpm, clock: Clock): DynamicAnalysisReport['metadata'] {
  const at = resolved.publishedAt;
  const missing = { status: 'not_measured', reason: 'the registry does not say when it was published' } as const;
  const day = 86_400_000;
  const dist = resolved.manifest.dist as { attestations?: { provenance?: unknown } } | undefined;
  const measuredAs = <T>(value: T): Measured<T> => ({ status: 'measured', value });
  const previous = previousVersion(resolved.packument, resolved.version);
  return {
    published_at: at === undefined ? missing : measuredAs(new Date(at).toISOString()),
    age_days: at === undefined ? missing : measuredAs(Math.max(0, Math.floor((clock.now() - at) / day))),
    deprecated: measuredAs(resolved.deprecated !== undefined),
    provenance: measuredAs({ attested: dist?.attestations?.provenance !== undefined }),
    maintainers_changed: maintainersChanged(resolved, previous),
  };
}

function maintainersChanged(resolved: ResolvedNpm, previous: string | undefined): Measured<boolean> {
  const names = (version: string) => {
    const list = resolved.packument.versions[version]?.maintainers;
    return Array.isArray(list)
      ? list
          .map((one: unknown) => (typeof one === 'object' && one !== null && 'name' in one ? String(one.name) : ''))
          .sort()
      : undefined;
  };
  const before = previous === undefined ? undefined : names(previous);
  const now = names(resolved.version);
  if (before === undefined || now === undefined)
    return {
      status: 'not_measured',
      reason: previous === undefined ? 'there is no previous version' : 'the registry lists no maintainers per version',
    };
  return { status: 'measured', value: before.join() !== now.join() };
}
