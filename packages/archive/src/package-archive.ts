import type { ArchiveLimits } from '@assay/kernel';
import { AnomalyLog, quote } from './anomaly.ts';
import type { ArchiveEntry, ArchiveReading, MemberHead, MemberSink } from './entry.ts';
import { archiveInvalid } from './errors.ts';
import { type KeepLimits, type KeptMembers, MemberKeeper } from './members.ts';
import { manifestLimits, type PackageManifest } from './npm-manifest.ts';
import { type PackageKind, type PackageLayout, packageLayouts } from './package-layout.ts';
import { inspectPath } from './path.ts';
import { type ArchiveSource, beginning, readArchive, unknownContent } from './read.ts';
import { sniffFormat } from './sniff.ts';

export type OpenPackageOptions = {
  /** Names the artifact in messages. */
  label: string;
  /** The artifact's file name, when it has one: its suffix must agree with its content. */
  fileName?: string | undefined;
  /** Keep the installed files in memory, within these limits. */
  keep?: KeepLimits | undefined;
  /** Called for each installed file before its bytes, with its path inside the package. */
  onFile?: ((path: string, head: MemberHead) => MemberSink | undefined) | undefined;
  expandNested?: boolean | undefined;
  signal?: AbortSignal | undefined;
};

/** A package artifact as its installer sees it. */
export type PackageArchive = {
  kind: PackageKind;
  sizeBytes: number;
  /** All entries and anomalies, with those about the package's shape added. */
  reading: ArchiveReading;
  /** The one folder around everything; null when there is none or several. */
  rootFolder: string | null;
  /** Regular files by their path inside the package, as installing leaves them: the last of each path, no links. */
  files: Map<string, ArchiveEntry>;
  manifest: PackageManifest;
  /** With `keep`: the files' bytes by path inside the package, and those that a later entry replaced. */
  kept?: KeptMembers;
};

/**
 * Opens a package artifact: checks that content, name and kind agree, reads it once, and gives the installer's view.
 *
 * *Shape:* for npm the first path component is dropped whatever it is, links are left out, `package.json` is parsed.
 * *Errors:* `ArchiveError` `ARCHIVE_INVALID`: wrong content, truncated or corrupt (an installer would refuse it too), no
 * manifest, or one that cannot be read; `ARCHIVE_TOO_LARGE`.
 */
export async function openPackageArchive(
  source: ArchiveSource,
  kind: PackageKind,
  limits: ArchiveLimits,
  options: OpenPackageOptions,
): Promise<PackageArchive> {
  const layout = packageLayouts[kind];
  const sizeBytes = await checkContent(source, kind, layout, options);
  const view = new InstallerView(layout, limits, options);
  const reading = await readArchive(source, limits, {
    label: options.label,
    onMember: (head) => view.sinkFor(head),
    expandNested: options.expandNested,
    signal: options.signal,
  });
  if (!reading.complete) {
    const damage = reading.anomalies.find(({ code }) => /^(truncated|corrupt-data|checksum-mismatch|size-)/.test(code));
    throw archiveInvalid(options.label, `it is damaged (${damage?.detail ?? 'not every member could be read'})`, {
      anomalies: reading.anomalies,
    });
  }
  const log = new AnomalyLog(reading.anomalies, reading.anomalyCounts);
  return {
    kind,
    sizeBytes,
    reading,
    rootFolder: view.reportRoots(log),
    files: view.files,
    manifest: view.parseManifest(),
    ...(view.keeper === undefined ? {} : { kept: view.keeper.kept }),
  };
}

/** Content decides what a file is; a name that says otherwise is refused, as one of the two deceives. */
async function checkContent(
  source: ArchiveSource,
  kind: PackageKind,
  layout: PackageLayout,
  options: OpenPackageOptions,
): Promise<number> {
  const { label, fileName } = options;
  const { head, size } = await beginning(source);
  const found = sniffFormat(head);
  if (found === undefined) throw archiveInvalid(label, unknownContent(size));
  const wanted = layout.suffixes.join(' or ');
  if (fileName !== undefined && !layout.suffixes.some((suffix) => fileName.toLowerCase().endsWith(suffix))) {
    throw archiveInvalid(label, `a package of type ${kind} is named ${wanted}, not ${quote(fileName)}`);
  }
  if (found !== layout.format) {
    throw archiveInvalid(label, `a package of type ${kind} is a ${layout.format} archive, this is ${found}`);
  }
  return size;
}

