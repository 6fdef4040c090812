/** A host that serves Git repositories under `https://<host>/<path>`. */
export type Forge = {
  host: string;
  /** Segments of a repository's path: 2 is `owner/repo`; GitLab's groups go deeper. */
  maxDepth: number;
  /** Word before `:owner/repo` in a manifest. */
  shorthand?: string;
};

/** The forges that need no configuration; a house adds its own. */
export const publicForges: readonly Forge[] = [
  { host: 'github.com', maxDepth: 2, shorthand: 'github' },
  { host: 'gitlab.com', maxDepth: 20, shorthand: 'gitlab' },
  { host: 'bitbucket.org', maxDepth: 2, shorthand: 'bitbucket' },
  { host: 'codeberg.org', maxDepth: 2, shorthand: 'codeberg' },
];

/** A repository that a manifest names: `url` is https, without `.git`, equal for equal repositories. */
export type RepositoryLink = {
  url: string;
  host: string;
  /** `owner/repo`. */
  path: string;
  /** Folder inside it that the manifest, or the link itself, names. */
  directory?: string;
  /** Branch, tag or commit that the link itself names. */
  ref?: string;
};

const defaultShorthand = 'github';
/** Hosts whose paths are the same in upper and lower case. */
const caseless = new Set(['github.com', 'gitlab.com', 'bitbucket.org', 'codeberg.org']);
/** First segments under which forges keep pages of their own. */
const noOwners = new Set([
  'sponsors',
  'orgs',
  'users',
  'apps',
  'marketplace',
  'topics',
  'settings',
  'explore',
  'about',
]);
const maxLinkLength = 2048;

/**
 * Understands every way in which people name a repository: `owner/repo`, `github:owner/repo#tag`, `git+ssh://git@host/o/r.git`,
 * `git@host:o/r.git`, `https://www.host/o/r/tree/main/packages/x`, `git://…`, an issue tracker's address. Whatever the scheme,
 * the answer is https: a link says where, never how.
 *
 * *Shape:* `link` is package text of any kind. `undefined` when it names no repository of the given forges.
 */
