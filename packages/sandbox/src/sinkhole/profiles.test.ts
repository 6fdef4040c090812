import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Asked, World } from './answers.ts';
import { answerTo } from './profiles.ts';

const world: World = {
  marker: 'inert',
  planted: ['https://drop-51aa.invalid/x'],
  identity: {
    user: 'marta-1',
    fullName: 'Marta L',
    email: 'marta@x.example',
    organisation: 'northwind',
    packages: ['northwind-ui', '@northwind/core'],
  },
  geo: { ip: '203.0.113.9', country: 'RU', region: 'M', city: 'M', timeZone: 'Europe/Moscow', languages: 'ru' },
  metadata: ['secret-secret-secret', 'ASIAAAAABBBBCCCCDDDD', 'token-token-token-token'],
  responses: [
    { host: 'files.test', path: '/v1/*', status: 203, headers: { 'content-type': 'image/png' }, bodyBase64: 'aGk=' },
  ],
};

function ask(method: string, url: string, extra: Partial<Asked> = {}) {
  const { hostname, pathname, searchParams, origin } = new URL(url);
  const asked = { method, host: hostname, origin, ip: '198.18.0.1', path: pathname, query: searchParams, headers: {} };
  const answer = answerTo({ ...asked, body: Buffer.alloc(0), registry: false, ...extra }, world);
  return { ...answer, text: answer.body.toString('latin1') };
}
const rpc = (method: string) => ({ body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 7, method, params: [] })) });

test('an unknown service answers with success', () => {
  expect(ask('POST', 'http://collect.invalid/u')).toMatchObject({ profile: 'generic-200', status: 200 });
});

test('a scripted answer wins over everything', () => {
  expect(ask('GET', 'http://files.test/v1/tool.sh')).toMatchObject({ profile: 'scripted', status: 203, text: 'hi' });
  expect(ask('GET', 'http://other.test/v1/tool.sh').profile).toBe('download');
});

describe('registries', () => {
  const registry = { registry: true };

  test('a publication is refused', () => {
    expect(ask('PUT', 'https://r.test/northwind-ui', registry)).toMatchObject({
      profile: 'publish-refused',
      status: 403,
    });
    const form = { body: Buffer.from('--x\r\nContent-Disposition: form-data; name=":action"\r\n\r\nfile_upload\r\n') };
    expect(ask('POST', 'https://upload.test/simple/', form)).toMatchObject({ profile: 'publish-refused', status: 403 });
    const manifest = { body: Buffer.from('{"_id":"x","_attachments":{}}') };
    expect(ask('PUT', 'https://elsewhere.test/x', manifest).status).toBe(403);
  });

  test('a stolen token belongs to an account with packages', () => {
    expect(JSON.parse(ask('GET', 'https://r.test/-/whoami', registry).text)).toEqual({ username: 'marta-1' });
    const found = JSON.parse(ask('GET', 'https://r.test/-/v1/search?text=maintainer:marta-1', registry).text);
    expect(found.objects.map(({ package: { name } }: { package: { name: string } }) => name)).toEqual(
      world.identity.packages,
    );
    const manifest = JSON.parse(ask('GET', 'https://r.test/@northwind%2fcore', registry).text);
    expect(manifest.versions['1.4.2'].dist.tarball).toBe('https://r.test/@northwind/core/-/@northwind/core-1.4.2.tgz');
    expect(ask('GET', manifest.versions['1.4.2'].dist.tarball, registry).body.subarray(0, 2)).toEqual(
      Buffer.from([0x1f, 0x8b]),
    );
  });

  test('a search for something else finds nothing', () => {
    expect(JSON.parse(ask('GET', 'https://r.test/-/v1/search?text=react', registry).text).objects).toEqual([]);
  });
});

describe('code forges', () => {
  test('repositories, contents and gists can be created', () => {
    for (const [method, path] of [
      ['POST', '/user/repos'],
      ['PUT', '/repos/marta-1/storefront/contents/.github/workflows/x.yml'],
      ['POST', '/gists'],
    ] as const) {
      expect(ask(method, `https://api.forge.test${path}`)).toMatchObject({ profile: 'code-forge', status: 201 });
    }
  });

  test('a token has the scopes that a worm asks for', () => {
    const { headers, text } = ask('GET', 'https://api.forge.test/user');
    expect(headers['x-oauth-scopes']).toContain('workflow');
    expect(JSON.parse(text).login).toBe('marta-1');
  });

  test('a path like one on an ordinary host is not a forge', () => {
    expect(ask('POST', 'https://shop.test/user/repos').profile).toBe('generic-200');
  });
});

