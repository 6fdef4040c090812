import { expect, test } from 'vitest';
import { driverHost } from '../driver.ts';
import { findingsOf } from '../findings.ts';
import { isPlanted } from './network.ts';
import { evidenceWith, recordingOf, type Told } from './recording.ts';
import { sameFamily } from './tampering.ts';

const claimed = (told: readonly Told[], subject = {}) =>
  findingsOf(evidenceWith(recordingOf(told), subject)).map(({ id }) => id);

test('a Host header of a declared host does not make an address declared', () => {
  const request = { type: 'net.http', phase: 'import', host: 'api.example.test', ip: '203.0.113.9', port: 80 } as const;
  expect(claimed([request])).toContain('net.import-egress');
  const asked = { type: 'net.dns', phase: 'import', host: 'api.example.test', ip: '203.0.113.9' } as const;
  expect(claimed([asked, request])).not.toContain('net.import-egress');
});

test("a caller's key may go to the declared host and nowhere else", () => {
  const sent = (host: string): Told[] => [
    { type: 'net.dns', phase: 'execute', host, ip: '203.0.113.9' },
    { type: 'net.http', phase: 'execute', host, ip: '203.0.113.9', port: 443 },
    { type: 'canary.egress', phase: 'execute', host, ip: '203.0.113.9', canary: 'c2', request: 'e2' },
  ];
  expect(claimed(sent('api.example.test'))).not.toContain('exfil.argument-egress');
  expect(claimed(sent(driverHost))).not.toContain('exfil.argument-egress');
  expect(claimed(sent('elsewhere.invalid'))).toContain('exfil.argument-egress');
});

test('a token of the host is no argument: sent to the declared host, it still left', () => {
  const left = { type: 'canary.egress', host: 'api.example.test', ip: '203.0.113.9', canary: 'c1' } as const;
  expect(claimed([left])).toContain('exfil.canary-egress');
});

test('the package manager presenting its token to its registry is not egress, a tool of the package elsewhere is', () => {
  const login = { type: 'canary.egress', process: 'p0', host: 'registry.test', canary: 'c1' } as const;
  expect(claimed([{ ...login, egress: 'mirror' }])).toEqual([]);
  expect(claimed([{ ...login, egress: 'sinkhole', process: 'p2' }])).toContain('exfil.canary-egress');
});

test('publishing through a tool that package code started is publishing', () => {
  const put = { type: 'net.http', process: 'p2', method: 'PUT', url_path: '/marker', egress: 'mirror' } as const;
  expect(claimed([put])).toContain('spread.publish-attempt');
  expect(claimed([{ ...put, process: 'p0' }])).not.toContain('spread.publish-attempt');
});

test('files that package code made itself are its own to delete', () => {
  const files = Array.from({ length: 12 }, (_, at) => `~/notes/${at}.txt`);
  const deleted = files.map((path) => ({ type: 'file.delete', path }) as const);
  expect(claimed(deleted)).toContain('destroy.mass-delete');
  expect(claimed(deleted.map((event) => ({ ...event, own: true as const })))).not.toContain('destroy.mass-delete');
});

test('what Node looks at by itself is no search for a sandbox; asked for by package code, it is', () => {
  const looks: Told[] = ['/proc/self/maps', '/proc/self/cgroup'].map((path) => ({ type: 'file.read', path }));
  expect(claimed(looks)).not.toContain('evade.sandbox-probe');
  const asked: Told[] = looks.map(({ path = '' }) => ({ type: 'runtime.hook', api: 'fs.readFileSync', detail: path }));
  expect(claimed([...looks, ...asked])).toContain('evade.sandbox-probe');
});

test('a name that begins with another one makes no family', () => {
  expect(sameFamily('esbuild', '@esbuild/linux-x64')).toBe(true);
  expect(sameFamily('sharp', '@img/sharp-linux-x64')).toBe(true);
  expect(sameFamily('@a/one', '@a/two')).toBe(true);
  expect(sameFamily('react-extra', 'react')).toBe(false);
  expect(sameFamily('react', 'react-dom')).toBe(false);
});

test('writing into a package of another owner is tampering, into its own is not', () => {
  const write = (path: string) => claimed([{ type: 'file.write', path, mode: 'modify' }]);
  expect(write('{dep:other}/index.js')).toContain('tamper.other-package');
  expect(write('{pkg}/dist/index.js')).toEqual([]);
});

test('a hook that empties itself erased its traces; what only a command line mentions is no hook', () => {
  expect(claimed([{ type: 'file.write', path: '{pkg}/setup.js', mode: 'create' }])).toContain('tamper.self-erase');
  expect(claimed([{ type: 'file.write', path: '{pkg}/build/config.h', mode: 'create' }])).toEqual([]);
});

test('a link counts where it is put, not where it leads', () => {
  const link = { type: 'file.link', path: '~/.config/autostart/x.desktop', to: '{pkg}/x.desktop' } as const;
  expect(claimed([link])).toContain('persist.autostart');
  expect(claimed([{ ...link, path: '{tmp}/x', to: '~/.bashrc' }])).not.toContain('persist.autostart');
});

test('only what the sinkhole plants is planted', () => {
  expect(isPlanted('dd-0a1b2c3d4e.invalid')).toBe(true);
  expect(isPlanted('add-1.invalid')).toBe(false);
  expect(isPlanted('dd-0a1b2c3d4e.invalid.example')).toBe(false);
});
