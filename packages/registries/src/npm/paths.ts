/** What a request path of the registry protocol asks for. */
export type RegistryPath =
  | { kind: 'packument'; packageName: string }
  | { kind: 'tarball'; packageName: string; version: string };

/** `@scope%2fname`, as npm asks for packuments: the slash of a scope escaped, the `@` not. */
export function packumentPath(packageName: string): string {
  return packageName.replace('/', '%2f');
}

/** `@scope/name/-/name-1.0.0.tgz`: where the registry protocol has a tarball, relative to the registry. */
export function tarballPath(packageName: string, version: string): string {
  return `${packageName}/-/${unscoped(packageName)}-${encodeURIComponent(version)}.tgz`;
}

// Wider than what may be published today: a tree may depend on names from before the rules. No part is `.`, `..` or empty.
const npmName =
  /^(?:@[A-Za-z0-9_-][A-Za-z0-9._-]*\/[A-Za-z0-9_~!'()*-][A-Za-z0-9._~!'()*-]*|[A-Za-z0-9~!'()*-][A-Za-z0-9._~!'()*-]*)$/;
// 1.0.0-rc.1+b7, also what semver calls loose; used only to look a version up.
const version = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,255}$/;

/**
 * Reads a request path, relative to the registry and without query. `undefined` for anything but one package's document or
 * one version's tarball: `/-/ping`, `/a/1.0.0`, `/a/-/b-1.0.0.tgz`, paths that climb.
 */
export function parseRegistryPath(path: string): RegistryPath | undefined {
  const decoded = path.length > 1024 ? undefined : decode(path);
  if (!decoded?.startsWith('/')) return undefined;
  const [packageName = '', file, ...more] = decoded.slice(1).split('/-/');
  if (more.length > 0 || packageName.length > 214 || !npmName.test(packageName)) return undefined;
  if (file === undefined) return { kind: 'packument', packageName };
  const prefix = `${unscoped(packageName)}-`;
  const named = file.startsWith(prefix) && file.endsWith('.tgz') ? file.slice(prefix.length, -'.tgz'.length) : '';
  return version.test(named) ? { kind: 'tarball', packageName, version: named } : undefined;
}

function unscoped(packageName: string): string {
  return packageName.slice(packageName.indexOf('/') + 1);
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // a bad escape names nothing
  }
}
