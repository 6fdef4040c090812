import { type Detection, join, type SignalDraft } from './reading.ts';

const dependencyFields = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const;
const hookNames = ['preinstall', 'install', 'postinstall'];
/** Matches `git+ssh://x/y`, `https://x/y.tgz`, `owner/repo`; not `^1.2.3`, `npm:other@1`, `workspace:*`. */
const fromUrl = /^(git(\+|:)|https?:|ssh:|github:|gitlab:|bitbucket:|gist:|[^@:\s/]+\/[^:\s/]+(#.*)?$)/;

/** Facts of `package.json` as signals, and `dep.url-source`. */
export function npmManifest(manifest: Readonly<Record<string, unknown>>, text: string): Detection {
  const detections: Detection[] = [];
  const at = (needle: string): Pick<SignalDraft, 'line' | 'column'> => {
    const offset = Math.max(0, text.indexOf(needle));
    const before = text.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
  };
  const scripts = record(manifest.scripts);
  const hooks = hookNames.filter((name) => typeof scripts[name] === 'string');
  for (const name of hooks) {
    detections.push({
      signals: [
        {
          rule: 'meta.install-hook',
          file: 'package.json',
          ...at(`"${name}"`),
          snippet: `${name}: ${String(scripts[name])}`.slice(0, 200),
        },
      ],
      claims: [],
    });
  }
  for (const field of dependencyFields) {
    for (const [name, range] of Object.entries(record(manifest[field]))) {
      if (typeof range !== 'string' || !fromUrl.test(range)) continue;
      detections.push({
        signals: [
          {
            rule: 'meta.url-dependency',
            file: 'package.json',
            ...at(`"${name}"`),
            snippet: `${name}: ${range}`.slice(0, 200),
          },
        ],
        claims: [
          {
            id: 'dep.url-source',
            severity: 'low',
            confidence: 'high',
            signals: [0],
            summary: `${name} comes from ${range}`.slice(0, 160),
          },
        ],
      });
    }
  }
  return join(detections);
}

/**
 * `manifest.confusion`: the registry's manifest and the archive's disagree about what is run or installed.
 * *Source:* "manifest confusion", 2023; the members npm acts upon.
 */
export function manifestConfusion(
  registry: Readonly<Record<string, unknown>>,
  archive: Readonly<Record<string, unknown>>,
): Detection {
  const differences: string[] = [];
  for (const field of ['dependencies', 'optionalDependencies', 'bin'] as const) {
    if (stable(normalised(field, registry)) !== stable(normalised(field, archive))) differences.push(field);
  }
  const scripts = (manifest: Readonly<Record<string, unknown>>) => stable(hooks(manifest));
  // Registries leave `scripts` out of abbreviated documents; only a full one can be compared.
  if (registry.scripts !== undefined && scripts(registry) !== scripts(archive) && !isImpliedBuild(registry, archive))
    differences.push('scripts');
  for (const field of ['name', 'version'] as const)
    if (registry[field] !== undefined && registry[field] !== archive[field]) differences.push(field);
  return differences.length === 0 ? { signals: [], claims: [] } : confusion(differences);
}

function hooks(manifest: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(hookNames.map((name) => [name, record(manifest.scripts)[name]]));
}

/** npm writes the build that a `binding.gyp` implies into the document that it publishes, and not into the archive. */
function isImpliedBuild(
  registry: Readonly<Record<string, unknown>>,
  archive: Readonly<Record<string, unknown>>,
): boolean {
  const { install, ...others } = hooks(registry);
  const own = hooks(archive);
  return (
    install === 'node-gyp rebuild' &&
    own.install === undefined &&
    stable(others) === stable({ ...own, install: undefined })
  );
}

function confusion(differences: string[]): Detection {
  const snippet = `registry and archive differ in ${differences.join(', ')}`;
  return {
    signals: [{ rule: 'meta.manifest-confusion', file: 'package.json', line: 1, column: 1, snippet }],
    claims: [{ id: 'manifest.confusion', severity: 'high', confidence: 'high', signals: [0], summary: snippet }],
  };
}

/** The registry adds a `bin` name to a string and drops optional dependencies from the others. */
function normalised(field: string, manifest: Readonly<Record<string, unknown>>): unknown {
  const value = manifest[field];
  if (field === 'bin') {
    const name = String(manifest.name ?? '');
    const bins = typeof value === 'string' ? { [name.slice(name.indexOf('/') + 1)]: value } : record(value);
    return Object.fromEntries(Object.entries(bins).map(([key, file]) => [key, String(file).replace(/^\.?\//, '')]));
  }
  if (field === 'dependencies') {
    const optional = record(manifest.optionalDependencies);
    return Object.fromEntries(Object.entries(record(value)).filter(([name]) => !(name in optional)));
  }
  return record(value);
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
