import { createRequire } from 'node:module';
import path from 'node:path';
import { defaultProbeOptions } from '@assay/sandbox';
import { readSettings } from './config.ts';
import { doctor } from './doctor.ts';

export async function doctorCommand(options: Record<string, unknown>): Promise<number> {
  const settings = readSettings(process.env, flagsOf(options), process.stdout.isTTY === true);
  return await doctor({
    options: {
      ...defaultProbeOptions,
      node: process.execPath,
      npm: pinnedNpm(),
      dataDirectory: settings.cacheDirectory,
      isolation: settings.isolation,
    },
    json: options.json === true,
    colour: settings.color,
    write: (text) => process.stdout.write(text),
  });
}

export function flagsOf(options: Record<string, unknown>): { cacheDir?: string; isolation?: string; color?: boolean } {
  return {
    ...(typeof options.cacheDir === 'string' ? { cacheDir: options.cacheDir } : {}),
    ...(typeof options.isolation === 'string' ? { isolation: options.isolation } : {}),
    ...(options.color === false ? { color: false } : {}),
  };
}

function pinnedNpm(): string {
  const behaviour = createRequire(createRequire(import.meta.url).resolve('@assay/behaviour'));
  return path.join(path.dirname(behaviour.resolve('npm/package.json')), 'bin', 'npm-cli.js');
}
