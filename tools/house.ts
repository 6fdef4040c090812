/**
 * The table of rooms and arrows (ARCHITECTURE.md, "The house"), as data: which of our packages each room may import.
 * A room that is not here does not exist; a new one is added here first.
 */
const kernel = ['kernel'];
const means = ['kernel', 'archive', 'registries', 'vcs', 'sandbox', 'detect', 'store', 'accounts', 'model', 'client'];
const packages = [...means, 'behaviour', 'compare', 'scan', 'trust', 'cleanroom'];

export type House = Readonly<Record<string, readonly string[]>>;

export const house: House = {
  'packages/kernel': [],
  'packages/archive': kernel,
  'packages/registries': [...kernel, 'archive'],
  'packages/vcs': kernel,
  'packages/sandbox': kernel,
  'packages/detect': [...kernel, 'archive'],
  'packages/store': kernel,
  'packages/accounts': [...kernel, 'store'],
  'packages/model': kernel,
  'packages/client': kernel,
  'packages/behaviour': means,
  'packages/compare': means,
  'packages/scan': means,
  'packages/trust': means,
  'packages/cleanroom': means,
  'apps/cli': packages,
  'apps/server': packages,
  'apps/worker': packages,
  'apps/web': packages,
  testing: means,
  bench: [...packages, 'testing'],
};
