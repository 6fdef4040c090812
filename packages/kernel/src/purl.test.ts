import { describe, expect, it } from 'vitest';
import { PurlError, type PurlErrorCode, type PurlOptions, parsePurl, purlErrors, withVersion } from './purl.ts';

const edge: PurlOptions = { npmNameCase: 'lower' };

function codeOf(input: unknown, options: PurlOptions = edge): PurlErrorCode | 'accepted' {
  try {
    parsePurl(input, options);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof PurlError)) throw error;
    return error.code;
  }
}

const canonical = (input: string, options: PurlOptions = edge) => parsePurl(input, options).canonical;

describe('canonical form', () => {
  it.each([
    ['P01', 'pkg:npm/axios@1.14.1', 'pkg:npm/axios@1.14.1'],
    ['P01', 'pkg:pypi/requests@2.25.1', 'pkg:pypi/requests@2.25.1'],
    ['P02', 'pkg:npm/@scope/name@1.0.0', 'pkg:npm/%40scope/name@1.0.0'],
    ['P02', 'pkg:npm/%40scope/name@1.0.0', 'pkg:npm/%40scope/name@1.0.0'],
    ['P02', 'pkg:npm/%40scope%2Fname@1.0.0', 'pkg:npm/%40scope/name@1.0.0'],
    ['P02', 'pkg:npm/%40scope%2fname', 'pkg:npm/%40scope/name'],
    ['P02', 'pkg:npm/@scope/name', 'pkg:npm/%40scope/name'],
    ['P03', 'pkg://npm/x@1.0.0', 'pkg:npm/x@1.0.0'],
    ['P03', 'pkg:/npm/x@1.0.0', 'pkg:npm/x@1.0.0'],
    ['P03', 'pkg:NPM/x@1.0.0', 'pkg:npm/x@1.0.0'],
    ['P03', 'pkg:VSCode-Extension/Pub/Name', 'pkg:vscode-extension/pub/name'],
    ['P04', 'pkg:npm/Foo@1.0.0', 'pkg:npm/foo@1.0.0'],
    ['P04', 'pkg:npm/JSONStream@1.3.5', 'pkg:npm/JSONStream@1.3.5'],
    ['P04', 'pkg:npm/@Scope/JSONStream', 'pkg:npm/%40scope/jsonstream'],
    ['P05', 'pkg:pypi/A_b.C@1.0', 'pkg:pypi/a-b-c@1.0'],
    ['P05', 'pkg:pypi/a-_.-b', 'pkg:pypi/a-b'],
    ['P06', 'pkg:vscode-extension/Publisher/Name@1.2.3', 'pkg:vscode-extension/publisher/name@1.2.3'],
    ['P07', 'pkg:npm/x@1.0.0+build.7', 'pkg:npm/x@1.0.0%2Bbuild.7'],
    ['P07', 'pkg:npm/x@1.0.0%2Bbuild.7', 'pkg:npm/x@1.0.0%2Bbuild.7'],
    ['P07', 'pkg:npm/x@1.0.0-rc.1', 'pkg:npm/x@1.0.0-rc.1'],
    ['P08', 'pkg:pypi/x@1.0.0-RC1', 'pkg:pypi/x@1.0.0rc1'],
    ['P08', 'pkg:pypi/x@v1.0', 'pkg:pypi/x@1.0'],
    ['P08', 'pkg:pypi/x@1.0.0', 'pkg:pypi/x@1.0.0'],
    ['P08', 'pkg:pypi/x@2!1.0.post1.dev0+Ubuntu-1', 'pkg:pypi/x@2!1.0.post1.dev0%2Bubuntu.1'],
    ['P09', 'pkg:vscode-extension/p/n@1.2', 'pkg:vscode-extension/p/n@1.2'],
    ['P09', 'pkg:vscode-extension/p/n@1.2.3.4-pre', 'pkg:vscode-extension/p/n@1.2.3.4-pre'],
    ['P10', 'pkg:npm/x@latest', 'pkg:npm/x'],
    ['P10', 'pkg:pypi/x@latest', 'pkg:pypi/x'],
    ['P11', 'pkg:pypi/x@1.0?file_name=x-1.0.tar.gz', 'pkg:pypi/x@1.0?file_name=x-1.0.tar.gz'],
    ['P11', 'pkg:vscode-extension/p/n?Platform=linux-x64', 'pkg:vscode-extension/p/n?platform=linux-x64'],
  ])('%s: %s is written %s', (_row, input, expected) => {
    expect(canonical(input)).toBe(expected);
  });

  it('writes qualifiers sorted, with a checksum in lower case', () => {
    const hex = 'AB'.repeat(32);
    const parsed = parsePurl(`pkg:pypi/x@1.0?file_name=x-1.0.zip&checksum=sha256:${hex}`, edge);
    expect(parsed.qualifiers).toEqual({ checksum: `sha256:${hex.toLowerCase()}`, file_name: 'x-1.0.zip' });
    expect(parsed.canonical.indexOf('checksum')).toBeLessThan(parsed.canonical.indexOf('file_name'));
    expect(parsePurl(parsed.canonical, edge)).toEqual(parsed);
  });
});

