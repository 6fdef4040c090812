import { realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { KernelError, sha256 } from '@assay/kernel';

export type NpmConfigOptions = {
  /** Folder whose project `.npmrc` counts: the user's, never ours. */
  cwd: string;
  /** The user's environment: `HOME`, `PATH`, `npm_config_*`. */
  env: Readonly<Record<string, string | undefined>>;
  /** Default registry to use instead of the configured one (`ASSAY_NPM_REGISTRY`); scoped ones stay. */
  registry?: string;
};

/** The user's npm configuration, as far as reading from registries goes. */
export type NpmConfig = {
  /** Default registry, with a trailing slash. */
  registry: string;
  /** Registry of a package by its scope, with a trailing slash. */
  registryFor(packageName: string): string;
  /** What the answers of a registry depend on beside the address: a digest of the credentials, or `none`. */
  credentialsFor(packageName: string): string;
  /** Options for `npm-registry-fetch`: addresses, credentials, proxies, certificates. Holds secrets. */
  request: Readonly<Record<string, unknown>>;
  /** Tarballs announced on this host (`always`: any, `never`: none) are asked of the registry itself. */
  replacedHost: string;
};

/** Settings that decide how a registry is reached. The others are about installing, which we do not. */
const connectionSettings = [
  'registry',
  'replace-registry-host',
  'proxy',
  'https-proxy',
  'noproxy',
  'ca',
  'cafile',
  'cert',
  'key',
  'strict-ssl',
  'local-address',
  'maxsockets',
];

/**
 * Reads the user's npm configuration from where npm itself reads it: built-in, global, user and project files and
 * `npm_config_*`, in npm's order.
 *
 * *Errors:* `USAGE` when the default registry is not an http(s) address. A file that cannot be read counts as absent, as
 * in npm. *Source:* `@npmcli/config`; npm's "npmrc" page.
 */
export async function loadNpmConfig(options: NpmConfigOptions): Promise<NpmConfig> {
  const [{ default: Config }, { default: table }, npm] = await Promise.all([
    import('@npmcli/config'),
    import('@npmcli/config/lib/definitions/index.js'),
    locateNpm(options.env),
  ]);
  const { definitions, shorthands, flatten } = table;
  const config = new Config({
    definitions,
    shorthands,
    flatten,
    npmPath: npm.npmPath,
    execPath: npm.execPath,
    // A copy: loading exports the result as npm_config_* into the environment it was given.
    env: { ...options.env },
    argv: ['node', 'npm'],
    cwd: options.cwd,
  });
  await config.load();

  const request: Record<string, unknown> = {};
  // From least to highest priority, as npm flattens; `config.flat` would also write to this process's environment.
  for (const { data } of config.data.values()) {
    for (const [key, value] of Object.entries(data as Record<string, unknown>)) {
      if (connectionSettings.includes(key)) definitions[key]?.flatten?.(key, data, request);
      else if (/^@[^:]*:registry$/i.test(key) || key.startsWith('//')) request[key] = value;
    }
  }
  request.registry = registryAddress(options.registry ?? String(request.registry));
  const rule = String(request.replaceRegistryHost);
  const isDefaultRule = rule === definitions['replace-registry-host']?.default;
  // The default rule means the registry that npm has built in.
  return toNpmConfig(request, isDefaultRule ? new URL(String(definitions.registry?.default)).host : rule);
}

function toNpmConfig(request: Record<string, unknown>, replacedHost: string): NpmConfig {
  const registry = String(request.registry);
  const registryFor = (packageName: string) => {
    const scope = packageName.startsWith('@') ? packageName.slice(0, packageName.indexOf('/')) : undefined;
    const scoped = scope === undefined ? undefined : request[`${scope}:registry`];
    return typeof scoped === 'string' ? registryAddress(scoped) : registry;
  };
  return {
    registry,
    registryFor,
    credentialsFor: (packageName) => {
      const secrets = credentialsBelow(registryFor(packageName), request);
      return secrets.length === 0 ? 'none' : sha256(JSON.stringify(secrets));
    },
    request,
    replacedHost,
  };
}

/** Settings that npm would find when walking up from the registry's path: `//host/path/:_authToken`, `//host/:_auth`, … */
function credentialsBelow(registry: string, request: Record<string, unknown>): [string, unknown][] {
  const { host, pathname } = new URL(registry);
  const address = `//${host}${pathname}`;
  return Object.entries(request)
    .filter(([key]) => key.startsWith('//'))
    .filter(([key]) => {
      const place = key.slice(0, key.lastIndexOf(':')).replace(/\/$/, '');
      return address === place || address.startsWith(`${place}/`);
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function registryAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new KernelError('USAGE', `the npm registry must be an http or https address, not ${JSON.stringify(text)}`);
  }
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/**
 * Where the user's own npm and Node live: its built-in and global npmrc lie beside them. Folders of an installed project
 * are passed over, because there our own pinned Node and npm come first.
 */
async function locateNpm(env: NpmConfigOptions['env']): Promise<{ npmPath: string; execPath: string }> {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '' && !isProjectBin(folder));
  const execPath = (await firstReal(folders, 'node')) ?? process.execPath;
  const npm = await firstReal(folders, 'npm');
  // /usr/lib/node_modules/npm/bin/npm-cli.js; a shim of a version manager leads elsewhere, then the usual layout is assumed.
  const npmPath = npm?.endsWith('/bin/npm-cli.js')
    ? dirname(dirname(npm))
    : join(dirname(dirname(execPath)), 'lib/node_modules/npm');
  return { npmPath, execPath };
}

function isProjectBin(folder: string): boolean {
  return /(^|[\\/])node_modules[\\/](\.bin|.*[\\/]bin)[\\/]?$/.test(folder);
}

async function firstReal(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = await realpath(join(folder, name)).catch(() => undefined);
    if (path !== undefined) return path;
  }
  return undefined;
}
