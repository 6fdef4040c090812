import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packPackage, type Registry, startRegistry } from '@assay/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openScratch, type Scratch } from '../npm/scratch.ts';
import { type Mirror, type MirrorRequest, startMirror } from './mirror.ts';
import { registryManifest } from './overlay.ts';

// The installer that the mirror is for is the judge of what it says.
const require = createRequire(import.meta.url);
const npmCli = join(require.resolve('npm/package.json'), '../bin/npm-cli.js');
const hook = { postinstall: "node -e \"require('fs').writeFileSync('ran','')\"" };

let registry: Registry;
let scratch: Scratch;
let mirror: Mirror;
let door: Server;
let seen: MirrorRequest[];

beforeEach(async () => {
  registry = await startRegistry({
    packages: {
      '@scope/leaf': { versions: { '1.0.0': { files: { 'index.js': '' }, manifest: { scripts: hook } } } },
      branch: { versions: { '1.0.0': { manifest: { dependencies: { '@scope/leaf': '^1.0.0' } } } } },
    },
  });
  // npm speaks TCP only; in a sandbox the sinkhole stands here.
  const socketPath = () => mirror.socketPath;
  door = createServer((client) => {
    const inside = connect(socketPath());
    client.pipe(inside).pipe(client);
    for (const socket of [client, inside]) socket.on('error', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  const baseUrl = `http://127.0.0.1:${(door.address() as AddressInfo).port}/`;
  scratch = await openScratch({ registry: registry.url, baseUrl });
  seen = [];
  mirror = await startMirror({
    source: scratch.source,
    socketPath: join(scratch.folder, 'mirror.sock'),
    onRequest: (request) => void seen.push(request),
    maxRegistryRequests: 100,
  });
});
afterEach(async () => {
  door.close();
  await mirror.close();
  await scratch.close();
  await registry.close();
});

async function install(spec: string): Promise<string> {
  const folder = join(scratch.folder, 'project');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{}');
  await writeFile(
    join(folder, '.npmrc'),
    `registry=${mirror.baseUrl}\nfetch-retries=0\nupdate-notifier=false\naudit=false\nfund=false\n`,
  );
  const env = { HOME: scratch.folder, PATH: process.env.PATH, npm_config_cache: join(scratch.folder, 'npm-cache') };
  await promisify(execFile)(process.execPath, [npmCli, 'install', spec], { cwd: folder, env });
  return join(folder, 'node_modules');
}

it('npm installs a tree through the mirror and runs its hooks', async () => {
  const modules = await install('branch@1.0.0');
  expect(await readFile(join(modules, '@scope/leaf/ran'), 'utf8')).toBe('');
  expect(seen.map(({ kind, packageName, status }) => `${kind} ${packageName} ${status}`).sort()).toEqual([
    'packument @scope/leaf 200',
    'packument branch 200',
    'tarball @scope/leaf 200',
    'tarball branch 200',
  ]);
});

it('npm installs an added archive by name and version, with its dependencies, and runs its hook', async () => {
  const packageJson = { name: 'branch', version: '2.0.0', scripts: hook, dependencies: { '@scope/leaf': '1.0.0' } };
  const manifest = registryManifest(packageJson, ['package.json']);
  mirror.addArchive({ name: 'branch', version: '2.0.0', manifest, bytes: packPackage(packageJson) });
  const modules = await install('branch@2.0.0');
  expect(JSON.parse(await readFile(join(modules, 'branch/package.json'), 'utf8'))).toMatchObject({ version: '2.0.0' });
  expect(await readFile(join(modules, 'branch/ran'), 'utf8')).toBe('');
  expect(await readFile(join(modules, '@scope/leaf/ran'), 'utf8')).toBe('');
});

it('npm refuses an archive whose bytes are not the announced ones', async () => {
  registry.fail('/branch/-/branch-1.0.0.tgz', {
    kind: 'bytes',
    bytes: packPackage({ name: 'branch', version: '6.6.6' }),
  });
  await expect(install('branch@1.0.0')).rejects.toThrow(/502/);
  const answer = { kind: 'tarball', packageName: 'branch', status: 502, errorCode: 'DIGEST_MISMATCH' };
  expect(seen).toContainEqual(expect.objectContaining(answer));
});
