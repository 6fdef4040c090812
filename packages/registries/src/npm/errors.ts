import { KernelError } from '@assay/kernel';

export function packageNotFound(packageName: string, registry: string): KernelError {
  const { origin } = new URL(registry);
  return new KernelError('PACKAGE_NOT_FOUND', `the registry at ${origin} has no package ${packageName}`, {
    packageName,
    origin,
  });
}

export function versionNotFound(packageName: string, wanted: string, why: string): KernelError {
  return new KernelError('VERSION_NOT_FOUND', `${packageName} has no version ${wanted}: ${why}`, {
    packageName,
    version: wanted,
  });
}

/** A client that we serve has caused as many questions to the registry as it may. */
export function allowanceUsedUp(packageName: string): KernelError {
  const message = `not asking for ${packageName}: too many questions to the registry already`;
  return new KernelError('REGISTRY_UNREACHABLE', message, { packageName, allowance: 'used up' });
}