/** Maps entries to installed files while they are read. */
class InstallerView {
  readonly files = new Map<string, ArchiveEntry>();
  readonly keeper: MemberKeeper | undefined;
  readonly #layout: PackageLayout;
  readonly #limits: ArchiveLimits;
  readonly #options: OpenPackageOptions;
  readonly #roots = new Map<string | null, string>();
  readonly #outside: { path: string; detail: string }[] = [];
  #manifest: Buffer | undefined;

  constructor(layout: PackageLayout, limits: ArchiveLimits, options: OpenPackageOptions) {
    this.#layout = layout;
    this.#limits = limits;
    this.#options = options;
    this.keeper = options.keep === undefined ? undefined : new MemberKeeper(options.keep);
  }

  sinkFor(head: MemberHead): MemberSink | undefined {
    if (head.depth > 0 || head.type !== 'file') return undefined;
    const installed = this.#layout.installedPath(head.rawPath);
    if (installed === null) {
      this.#outside.push({ path: head.path, detail: 'outside every folder: the installer leaves it out' });
      return undefined;
    }
    const root = this.#layout.rootOf(head.rawPath);
    if (!this.#roots.has(root)) this.#roots.set(root, head.path);
    const { path, safe } = inspectPath(installed, this.#limits.maxPathBytes);
    if (!head.safe || !safe) return undefined;

    const sinks: MemberSink[] = [{ write: () => undefined, end: (entry) => this.#addFile(path, entry) }];
    if (this.#layout.isManifest(path)) sinks.push(this.#manifestSink());
    if (this.keeper !== undefined) sinks.push(this.keeper.sink(path));
    const own = this.#options.onFile?.(path, head);
    if (own !== undefined) sinks.push(own);
    return joinSinks(sinks);
  }

  /** Reports files in other folders than the first. Returns the folder when there is exactly one. */
  reportRoots(log: AnomalyLog): string | null {
    for (const { path, detail } of this.#outside) log.add('outside-root-folder', detail, path);
    const [first, ...others] = this.#roots;
    for (const [root, path] of others) {
      const detail = `in folder ${quote(root ?? '')}, not ${quote(first?.[0] ?? '')}: the installer merges them`;
      log.add('outside-root-folder', detail, path);
    }
    return others.length === 0 ? (first?.[0] ?? null) : null;
  }

  parseManifest(): PackageManifest {
    const { label } = this.#options;
    const { manifestName } = this.#layout;
    const bytes = this.#manifest;
    if (bytes === undefined) throw archiveInvalid(label, `it has no ${manifestName} in its folder`);
    if (bytes.length > manifestLimits.maxBytes) {
      throw archiveInvalid(label, `its ${manifestName} is larger than ${manifestLimits.maxBytes} bytes`);
    }
    return this.#layout.parseManifest(bytes, label);
  }

  #addFile(path: string, entry: ArchiveEntry): void {
    const earlier = this.files.get(path);
    if (earlier !== undefined && earlier.path !== entry.path) {
      this.#outside.push({ path: entry.path, detail: `replaces ${quote(earlier.path)} when installed` });
    }
    this.files.set(path, entry);
  }

  /** Keeps one byte more than allowed, so that too much is told from just enough. */
  #manifestSink(): MemberSink {
    const chunks: Uint8Array[] = [];
    let held = 0;
    return {
      write: (chunk) => {
        const part = chunk.subarray(0, manifestLimits.maxBytes + 1 - held);
        chunks.push(part);
        held += part.length;
      },
      end: () => {
        this.#manifest = Buffer.concat(chunks);
      },
    };
  }
}

/** One sink for several. Nothing is awaited when none of them waits. */
function joinSinks(sinks: readonly MemberSink[]): MemberSink {
  return {
    write: (chunk) => {
      const waiting = sinks.map((sink) => sink.write(chunk)).filter((promise) => promise !== undefined);
      return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
    },
    end: async (entry) => {
      for (const sink of sinks) await sink.end(entry);
    },
  };
}
