export * from './archives.ts';
export * from './archives-tar.ts';
export * from './archives-zip.ts';
export * from './certificate.ts';
export * from './git.ts';
export * from './registry.ts';
export * from './simulants.ts';
