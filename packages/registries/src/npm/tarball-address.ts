import { KernelError } from '@assay/kernel';
import type { NpmConfig } from './config.ts';

/**
 * Where a tarball is fetched from: the announced address, or the same path at the configured registry where npm would ask
 * there (`replace-registry-host`).
 *
 * *Errors:* `REGISTRY_UNREACHABLE` for an address that is not http(s), or that would leave TLS though the registry has it.
 * *Source:* pacote, `RemoteFetcher`; npm's "replace-registry-host".
 */
export function tarballAddress(announced: string, packageName: string, config: NpmConfig): string {
  const registry = new URL(config.registryFor(packageName));
  const url = URL.canParse(announced, registry.href) ? new URL(announced, registry) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new KernelError(
      'REGISTRY_UNREACHABLE',
      `the registry announces no usable tarball address of ${packageName}`,
      {
        packageName,
      },
    );
  }
  if (config.replacedHost === 'always' || config.replacedHost === url.host)
    return new URL(`${url.pathname}${url.search}`, registry).href;
  // Old versions were announced with http; npm asks the registry's own host over TLS.
  if (url.protocol === 'http:' && registry.protocol === 'https:') url.protocol = 'https:';
  return url.href;
}