describe('result', () => {
  it('names a scoped npm package as npm writes it', () => {
    expect(parsePurl('pkg:npm/%40Scope%2FName@1.0.0', edge)).toEqual({
      ecosystem: 'npm',
      namespace: '@scope',
      name: 'name',
      packageName: '@scope/name',
      version: '1.0.0',
      qualifiers: {},
      canonical: 'pkg:npm/%40scope/name@1.0.0',
    });
  });

  it('away from the HTTP edge the registry name keeps its letter case', () => {
    const parsed = parsePurl('pkg:npm/@Scope/Foo@1.0.0', { npmNameCase: 'keep' });
    expect(parsed).toMatchObject({ packageName: '@Scope/Foo', canonical: 'pkg:npm/%40Scope/Foo@1.0.0' });
  });

  it('a purl without version and one that says latest are the same target', () => {
    expect(parsePurl('pkg:npm/x@latest', edge)).toEqual(parsePurl('pkg:npm/x', edge));
    expect(parsePurl('pkg:npm/x', edge)).not.toHaveProperty('version');
  });
});

describe('withVersion', () => {
  it('gives what the purl would have been with that version, qualifiers kept', () => {
    const hex = 'a'.repeat(64);
    for (const version of ['1.2.3', '1.2.3-rc.1+build']) {
      const open = parsePurl(`pkg:npm/@scope/name?checksum=sha256:${hex}`, edge);
      const pinned = parsePurl(`pkg:npm/@scope/name@${version}?checksum=sha256:${hex}`, edge);
      expect(withVersion(open, version)).toEqual(pinned);
      expect(withVersion(pinned, '9.9.9').canonical).toBe(`pkg:npm/%40scope/name@9.9.9?checksum=sha256%3A${hex}`);
    }
  });
});

