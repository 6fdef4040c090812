import { describe, expect, it } from 'vitest';
import { type Access, parseAddress, pinAddress } from './endpoint.ts';

const strict: Access = { protocols: ['https'], allowPrivateAddresses: false };
const resolving = (...addresses: string[]): Access => ({ ...strict, lookup: async () => addresses });

describe('an address that is not a plain https URL is refused before anybody is asked', () => {
  it.each([
    'http://forge.test/o/r',
    'git://forge.test/o/r',
    'ssh://forge.test/o/r',
    'file:///srv/repo',
    'ext::sh -c id',
    'git@forge.test:o/r',
    '--upload-pack=id',
    '/srv/repo',
    'https://user@forge.test/o/r',
    'https://user:secret@forge.test/o/r',
    'https://forge.test:8443/o/r',
    'https://forge.test/o/r?x=1',
    'https://forge.test/o/r#x',
    'https://forge.test/',
  ])('%s', (url) => {
    expect(() => parseAddress(url, strict)).toThrow(expect.objectContaining({ code: 'PROTOCOL_REFUSED' }));
  });
});

it('a host that is not among the allowed ones is refused', () => {
  const access = { ...strict, allowedHosts: ['forge.test'] };
  expect(parseAddress('https://forge.test/o/r/', access).url).toBe('https://forge.test/o/r');
  expect(() => parseAddress('https://forge.test.evil.test/o/r', access)).toThrow(
    expect.objectContaining({ code: 'ADDRESS_REFUSED' }),
  );
});

describe('a host with an address that is not public is refused', () => {
  it.each([
    ['https://forge.test/o/r', ['10.0.0.1']],
    ['https://forge.test/o/r', ['8.8.8.8', '169.254.169.254']],
    ['https://forge.test/o/r', ['2606:4700::1', '::1']],
    ['https://127.0.0.1/o/r', []],
    ['https://0x7f.1/o/r', []],
    ['https://2130706433/o/r', []],
    ['https://[::ffff:127.0.0.1]/o/r', []],
  ])('%s resolving to %j', async (url, addresses) => {
    const access = resolving(...addresses);
    await expect(pinAddress(parseAddress(url, access), access)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });
});

it('connections are held to the addresses that were checked', async () => {
  const access = resolving('8.8.8.8', '2606:4700::1');
  const pinned = await pinAddress(parseAddress('https://forge.test/o/r', access), access);
  expect(pinned).toMatchObject({ host: 'forge.test', port: 443, addresses: ['8.8.8.8', '2606:4700::1'] });
});

it('a name without addresses is unreachable, not refused', async () => {
  const access = resolving();
  await expect(pinAddress(parseAddress('https://forge.test/o/r', access), access)).rejects.toMatchObject({
    code: 'REPOSITORY_UNREACHABLE',
  });
});

it('the git protocol, which cannot be held to an address, is only for those who may reach everything', async () => {
  const access: Access = { ...resolving('8.8.8.8'), protocols: ['git'] };
  const address = parseAddress('git://forge.test/o/r', access);
  await expect(pinAddress(address, access)).rejects.toMatchObject({ code: 'PROTOCOL_REFUSED' });
  await expect(pinAddress(address, { ...access, allowPrivateAddresses: true })).resolves.toMatchObject({ port: 9418 });
});
