import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeIdentity } from '@assay/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadNpmConfig } from './config.ts';

let root: string;
let home: string;
let project: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'assay-config-')));
  [home, project] = [join(root, 'home'), join(root, 'project')];
  await mkdir(home);
  await mkdir(project);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const load = (options: { env?: Record<string, string>; registry?: string } = {}) =>
  loadNpmConfig({
    cwd: project,
    env: { HOME: home, ...options.env },
    ...(options.registry ? { registry: options.registry } : {}),
  });

it('the registry, scopes and credentials are those of the user, from home and project', async () => {
  await writeFile(
    join(home, '.npmrc'),
    'registry=https://registry.example/npm\n//packages.example/a/:_authToken=${TOKEN}\n@private:registry=https://wrong.example/\n',
  );
  await writeFile(join(project, '.npmrc'), '@private:registry=https://packages.example/a\n');
  await writeFile(join(project, 'package.json'), '{}');
  const config = await load({ env: { TOKEN: 'token-one' } });
  expect(config.registry).toBe('https://registry.example/npm/');
  expect(config.registryFor('left-pad')).toBe('https://registry.example/npm/');
  expect(config.registryFor('@other/left-pad')).toBe('https://registry.example/npm/');
  expect(config.registryFor('@private/left-pad')).toBe('https://packages.example/a/');
  expect(config.request['//packages.example/a/:_authToken']).toBe('token-one');
});

it('npm_config_registry in the environment beats the files, and the option beats both', async () => {
  await writeFile(join(home, '.npmrc'), 'registry=https://file.example/\n@s:registry=https://scoped.example/\n');
  const env = { npm_config_registry: 'https://environment.example/' };
  expect((await load({ env })).registry).toBe('https://environment.example/');
  const config = await load({ env, registry: 'https://option.example' });
  expect(config.registry).toBe('https://option.example/');
  expect(config.registryFor('@s/x')).toBe('https://scoped.example/');
});

it('the global npmrc beside the npm that the user starts is read, our pinned one in node_modules is not', async () => {
  const bin = join(root, 'usr/bin');
  const pinned = join(root, 'checkout/node_modules/.bin');
  for (const folder of [bin, pinned, join(root, 'usr/etc'), join(root, 'checkout/node_modules/etc')]) {
    await mkdir(folder, { recursive: true });
  }
  for (const folder of [bin, pinned]) await writeFile(join(folder, 'node'), '');
  await writeFile(join(root, 'usr/etc/npmrc'), 'registry=https://global.example/\n');
  await writeFile(join(root, 'checkout/node_modules/etc/npmrc'), 'registry=https://ours.example/\n');
  expect((await load({ env: { PATH: `${pinned}:${bin}` } })).registry).toBe('https://global.example/');
});

it('the built-in npmrc of the installed npm counts', async () => {
  const npm = join(root, 'share/npm');
  await mkdir(join(npm, 'bin'), { recursive: true });
  await mkdir(join(root, 'bin'));
  await writeFile(join(npm, 'bin/npm-cli.js'), '');
  await symlink(join(npm, 'bin/npm-cli.js'), join(root, 'bin/npm'));
  await writeFile(join(npm, 'npmrc'), 'registry=https://builtin.example/\n');
  expect((await load({ env: { PATH: join(root, 'bin') } })).registry).toBe('https://builtin.example/');
});

it('credentials of another host or path are not those of a registry', async () => {
  await writeFile(join(home, '.npmrc'), '//a.example/npm/:_authToken=one\n//b.example/:_authToken=two\n');
  const of = async (registry: string) => (await load({ registry })).credentialsFor('x');
  expect(await of('https://c.example/')).toBe('none');
  expect(await of('https://a.example/')).toBe('none');
  expect(await of('https://a.example/npmx/')).toBe('none');
  expect(await of('https://a.example/npm/')).not.toBe('none');
  expect(await of('https://b.example/any/path/')).not.toBe('none');
  expect(await of('https://a.example/npm/')).not.toBe(await of('https://b.example/any/path/'));
});

it('a private authority is taken from cafile', async () => {
  const { cert } = makeIdentity();
  await writeFile(join(home, 'ca.pem'), cert);
  await writeFile(join(home, '.npmrc'), `cafile=${join(home, 'ca.pem')}\n`);
  expect((await load()).request.ca).toEqual([cert.trimEnd()]);
});

it('loading changes neither the environment that was given nor that of this process', async () => {
  const before = { ...process.env };
  const env = { HOME: home };
  await loadNpmConfig({ cwd: project, env });
  expect(env).toEqual({ HOME: home });
  expect({ ...process.env }).toEqual(before);
});

it('a registry that is not an http address is refused as bad usage', async () => {
  for (const registry of ['file:///etc', 'registry.example', 'ftp://registry.example/']) {
    await expect(load({ registry })).rejects.toMatchObject({ code: 'USAGE' });
  }
});
