import { PackageURL } from '@socketregistry/packageurl-js';
import { type Ecosystem, isEcosystem } from './ecosystem.ts';
import { PurlError } from './purl-error.ts';
import { nameOf, type PackageName } from './purl-name.ts';
import { acceptedRepository, qualifiersOf, type Repositories } from './purl-qualifiers.ts';
import { splitPurl } from './purl-syntax.ts';
import { exactVersion } from './purl-version.ts';

export { PurlError, type PurlErrorCode, purlErrors } from './purl-error.ts';
export type { Repositories } from './purl-qualifiers.ts';

export type Purl = {
  ecosystem: Ecosystem;
  /** npm scope with its `@`, or the extension's publisher. */
  namespace?: string;
  name: string;
  /** As the ecosystem writes it: npm `@scope/name`, extensions `publisher.name`. */
  packageName: string;
  /** Exact and in normal form; absent = the latest, which the registry names. */
  version?: string;
  qualifiers: Readonly<Record<string, string>>;
  /** One spelling for all that mean the same package, version and qualifiers. */
  canonical: string;
};

export type PurlOptions = {
  /**
   * `lower` at the HTTP edge (P04, legacy mixed-case names kept); `keep` everywhere else, where `Foo` is the registry's
   * `Foo` (shared seams §6).
   */
  npmNameCase: 'lower' | 'keep';
  /** Registries that `repository_url` may name, per ecosystem. */
  repositories?: Partial<Record<Ecosystem, Repositories>>;
};

/**
 * Parses a package URL as the analysis surface takes it.
 *
 * *Errors:* `PurlError`, the first that applies in the order of `purlErrors`. *Source:* package-analysis contract §2
 * (P01–P13). Separators and component rules are ours because they are stricter than the purl library's and because each
 * refusal has its own code; the legacy npm names, the encoding and a second opinion are the library's.
 */
export function parsePurl(input: unknown, options: PurlOptions): Purl {
  const parts = splitPurl(input);
  const ecosystem = parts.type;
  if (!isEcosystem(ecosystem)) {
    throw new PurlError(
      'PURL_TYPE_UNSUPPORTED',
      `Package type '${ecosystem}' is not supported; use npm, pypi or vscode-extension`,
      { type: ecosystem },
    );
  }
  const spelled = nameOf(ecosystem, parts.segments);
  const isLatest = parts.version === undefined || parts.version === 'latest';
  const version = isLatest ? undefined : exactVersion(ecosystem, parts.version ?? '');
  const qualifiers = qualifiersOf(ecosystem, parts.qualifiers);
  const asked = qualifiers.get('repository_url');
  if (asked !== undefined) {
    const kept = acceptedRepository(asked, options.repositories?.[ecosystem]);
    if (kept === undefined) qualifiers.delete('repository_url');
    else qualifiers.set('repository_url', kept);
  }
  if (parts.hasSubpath)
    throw new PurlError('PURL_SUBPATH', 'A purl with a #subpath names a part of a package; name the package');

  const library = secondOpinion(ecosystem, spelled, qualifiers);
  const lowered = ecosystem === 'npm' && options.npmNameCase === 'lower';
  const name = lowered ? npmNameFrom(library, spelled) : spelled;
  const query = library.toString().split('?')[1];
  return {
    ecosystem,
    ...name,
    ...(version === undefined ? {} : { version }),
    qualifiers: Object.fromEntries([...qualifiers].sort(([a], [b]) => (a < b ? -1 : 1))),
    canonical: spell(ecosystem, name, version, query),
  };
}

/** The same package and qualifiers at the version that the registry named; it is taken as the registry writes it. */
export function withVersion(purl: Purl, version: string): Purl {
  return { ...purl, version, canonical: spell(purl.ecosystem, purl, version, purl.canonical.split('?')[1]) };
}

function spell(
  ecosystem: Ecosystem,
  { namespace, name }: Pick<PackageName, 'namespace' | 'name'>,
  version: string | undefined,
  query: string | undefined,
): string {
  const path = namespace === undefined ? name : `${encodeURIComponent(namespace)}/${name}`;
  const at = version === undefined ? '' : `@${encodeURIComponent(version)}`;
  return `pkg:${ecosystem}/${path}${at}${query === undefined ? '' : `?${query}`}`;
}

/** What passed our rules must pass the library's, too. The version stays out: it knows only semver for extensions. */
function secondOpinion(ecosystem: Ecosystem, { namespace, name }: PackageName, qualifiers: Map<string, string>) {
  try {
    return new PackageURL(ecosystem, namespace, name, undefined, Object.fromEntries(qualifiers), undefined);
  } catch (cause) {
    throw new PurlError('PURL_NAME', 'the purl library refuses a name that our rules take', {}, { cause });
  }
}

function npmNameFrom(library: PackageURL, spelled: PackageName): PackageName {
  const name = library.name ?? spelled.name;
  if (spelled.namespace === undefined) return { name, packageName: name };
  const namespace = library.namespace ?? spelled.namespace;
  return { namespace, name, packageName: `${namespace}/${name}` };
}
