import type { Asked, Reply } from './answers.ts';
import { crypto } from './builtins.ts';
import { tarGzipOf } from './payloads.ts';

/** What gyp must know to read a package's build description: two configurations, and nothing about the runtime. */
const commonGypi = `{
  'variables': { 'configuring_node%': 0, 'visibility%': 'hidden', 'target_arch%': 'x64', 'host_arch%': 'x64' },
  'target_defaults': {
    'default_configuration': 'Release',
    'configurations': { 'Debug': { 'defines': [ 'DEBUG' ] }, 'Release': { 'defines': [ 'NDEBUG' ] } },
  },
}
`;

/** Matches `/download/release/v24.1.0/node-v24.1.0-headers.tar.gz`, `/dist/v22.0.0/SHASUMS256.txt`; not `/v1/headers.tar.gz`. */
const asked = /\/v(\d+\.\d+\.\d+)\/(?:node-v\1-headers\.tar\.gz|SHASUMS256\.txt)$/;

/**
 * The runtime's headers as node-gyp fetches and checks them: enough for the configure step, in which a `binding.gyp` runs
 * commands, and too little for anything to compile.
 */
export function nodeHeaders({ path, method }: Asked): Reply | undefined {
  const version = method === 'GET' ? asked.exec(path)?.[1] : undefined;
  if (version === undefined) return undefined;
  const folder = `node-v${version}/include/node`;
  const [major = '0', minor = '0', patch = '0'] = version.split('.');
  const defines = [`NODE_MAJOR_VERSION ${major}`, `NODE_MINOR_VERSION ${minor}`, `NODE_PATCH_VERSION ${patch}`];
  const bytes = tarGzipOf([
    { path: `${folder}/common.gypi`, content: Buffer.from(commonGypi), mode: 0o644 },
    { path: `${folder}/config.gypi`, content: Buffer.from("{ 'variables': {} }\n"), mode: 0o644 },
    {
      path: `${folder}/node_version.h`,
      content: Buffer.from(defines.map((one) => `#define ${one}\n`).join('')),
      mode: 0o644,
    },
  ]);
  if (path.endsWith('.tar.gz')) return { bytes, type: 'application/gzip' };
  const digest = crypto().createHash('sha256').update(bytes).digest('hex');
  return { text: `${digest}  node-v${version}-headers.tar.gz\n` };
}