describe('refusals', () => {
  it.each<[PurlErrorCode, unknown]>([
    ['PURL_MISSING', undefined],
    ['PURL_MISSING', null],
    ['PURL_MISSING', ''],
    ['PURL_MISSING', ' \t\n'],
    ['PURL_SYNTAX', 7],
    ['PURL_SYNTAX', ['pkg:npm/x']],
    ['PURL_SYNTAX', { purl: 'pkg:npm/x' }],
    ['PURL_SYNTAX', `pkg:npm/${'x'.repeat(505)}`],
    ['PURL_SYNTAX', 'PKG:npm/x'],
    ['PURL_SYNTAX', 'npm/x'],
    ['PURL_SYNTAX', 'pkg:'],
    ['PURL_SYNTAX', 'pkg:npm'],
    ['PURL_SYNTAX', 'pkg:npm/'],
    ['PURL_SYNTAX', 'pkg:npm/@1.0.0'],
    ['PURL_SYNTAX', 'pkg:npm/@'],
    ['PURL_SYNTAX', 'pkg:npm/x@'],
    ['PURL_SYNTAX', 'pkg:npm/@scope'],
    ['PURL_SYNTAX', 'pkg:npm/%40scope@1.0.0'],
    ['PURL_SYNTAX', 'pkg:npm/@scope/'],
    ['PURL_SYNTAX', 'pkg:npm/@scope/@1.0.0'],
    ['PURL_SYNTAX', 'pkg:np m/x'],
    ['PURL_SYNTAX', ' pkg:npm/x'],
    ['PURL_SYNTAX', 'pkg:npm/x '],
    ['PURL_SYNTAX', 'pkg:npm/x y'],
    ['PURL_SYNTAX', 'pkg:npm/x\u00a0y'],
    ['PURL_SYNTAX', 'pkg:npm/x\u0000'],
    ['PURL_SYNTAX', 'pkg:npm/x%00'],
    ['PURL_SYNTAX', 'pkg:npm/x@1.0.0%0a'],
    ['PURL_SYNTAX', 'pkg:npm/x\u007f'],
    ['PURL_SYNTAX', 'pkg:npm/\ud800'],
    ['PURL_SYNTAX', 'pkg:npm/%zz'],
    ['PURL_SYNTAX', 'pkg:npm/%4'],
    ['PURL_SYNTAX', 'pkg:npm/%ff'],
    ['PURL_SYNTAX', 'pkg:npm/x?checksum=%'],
    ['PURL_SYNTAX', 'pkg:1npm/x'],
    ['PURL_SYNTAX', 'pkg:vscode-extension/name@1.0.0'],
    ['PURL_TYPE_UNSUPPORTED', 'pkg:maven/a/b@1.0'],
    ['PURL_TYPE_UNSUPPORTED', 'pkg:constructor/x'],
    ['PURL_NAME', 'pkg:npm/.x'],
    ['PURL_NAME', 'pkg:npm/_x'],
    ['PURL_NAME', 'pkg:npm/@scope/_x'],
    ['PURL_NAME', 'pkg:npm/..'],
    ['PURL_NAME', 'pkg:npm/../x'],
    ['PURL_NAME', 'pkg:npm/@../x'],
    ['PURL_NAME', 'pkg:npm/%2e%2e%2fx'],
    ['PURL_NAME', 'pkg:npm/a%2Fb'],
    ['PURL_NAME', 'pkg:npm/@a%2Fb/c'],
    ['PURL_NAME', 'pkg:npm/@a/b/c'],
    ['PURL_NAME', 'pkg:npm/scope/name'],
    ['PURL_NAME', 'pkg:npm/@/x'],
    ['PURL_NAME', 'pkg:npm/x%401.0.0'],
    ['PURL_NAME', 'pkg:npm/x@1.0.0@2.0.0'],
    ['PURL_NAME', 'pkg:npm/x%2540y'],
    ['PURL_NAME', 'pkg:npm/x%20y'],
    ['PURL_NAME', 'pkg:npm/a\\b'],
    ['PURL_NAME', 'pkg:npm/a;id'],
    ['PURL_NAME', 'pkg:npm/$(id)'],
    ['PURL_NAME', 'pkg:npm/a|b'],
    ['PURL_NAME', 'pkg:npm/a%60b'],
    ['PURL_NAME', "pkg:npm/a'b"],
    ['PURL_NAME', 'pkg:npm/a*'],
    ['PURL_NAME', 'pkg:npm/caf\u00e9'],
    ['PURL_NAME', 'pkg:npm/x\u202ey'],
    ['PURL_NAME', 'pkg:npm/node_modules'],
    ['PURL_NAME', `pkg:npm/${'x'.repeat(215)}`],
    ['PURL_NAME', `pkg:npm/@${'s'.repeat(107)}/${'x'.repeat(107)}`],
    ['PURL_NAME', 'pkg:pypi/ns/x'],
    ['PURL_NAME', 'pkg:pypi/-x'],
    ['PURL_NAME', 'pkg:pypi/x-'],
    ['PURL_NAME', 'pkg:pypi/x[extra]'],
    ['PURL_NAME', 'pkg:vscode-extension/a/b/c'],
    ['PURL_NAME', 'pkg:vscode-extension/a/b.c'],
    ['PURL_VERSION', 'pkg:npm/x@^1.0.0'],
    ['PURL_VERSION', 'pkg:npm/x@1.x'],
    ['PURL_VERSION', 'pkg:npm/x@1.0'],
    ['PURL_VERSION', 'pkg:npm/x@v1.0.0'],
    ['PURL_VERSION', 'pkg:npm/x@=1.0.0'],
    ['PURL_VERSION', 'pkg:npm/x@01.0.0'],
    ['PURL_VERSION', 'pkg:npm/x@1.0.0-01'],
    ['PURL_VERSION', 'pkg:npm/x@9007199254740992.0.0'],
    ['PURL_VERSION', 'pkg:npm/x@next'],
    ['PURL_VERSION', 'pkg:npm/x@LATEST'],
    ['PURL_VERSION', 'pkg:npm/x@1.0.0/y'],
    ['PURL_VERSION', 'pkg:npm/x@1.0.0%20'],
    ['PURL_VERSION', 'pkg:npm/x@*'],
    ['PURL_VERSION', `pkg:npm/x@1.0.0-${'a'.repeat(251)}`],
    ['PURL_VERSION', 'pkg:pypi/x@>=1.0'],
    ['PURL_VERSION', 'pkg:pypi/x@1.0.*'],
    ['PURL_VERSION', 'pkg:pypi/x@1.0+a..b'],
    ['PURL_VERSION', 'pkg:vscode-extension/p/n@1'],
    ['PURL_VERSION', 'pkg:vscode-extension/p/n@1.2.3.4.5'],
    ['PURL_VERSION', 'pkg:vscode-extension/p/n@^1.2.3'],
    ['PURL_QUALIFIER', 'pkg:npm/x?arch=x64'],
    ['PURL_QUALIFIER', 'pkg:npm/x?__proto__=x'],
    ['PURL_QUALIFIER', 'pkg:npm/x?constructor=x'],
    ['PURL_QUALIFIER', 'pkg:npm/x?'],
    ['PURL_QUALIFIER', 'pkg:npm/x?checksum'],
    ['PURL_QUALIFIER', 'pkg:npm/x?checksum='],
    ['PURL_QUALIFIER', 'pkg:npm/x?checksum=sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['PURL_QUALIFIER', `pkg:npm/x?checksum=sha256:${'a'.repeat(64)}&Checksum=sha256:${'a'.repeat(64)}`],
    ['PURL_QUALIFIER', 'pkg:npm/x?file_name=x.tgz'],
    ['PURL_QUALIFIER', 'pkg:npm/x?platform=linux-x64'],
    ['PURL_QUALIFIER', 'pkg:pypi/x?file_name=..%2Fx.whl'],
    ['PURL_QUALIFIER', 'pkg:pypi/x?file_name=a..whl'],
    ['PURL_QUALIFIER', 'pkg:vscode-extension/p/n?platform=Linux%20x64'],
    ['PURL_REPOSITORY_URL', 'pkg:npm/x?repository_url=https://evil.example'],
    ['PURL_SUBPATH', 'pkg:npm/x#lib'],
    ['PURL_SUBPATH', 'pkg:npm/x@1.0.0#'],
  ])('%s: %s', (code, input) => {
    expect(codeOf(input)).toBe(code);
  });

  it('the first wrong component in the order of the catalogue is the one reported', () => {
    const everything = ['pkg:maven/', '..', '@^1', '?a=b&repository_url=x', '#s'];
    const inOrder: [string, PurlErrorCode][] = [
      [everything.join(''), 'PURL_TYPE_UNSUPPORTED'],
      ['pkg:npm/..@^1?a=b&repository_url=x#s', 'PURL_NAME'],
      ['pkg:npm/x@^1?a=b&repository_url=x#s', 'PURL_VERSION'],
      ['pkg:npm/x@1.0.0?repository_url=x&a=b#s', 'PURL_QUALIFIER'],
      ['pkg:npm/x@1.0.0?repository_url=x#s', 'PURL_REPOSITORY_URL'],
      ['pkg:npm/x@1.0.0#s', 'PURL_SUBPATH'],
    ];
    for (const [input, code] of inOrder) expect(codeOf(input), input).toBe(code);
    expect(codeOf('pkg:maven/..@^1?a=%')).toBe('PURL_SYNTAX');
  });

  it('every code has a title, and the fixed sentences are those of the catalogue', () => {
    expect(Object.values(purlErrors).map(({ row }) => row)).toEqual(['E16', 'E17', 'E18', ...Array(5).fill('E19')]);
    const error = new PurlError('PURL_VERSION', 'x');
    expect(error.title).toBe('Invalid version');
    expect(() => parsePurl('pkg:gem/x', edge)).toThrow(
      "Package type 'gem' is not supported; use npm, pypi or vscode-extension",
    );
  });

  it('a message shows hostile text only escaped', () => {
    expect(() => parsePurl('pkg:npm/a\u202egpj.exe', edge)).toThrow('"a\\u{202e}gpj.exe"');
  });
});

describe('repository_url', () => {
  const options: PurlOptions = {
    npmNameCase: 'lower',
    repositories: {
      npm: { default: 'https://registry.example/', extra: ['https://packages.example/npm/'] },
    },
  };
  const withUrl = (url: string) => `pkg:npm/x@1.0.0?repository_url=${url}`;

  it('that names the configured default is dropped, whatever its trailing slash or letter case', () => {
    for (const url of [
      'https://registry.example',
      'https://registry.example/',
      'https%3A%2F%2FREGISTRY.example:443%2F',
    ]) {
      expect(parsePurl(withUrl(url), options)).toEqual(parsePurl('pkg:npm/x@1.0.0', options));
    }
  });

  it('that names a configured extra registry is kept, in one spelling', () => {
    const kept = parsePurl(withUrl('https://packages.example/npm/'), options);
    expect(kept.qualifiers).toEqual({ repository_url: 'https://packages.example/npm' });
    expect(parsePurl(withUrl('https://packages.example/npm'), options).canonical).toBe(kept.canonical);
    expect(parsePurl(kept.canonical, options)).toEqual(kept);
  });

  it('that names anything else is refused, even when it only resembles a configured one', () => {
    for (const url of [
      'http://registry.example/',
      'https://user@registry.example/',
      'https://@registry.example/',
      'https://registry.example.evil.example/',
      'https://registry.example/other',
      'https://packages.example/',
      'https://registry.example:8443/',
      'https://registry.example/?a',
      'registry.example',
      'file:///etc/passwd',
    ]) {
      expect(codeOf(withUrl(url), options), url).toBe('PURL_REPOSITORY_URL');
    }
  });
});