describe('cloud metadata', () => {
  const metadata = { ip: '169.254.169.254' };
  const credentials = (url: string, extra = {}) => ask('GET', url, { ...metadata, ...extra }).text;

  test('AWS: session token, role, credentials', () => {
    expect(ask('PUT', 'http://169.254.169.254/latest/api/token', metadata).status).toBe(200);
    const role = credentials('http://169.254.169.254/latest/meta-data/iam/security-credentials/');
    const answer = JSON.parse(credentials(`http://169.254.169.254/latest/meta-data/iam/security-credentials/${role}`));
    expect(answer).toMatchObject({
      AccessKeyId: world.metadata[1],
      SecretAccessKey: world.metadata[0],
      Token: world.metadata[2],
    });
  });

  test('Google and Azure hand out tokens', () => {
    const google = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token';
    expect(credentials(google)).toContain(world.metadata[2]);
    expect(credentials('http://169.254.169.254/metadata/identity/oauth2/token')).toContain(world.metadata[2]);
  });

  test('the same path elsewhere hands out nothing', () => {
    expect(ask('GET', 'http://x.invalid/latest/meta-data/').profile).not.toBe('cloud-metadata');
  });
});

describe('dead drops', () => {
  const planted = world.planted[0]!;

  test('a contract call returns the planted address as an ABI string', () => {
    const hex = JSON.parse(ask('POST', 'https://rpc.invalid/', rpc('eth_call')).text).result.slice(2);
    const length = Number.parseInt(hex.slice(64, 128), 16);
    expect(Buffer.from(hex.slice(128), 'hex').toString('latin1', 0, length)).toBe(planted);
  });

  test('a memo names the planted address', () => {
    const { result, id } = JSON.parse(ask('POST', 'https://rpc.invalid/', rpc('getSignaturesForAddress')).text);
    expect([id, result[0].memo]).toEqual([7, `[${planted.length}] ${planted}`]);
  });

  test('a paste is the planted address, a calendar page carries it in base64', () => {
    expect(ask('GET', 'https://paste.invalid/raw/abc').text).toBe(planted);
    expect(ask('GET', 'https://calendar.invalid/event').text).toContain(Buffer.from(planted).toString('base64'));
  });
});

describe('downloads', () => {
  test.each([
    ['/install.sh', /^#!\/bin\/sh\necho 'inert'\n$/],
    ['/payload.js', /^console\.log\('inert'\);\n$/],
    ['/x.py', /^print\('inert'\)\n$/],
    ['/x.ps1', /^Write-Output 'inert'/],
    ['/tool-linux-x64', /^.ELF/],
    ['/addon.node', /^.ELF/],
    ['/setup.exe', /^MZ/],
    ['/tool.zip', /^PK/],
  ])('%s is inert and of the kind its name says', (path, content) => {
    expect(ask('GET', `https://dl.invalid${path}`).text).toMatch(content);
  });

  test('a shell that pipes from curl gets a script', () => {
    expect(ask('GET', 'https://x.invalid/install', { headers: { 'user-agent': 'curl/8' } }).text).toMatch(
      /^#!\/bin\/sh/,
    );
    expect(ask('GET', 'https://x.invalid/install').profile).toBe('generic-200');
  });
});

test('chat webhooks and address lookups answer in their form', () => {
  expect(ask('POST', 'https://chat.invalid/api/webhooks/1/abc').status).toBe(204);
  expect(JSON.parse(ask('POST', 'https://t.invalid/bot12345:AAE-x/sendMessage').text).ok).toBe(true);
  expect(ask('GET', 'https://icanhazip.test/').text).toBe('203.0.113.9\n');
  expect(JSON.parse(ask('GET', 'https://ip-api.test/json').text)).toMatchObject({
    countryCode: 'RU',
    query: '203.0.113.9',
  });
  expect(ask('GET', 'https://shipping.test/').profile).toBe('generic-200');
});

test("the runtime's headers come with the digest that their checker asks for", () => {
  const at = 'https://releases.test/download/release/v24.1.0';
  const headers = ask('GET', `${at}/node-v24.1.0-headers.tar.gz`);
  const digest = createHash('sha256').update(headers.body).digest('hex');
  expect(headers.profile).toBe('node-headers');
  expect(ask('GET', `${at}/SHASUMS256.txt`).text).toBe(`${digest}  node-v24.1.0-headers.tar.gz\n`);
  expect(ask('GET', 'https://releases.test/v1/headers.tar.gz').profile).toBe('download');
});