export function parseRepositoryLink(
  link: unknown,
  forges: readonly Forge[] = publicForges,
): RepositoryLink | undefined {
  if (typeof link !== 'string' || link.length > maxLinkLength) return undefined;
  const text = link.trim();
  const short = parseShorthand(text, forges);
  if (short !== undefined) return short;
  // Matches `git@host:owner/repo.git`, ssh's own form, with or without `ssh://` or `git+ssh://`; not `https://host:8443/x`.
  const scp = /^(?:(?:git\+)?ssh:\/\/)?(?:[\w.-]+@)([\w.-]+):(?!\d+\/)\/*(.+)$/.exec(text);
  const address = scp === null ? text.replace(/^(?:git\+|scm:git:|scm:)/i, '') : `https://${scp[1]}/${scp[2]}`;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (!['https:', 'http:', 'git:', 'ssh:'].includes(url.protocol)) return undefined;
  const host = url.hostname.toLowerCase().replace(/^www\./, '');
  const forge = forges.find((known) => known.host === host);
  if (forge === undefined) return undefined;
  return linkOf(forge, url.pathname, url.hash.slice(1));
}

/**
 * The `repository` of an npm manifest: text, or `{url, directory}`.
 *
 * *Shape:* `repository` as parsed JSON, unchecked. A directory that leaves the repository is dropped.
 */
export function parseNpmRepository(
  repository: unknown,
  forges: readonly Forge[] = publicForges,
): RepositoryLink | undefined {
  if (typeof repository !== 'object' || repository === null) return parseRepositoryLink(repository, forges);
  const { url, directory } = repository as { url?: unknown; directory?: unknown };
  const link = parseRepositoryLink(url, forges);
  const folder = typeof directory === 'string' ? cleanDirectory(directory) : undefined;
  return link === undefined || folder === undefined ? link : { ...link, directory: folder };
}

/** Words of PyPI labels for a repository, likeliest first; lower case, letters only (PyPA's well-known labels). */
const sourceLabels = ['source', 'sourcecode', 'repository', 'github', 'gitlab', 'code', 'scm', 'homepage', 'home'];

/**
 * Repositories among a Python project's addresses, likeliest first, each once.
 *
 * *Shape:* `urls` label → address, as `Project-URL` gives them; `homePage` the older single field.
 */
export function parsePypiUrls(
  urls: Readonly<Record<string, unknown>>,
  homePage: unknown,
  forges: readonly Forge[] = publicForges,
): RepositoryLink[] {
  const rank = (label: string): number => {
    const at = sourceLabels.indexOf(label.toLowerCase().replace(/[^a-z]/g, ''));
    return at === -1 ? sourceLabels.length : at;
  };
  const ordered = Object.entries(urls).sort(([a], [b]) => rank(a) - rank(b));
  const links = [...ordered.map(([, url]) => url), homePage].flatMap((url) => parseRepositoryLink(url, forges) ?? []);
  return links.filter(({ url }, index) => links.findIndex((other) => other.url === url) === index);
}

function parseShorthand(text: string, forges: readonly Forge[]): RepositoryLink | undefined {
  // Matches `owner/repo`, `gitlab:group/sub/repo`, `github:owner/repo#v1`; not `./x/y`, `host.tld/owner/repo` or `a:b:c/d`.
  const [, word, path, ref] = /^(?:([a-z]+):)?([\w-][\w.-]*(?:\/[\w.-]+)+)(?:#(.*))?$/i.exec(text) ?? [];
  if (path === undefined) return undefined;
  if (word === undefined && path.split('/').length !== 2) return undefined;
  const forge = forges.find(({ shorthand }) => shorthand === (word?.toLowerCase() ?? defaultShorthand));
  return forge === undefined ? undefined : linkOf(forge, path, ref ?? '');
}

function linkOf(forge: Forge, pathname: string, fragment: string): RepositoryLink | undefined {
  const segments = decoded(pathname)
    .split('/')
    .filter((segment) => segment !== '');
  // GitLab keeps its own pages behind `/-/`; on the others they follow `owner/repo` directly.
  const dash = segments.indexOf('-');
  const own = dash === -1 ? segments : [...segments.slice(0, dash)];
  const depth = forge.maxDepth === 2 ? 2 : own.length;
  const names = own.slice(0, depth);
  const pages = dash === -1 ? own.slice(depth) : segments.slice(dash + 1);
  const last = names.pop()?.replace(/\.git$/, '');
  if (last === undefined || names.length === 0 || names.length >= forge.maxDepth) return undefined;
  // Matches the names forges give out; not `..`, and nothing with a blank, an `@` or a leading dash.
  if (![...names, last].every((name) => /^[\w.][\w.-]*$/.test(name) && !/^\.+$/.test(name))) return undefined;
  if (noOwners.has(names[0]?.toLowerCase() ?? '')) return undefined;
  const spelled = [...names, last].join('/');
  const path = caseless.has(forge.host) ? spelled.toLowerCase() : spelled;
  const [kind, ref, ...rest] = pages[0] === 'src' && pages[1] === 'branch' ? ['tree', ...pages.slice(2)] : pages;
  const isFolder = kind === 'tree' || kind === 'src';
  const directory = isFolder ? cleanDirectory(rest.join('/')) : undefined;
  const named = isFolder ? ref : refOf(fragment);
  return {
    url: `https://${forge.host}/${path}`,
    host: forge.host,
    path,
    ...(directory === undefined ? {} : { directory }),
    ...(named === undefined ? {} : { ref: named }),
  };
}

/** `#v1.2.3`, `#semver:^1`: a range is no ref; nor is a heading of a page, which only looks like one (`#readme`). */
function refOf(fragment: string): string | undefined {
  return fragment === '' || fragment === 'readme' || fragment.startsWith('semver:') ? undefined : fragment;
}

function cleanDirectory(directory: string): string | undefined {
  const segments = directory
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  return segments.length === 0 || segments.includes('..') ? undefined : segments.join('/');
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    // A stray `%`: no repository is called that, so it will be refused by its characters.
    return pathname;
  }
}
